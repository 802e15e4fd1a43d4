//! Every limit of the configuration that a request can meet ends in an answer.
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fixture::{Here, base64, later, lines, row, text, token};
use crate::harness::{Answer, Node, until};

const SIZES: &[&str] = &[
    "--max-key-bytes",
    "10",
    "--max-value-bytes",
    "100",
    "--max-body-bytes",
    "4KiB",
    "--max-line-bytes",
    "1KiB",
    "--default-page-rows",
    "3",
    "--max-page-rows",
    "5",
    "--max-keys-per-get",
    "4",
    "--max-writes-per-request",
    "4",
];

#[track_caller]
fn too_large(answer: Answer, limit: &str) {
    let answer = answer.expect_error(413, "too_large");
    let body = answer.json();
    assert!(text(&body["error"], "message").contains(limit), "{limit}: {body}");
}

fn post(node: &Node, endpoint: &str, body: &Value) -> Answer {
    node.request("POST", &format!("/v1/tables/t/{endpoint}")).json(body).send()
}

#[test]
fn sizes() {
    let here = Here::start(SIZES);
    here.create_table("t", "string", "string", 2);
    let (key, value) = (b"ten bytes!", "x".repeat(100));
    here.put(&row("t", key), value.as_str()).send().expect(200);
    too_large(here.put(&row("t", b"ten bytes!+"), "v").send(), "max_key_bytes = 10");
    too_large(here.delete(&row("t", b"ten bytes!+")).send(), "max_key_bytes = 10");
    too_large(
        here.put(&row("t", b"ten bytes!+"), "v").header("If-None-Match", "*").send(),
        "max_key_bytes = 10",
    );
    too_large(here.put(&row("t", key), "x".repeat(101)).send(), "max_value_bytes = 100");
    too_large(
        here.put(&row("t", key), "x".repeat(101)).header("If-Match", "*").send(),
        "max_value_bytes = 100",
    );
    // A key that could not have been written is absent, not an error.
    here.get(&row("t", &[b'x'; 1000])).send().expect_error(404, "row_not_found");
    let write = |key: &str, value: &str| json!({"writes": [{"key": key, "value": value}]});
    too_large(post(&here, "rows:write", &write("ten bytes!+", "")), "max_key_bytes = 10");
    too_large(post(&here, "rows:write", &write("k", &"x".repeat(101))), "max_value_bytes = 100");
    let writes = |count: usize| json!({"writes": vec![json!({"key": "k", "value": "v"}); count]});
    post(&here, "rows:write", &writes(4)).expect(200);
    too_large(post(&here, "rows:write", &writes(5)), "max_writes_per_request = 4");
    let keys = |count: usize| json!({"keys": vec!["k"; count]});
    post(&here, "rows:get", &keys(4)).expect(200);
    too_large(post(&here, "rows:get", &keys(5)), "max_keys_per_get = 4");
    let mixed = json!({"keys": vec!["k"; 3], "keys_base64": [base64(b"k"), base64(b"k")]});
    too_large(post(&here, "rows:get", &mixed), "max_keys_per_get = 4");
    let spaces = " ".repeat(5000);
    for endpoint in ["rows:write", "rows:get"] {
        let path = format!("/v1/tables/t/{endpoint}");
        too_large(here.post(&path, spaces.as_str()).send(), "max_body_bytes = 4096");
    }
    too_large(here.request("PATCH", "/v1/tables/t").body(spaces.as_str()).send(), "max_body_bytes = 4096");
    let line = format!("{{\"key\":\"k\",\"value\":\"{}\"}}", "x".repeat(1100));
    let refused = here.post("/v1/tables/t/rows:load", line).send().expect_error(422, "bad_line").json();
    assert!(text(&refused["error"], "message").contains("max_line_bytes = 1024"), "{refused}");
}

#[test]
fn pages() {
    let here = Here::start(SIZES);
    here.create_table("t", "int", "string", 2);
    let body = lines(0..20, |key| format!("{{\"key\":{key},\"value\":\"v\"}}"));
    here.post("/v1/tables/t/rows:load", body).send().expect(200);
    let rows = |parameters: &str| {
        let page = here.get(&format!("/v1/tables/t/rows?{parameters}")).send().expect(200).json();
        page["rows"].as_array().expect("rows").len()
    };
    assert_eq!((rows(""), rows("limit=5")), (3, 5));
    let refused = here.get("/v1/tables/t/rows?limit=6").send().expect_error(400, "bad_parameter").json();
    assert!(text(&refused["error"], "message").contains("max_page_rows"), "{refused}");
    // Lines are streamed: no page, no limit.
    let all = here.get("/v1/tables/t/rows").header("Accept", "application/x-ndjson").send().expect(200);
    assert_eq!(all.text().lines().count(), 20);
}

