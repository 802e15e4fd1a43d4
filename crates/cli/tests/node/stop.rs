//! Stopping: SIGTERM, and what is in flight then.
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::harness::{Node, until};
use super::raw::Raw;

/// A request whose head has come but whose body has not, a head that has come in part, and a watch.
#[test]
fn what_is_in_flight_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 1);
    let mut watch = node.get("/v1/tables/t/watch").lines();
    watch.next_named("snapshot-end");
    let mut put = Raw::connect(&node.url);
    put.send("PUT /v1/tables/t/rows/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{\"n\"");
    let mut health = Raw::connect(&node.url);
    health.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n");
    until("the requests to have come", || {
        let metrics = node.get("/metrics").send().expect(200);
        metrics.text().contains("lentic_http_requests_running 2").then_some(())
    });

    node.signal("TERM");
    let ended = watch.next_named("error");
    assert_eq!(ended.json()["error"]["code"], "stopping");
    assert_eq!(watch.next_event(), None);
    until("no more connections", || Raw::try_connect(&node.url).is_err().then_some(()));
    let (status, head, _) = health.send("\r\n").answer();
    assert_eq!(status, 503, "{head}");
    assert!(head.contains("lentic-error: stopping") && head.contains("retry-after: "), "{head}");
    let (status, head, _) = put.send(":1}").answer();
    assert_eq!(status, 200, "{head}");
    assert!(head.contains("lentic-applied: true"), "{head}");
    assert!(put.is_ended() && health.is_ended());
    assert_eq!(node.wait().code(), Some(0), "{}", node.log());

    let node = Node::ready(dir.path(), &[]);
    assert_eq!(node.get("/v1/tables/t/rows/a").send().expect(200).text(), "{\"n\":1}");
}

/// Requests that would go on for longer are told so, or cut off.
#[test]
fn the_stop_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::ready(dir.path(), &["--shutdown-timeout-ms", "2s"]);
    node.create_table("t", "string", "json", 1);
    let token = node.put("/v1/tables/t/rows/a", "1").send().expect(200).json()["token"].clone();
    let never = token.as_str().unwrap().replace("@0.", "@1000.");
    let mut body = Raw::connect(&node.url);
    body.send("PUT /v1/tables/t/rows/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{\"n\"");
    let mut waiting = Raw::connect(&node.url);
    waiting.send(&format!(
        "GET /v1/tables/t/rows/a HTTP/1.1\r\nHost: localhost\r\nLentic-At-Least: {never}\r\nLentic-Timeout: 50s\r\n\r\n"
    ));
    until("the requests to have come", || {
        let metrics = node.get("/metrics").send().expect(200);
        metrics.text().contains("lentic_http_requests_running 3").then_some(())
    });
    let begin = Instant::now();
    node.signal("TERM");
    let (status, head, _) = waiting.answer();
    assert_eq!(status, 503, "{head}");
    assert!(head.contains("lentic-error: stopping"), "{head}");
    assert!(body.is_ended());
    assert_eq!(node.wait().code(), Some(0), "{}", node.log());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert!(node.log().contains("requests were cut off"), "{}", node.log());
}

#[test]
fn an_idle_node_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        let mut node = Node::ready(dir.path(), &[]);
        // Connections that ask for nothing, before and after a request.
        let silent = Raw::connect(&node.url);
        let mut idle = Raw::connect(&node.url);
        idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").answer();
        let begin = Instant::now();
        node.signal(signal);
        assert_eq!(node.wait().code(), Some(0), "{}", node.log());
        assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
        drop((silent, idle));
    }
}

/// Writers that know nothing of the stop: what was acknowledged is there afterwards, and nobody is told nonsense.
#[test]
fn under_load() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 3);
    let begun = AtomicU32::new(0);
    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let (node, begun) = (&node, &begun);
        let write = move |writer: u32| {
            let mut acknowledged = Vec::new();
            loop {
                let key = format!("k{writer}-{}", acknowledged.len());
                let Ok(answer) = node.put(&format!("/v1/tables/t/rows/{key}"), "1").try_send() else { break };
                match answer.status {
                    200 => acknowledged.push(key),
                    _ => assert_eq!((answer.status, answer.error()), (503, "stopping")),
                }
                begun.fetch_add(1, Ordering::Relaxed);
            }
            acknowledged
        };
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || write(writer))).collect();
        until("writes", || (begun.load(Ordering::Relaxed) > 100).then_some(()));
        node.signal("TERM");
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(node.wait().code(), Some(0), "{}", node.log());
    let node = Node::ready(dir.path(), &[]);
    for key in &acknowledged {
        assert_eq!(node.row("t", key), Some("1".to_owned()), "{key}");
    }
    let lines = node.dump("t").lines().count();
    assert!(
        (acknowledged.len()..=acknowledged.len() + 4).contains(&lines),
        "{lines}, {}",
        acknowledged.len()
    );
}

/// A node that waits for brokers which don't answer is not open yet: a signal ends it all the same.
#[test]
fn while_it_is_being_opened() {
    let brokers = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let address = brokers.local_addr().unwrap().to_string();
    let mut node = Node::spawn(dir.path(), &["--brokers", &address]);
    let (_connection, _) = brokers.accept().unwrap();
    let begin = Instant::now();
    node.signal("TERM");
    assert_eq!(node.wait().code(), Some(0), "{}", node.log());
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}
