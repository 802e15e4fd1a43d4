//! Limits: each is a setting, and who goes beyond it is told its name.
use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::{Node, Request, until};

fn writes(count: usize) -> String {
    json!({"writes": vec![json!({"key": "a", "delete": true}); count]}).to_string()
}

#[test]
fn sizes() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = "--max-key-bytes 8 --max-value-bytes 100 --max-body-bytes 1KiB --max-line-bytes 1KiB \
                     --default-page-rows 2 --max-page-rows 3 --max-keys-per-get 2 --max-writes-per-request 2";
    let node = Node::ready(dir.path(), &arguments.split_whitespace().collect::<Vec<_>>());
    node.create_table("t", "string", "string", 1);
    let row = |key: &str| format!("/v1/tables/t/rows/{key}");
    let rows = |what: &str| format!("/v1/tables/t/rows{what}");
    let (nine, value) = ("k".repeat(9), "v".repeat(101));
    let write = |key: &str, value: &str| json!({"key": key, "value": value}).to_string();
    let many = format!("{{\"keys\":[\"{}\"]}}", "k".repeat(1100));
    type Case = (Request, u16, &'static str, &'static str);
    let cases: Vec<Case> = vec![
        (node.put(&row(&nine), "v"), 413, "too_large", "max_key_bytes = 8"),
        (node.delete(&row(&nine)), 413, "too_large", "max_key_bytes = 8"),
        (node.put(&row("a"), value.clone()), 413, "too_large", "max_value_bytes = 100"),
        (
            node.put(&row("a"), value.clone()).header("if-match", "*"),
            413,
            "too_large",
            "max_value_bytes = 100",
        ),
        (node.put(&row("a"), "v".repeat(100_000)), 413, "too_large", "max_value_bytes = 100"),
        (
            node.post(&rows(":write"), format!("{{\"writes\":[{}]}}", write(&nine, "v"))),
            413,
            "too_large",
            "max_key_bytes = 8",
        ),
        (
            node.post(&rows(":write"), format!("{{\"writes\":[{}]}}", write("a", &value))),
            413,
            "too_large",
            "max_value_bytes = 100",
        ),
        (node.post(&rows(":write"), writes(3)), 413, "too_large", "max_writes_per_request = 2"),
        (node.post(&rows(":get"), many), 413, "too_large", "max_body_bytes = 1024"),
        (node.post(&rows(":get"), r#"{"keys":["a","b","c"]}"#), 413, "too_large", "max_keys_per_get = 2"),
        (node.post(&rows(":load"), write(&nine, "v")), 422, "bad_line", "max_key_bytes = 8"),
        (node.post(&rows(":load"), write("a", &value)), 422, "bad_line", "max_value_bytes = 100"),
        (node.post(&rows(":load"), "v".repeat(1025)), 422, "bad_line", "max_line_bytes = 1024"),
        (
            node.post(&rows(":load"), format!("{}\n", "v".repeat(1025))),
            422,
            "bad_line",
            "max_line_bytes = 1024",
        ),
        (node.post("/v1/tables", " ".repeat(1025)), 413, "too_large", "max_body_bytes = 1024"),
        (node.get(&rows("?limit=4")), 400, "bad_parameter", "max_page_rows"),
        (node.get(&rows("?limit=0")), 400, "bad_parameter", "max_page_rows"),
    ];
    for (request, status, code, part) in cases {
        let answer = request.send().expect_error(status, code);
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(node.count("t"), 0);
    // What is just within.
    node.put(&row(&nine[1..]), "v".repeat(100)).send().expect(200);
    for key in ["a", "b", "c"] {
        node.put(&row(key), "v").send().expect(200);
    }
    node.post(&rows(":write"), writes(2)).send().expect(200);
    node.put(&row("a"), "v").send().expect(200);
    node.post(&rows(":get"), r#"{"keys":["a","b"]}"#).send().expect(200);
    // Streams have no pages, and loads no body that counts.
    assert_eq!(
        node.load("t", (0..200).map(|n| write(&format!("k{n}"), "v") + "\n").collect::<String>()),
        200
    );
    let page =
        |query: &str| node.get(&rows(query)).send().expect(200).json()["rows"].as_array().unwrap().len();
    assert_eq!((page(""), page("?limit=3")), (2, 3));
    assert_eq!(node.dump("t").lines().count(), 204);
}

#[test]
fn times() {
    let dir = tempfile::tempdir().unwrap();
    let node =
        Node::ready(dir.path(), &["--request-timeout-ms", "200ms", "--max-request-timeout-ms", "400ms"]);
    node.create_table("t", "string", "json", 1);
    let never = node.put_row("t", "a", "1").replace("@0.", "@9.");
    let read = |timeout: Option<&str>| {
        let request = node.get("/v1/tables/t/rows/a").header("lentic-at-least", &never);
        let begin = Instant::now();
        let answer = match timeout {
            Some(timeout) => request.header("lentic-timeout", timeout).send(),
            None => request.send(),
        };
        (answer, begin.elapsed())
    };
    for (timeout, ms) in [(None, 200), (Some("50ms"), 50), (Some("400"), 400)] {
        let (answer, took) = read(timeout);
        answer.expect_error(504, "not_reached");
        assert!(took >= Duration::from_millis(ms) && took < Duration::from_secs(5), "{timeout:?}: {took:?}");
    }
    let (answer, _) = read(Some("401ms"));
    let message =
        answer.expect_error(400, "bad_header").json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("max_request_timeout_ms = 400"), "{message}");
}

#[test]
fn concurrent_requests_and_watches() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(
        dir.path(),
        &["--max-concurrent-requests", "2", "--max-watches", "1", "--shutdown-timeout-ms", "1s"],
    );
    node.create_table("t", "string", "json", 1);
    let token = node.put_row("t", "a", "1");
    let never = token.replace("@0.", "@1.");

    // A watch's slot is its own: it takes no request's.
    let mut watch = node.get("/v1/tables/t/watch").lines();
    watch.next_named("snapshot-end");
    let refused = node.get("/v1/tables/t/watch").send().expect_error(503, "overloaded");
    assert!(
        refused.text().contains("max_watches = 1") && refused.header("retry-after").is_some(),
        "{refused:?}"
    );

    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    // The look whether both places are taken takes one itself.
                    loop {
                        let request = node.get("/v1/tables/t/rows/a").header("lentic-at-least", &never);
                        let answer = request.header("lentic-timeout", "50s").send();
                        if answer.header("lentic-error") != Some("overloaded") {
                            return answer;
                        }
                    }
                })
            })
            .collect();
        let refused = until("both places to be taken", || {
            let ask = || node.get("/v1/tables/t/rows:count").send();
            // Twice: the first may have met a look of the other side.
            (ask().status != 200).then(ask).filter(|answer| answer.status != 200)
        });
        let refused = refused.expect_error(503, "overloaded");
        assert!(
            refused.text().contains("max_concurrent_requests = 2") && refused.header("retry-after").is_some()
        );
        node.put("/v1/tables/t/rows/b", "1").send().expect_error(503, "overloaded");
        // What needs no place: rows at hand, and the question whether the node lives.
        node.get("/v1/tables/t/rows/a").send().expect(200);
        node.get("/healthz").send().expect(200);
        node.get("/readyz").send().expect(200);
        assert_eq!(node.run(&["put", "t", "b", "1"]).status.code(), Some(5));
        drop(watch);
        node.signal("TERM");
        for thread in waiting {
            thread.join().unwrap().expect_error(503, "stopping");
        }
    });
}