/// What a limit allows, the log takes, too.
#[test]
fn the_largest_row() {
    for sizes in [&[][..], &["--max-value-bytes", "2MiB", "--max-key-bytes", "30000"]] {
        let here = Here::start(sizes);
        here.create_table("t", "bytes", "bytes", 1);
        let most = if sizes.is_empty() { 1 << 20 } else { 2 << 20 };
        let (key, value) = (vec![b'k'; 30_000], vec![b'v'; most]);
        here.put(&row("t", &key), value.clone()).send().expect(200);
        assert!(here.get(&row("t", &key)).send().expect(200).body == value);
        here.put(&row("t", &key), value.clone()).header("If-Match", "*").send().expect(200);
        let write = json!({"writes": [{"key": base64(&key), "value": base64(&value)}]});
        post(&here, "rows:write", &write).expect(200);
        too_large(here.put(&row("t", &key), vec![b'v'; most + 1]).send(), "max_value_bytes");
    }
}

/// The answer reaches a client that sends all of its body before it reads.
#[test]
fn a_large_body_is_refused_with_an_answer() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "string", 1);
    for _ in 0..3 {
        too_large(here.put("/v1/tables/t/rows/k", vec![b'x'; 24 << 20]).send(), "max_value_bytes");
        too_large(here.post("/v1/tables/t/rows:write", vec![b' '; 24 << 20]).send(), "max_body_bytes");
    }
}

#[test]
fn times() {
    let here = Here::start(&["--request-timeout-ms", "150ms", "--max-request-timeout-ms", "1s"]);
    here.create_table("t", "string", "string", 1);
    let put = token(&here.put("/v1/tables/t/rows/k", "v").send().expect(200));
    let future = later(&put, 5);
    let wait = |timeout: Option<&str>| {
        let request = here.get("/v1/tables/t/rows/k").header("Lentic-At-Least", &future);
        let began = Instant::now();
        let answer = match timeout {
            Some(timeout) => request.header("Lentic-Timeout", timeout).send(),
            None => request.send(),
        };
        answer.expect_error(504, "not_reached");
        began.elapsed()
    };
    assert!(wait(None) >= Duration::from_millis(150));
    assert!(wait(Some("600ms")) >= Duration::from_millis(600));
    assert!(wait(Some("10ms")) < Duration::from_millis(600));
    let refused = here.get("/v1/tables/t/rows/k").header("Lentic-Timeout", "1001ms").send();
    let refused = refused.expect_error(400, "bad_header").json();
    assert!(text(&refused["error"], "message").contains("max_request_timeout_ms"), "{refused}");
    // A body that does not come.
    let address = here.url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).expect("connected");
    let head =
        format!("PUT /v1/tables/t/rows/k HTTP/1.1\r\nhost: {address}\r\ncontent-length: 9\r\n\r\nhalf");
    socket.write_all(head.as_bytes()).expect("written");
    let mut answer = vec![0; 4096];
    let length = socket.read(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 504") && answer.contains("lentic-error: timeout"), "{answer}");
}

#[test]
fn concurrent_requests() {
    let here = Here::start(&["--max-concurrent-requests", "2"]);
    here.create_table("t", "string", "string", 1);
    let put = token(&here.put("/v1/tables/t/rows/k", "v").send().expect(200));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            // The one that asks below may come first.
            scope.spawn(|| {
                until("a place", || {
                    let request = here.get("/v1/tables/t/rows/k").header("Lentic-Timeout", "3s");
                    let answer = request.header("Lentic-At-Least", &later(&put, 9)).send();
                    (answer.status == 504).then_some(())
                })
            });
        }
        let refused = until("both to wait", || {
            let answer = here.get("/v1/tables/t/rows").send();
            (answer.status != 200).then_some(answer)
        });
        let refused = refused.expect_error(503, "overloaded");
        assert_eq!(refused.header("retry-after"), Some("1"));
        let body = refused.json();
        assert!(text(&body["error"], "message").contains("max_concurrent_requests = 2"), "{body}");
        here.put("/v1/tables/t/rows/k", "v").send().expect_error(503, "overloaded");
        // What is answered from memory at once takes no place.
        assert_eq!(here.get("/v1/tables/t/rows/k").send().expect(200).text(), "v");
    });
    here.get("/v1/tables/t/rows").send().expect(200);
}

#[test]
fn unacknowledged_writes() {
    let here = Here::start(&["--write-queue-bytes", "1MiB"]);
    here.create_table("t", "int", "bytes", 1);
    let (mut refused, value) = (0, vec![b'x'; 900_000]);
    // A write beyond what is waiting is refused at once; it is told so, and nothing of it was written.
    for _ in 0..20 {
        let answers: Vec<_> = std::thread::scope(|scope| {
            let write = |key: usize| here.put(&format!("/v1/tables/t/rows/{key}"), value.clone()).send();
            let threads: Vec<_> = (0..8).map(|key| scope.spawn(move || write(key))).collect();
            threads.into_iter().map(|thread| thread.join().expect("a thread")).collect()
        });
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            let answer = answer.expect_error(429, "too_many_writes");
            assert_eq!(answer.header("retry-after"), Some("1"));
            refused += 1;
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "eight at a time fitted");
    here.put("/v1/tables/t/rows/9", "x").send().expect(200);
}
