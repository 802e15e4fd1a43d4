//! Errors: stable codes, and which of several "no" it is.
use serde_json::json;

use crate::fixture::{Here, lines, row, text};
use crate::harness::Request;

#[test]
fn codes() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 1);
    let json = |method: &str, path: &str, body: &str| {
        here.request(method, path).header("Content-Type", "application/json").body(body)
    };
    let cases: Vec<(Request, u16, &str)> = vec![
        (here.get("/v1/tables/t/rows/x"), 404, "row_not_found"),
        (here.get("/v1/tables/absent/rows/x"), 404, "table_not_found"),
        (here.put("/v1/tables/absent/rows/x", "1"), 404, "table_not_found"),
        (here.delete("/v1/tables/absent/rows/x"), 404, "table_not_found"),
        (here.get("/v1/tables//rows/x"), 404, "table_not_found"),
        (here.get("/v1/tables/absent/rows"), 404, "table_not_found"),
        (here.get("/v1/tables/absent/rows:count"), 404, "table_not_found"),
        (json("POST", "/v1/tables/absent/rows:get", "{}"), 404, "table_not_found"),
        (json("POST", "/v1/tables/absent/rows:write", r#"{"writes":[]}"#), 404, "table_not_found"),
        (here.get("/v1/tables/absent/watch"), 404, "table_not_found"),
        (here.get("/v1/tables/absent"), 404, "table_not_found"),
        (here.get("/nothing"), 404, "not_found"),
        (here.get("/v1/rows/t"), 404, "not_found"),
        (here.get("/v1/tables/t/rows:put"), 404, "not_found"),
        (here.request("POST", "/v1/tables/t/rows/x"), 405, "method_not_allowed"),
        (here.request("PATCH", "/v1/tables/t/rows/x"), 405, "method_not_allowed"),
        (here.delete("/v1/tables/t/rows"), 405, "method_not_allowed"),
        (here.get("/v1/tables/t/rows:get"), 405, "method_not_allowed"),
        (here.get("/v1/tables/t/rows/x?key=1"), 400, "unknown_parameter"),
        (here.put("/v1/tables/t/rows/x?akc=log", "1"), 400, "unknown_parameter"),
        (here.get("/v1/tables/t/rows/x?key-encoding=text&key-encoding=text"), 400, "unknown_parameter"),
        (here.put("/v1/tables/t/rows/x?ack=log&ack=log", "1"), 400, "unknown_parameter"),
        (here.get("/v1/tables/t/rows?limt=1"), 400, "unknown_parameter"),
        (here.get("/v1/tables/t/rows?limit=1&limit=1"), 400, "unknown_parameter"),
        (here.get("/v1/tables/t/rows:count?limit=1"), 400, "unknown_parameter"),
        (here.get("/v1/tables/t/rows?limit=many"), 400, "bad_parameter"),
        (here.get("/v1/tables/t/rows?limit=-1"), 400, "bad_parameter"),
        (here.get("/v1/tables/t/rows?limit="), 400, "bad_parameter"),
        (here.get("/v1/tables/t/rows?limit=0"), 400, "bad_parameter"),
        (here.get("/v1/tables/t/rows?order=up"), 400, "bad_parameter"),
        (
            json("POST", "/v1/tables/t/rows:write", "{\"writes\":[{\"key\":\"x\",\"vlaue\":1}]}"),
            400,
            "bad_request",
        ),
        (json("POST", "/v1/tables/t/rows:write", "{\"writes\":[]"), 400, "bad_request"),
        (json("POST", "/v1/tables/t/rows:get", "\u{1}"), 400, "bad_request"),
        (here.put("/v1/tables/t/rows/x", "one"), 422, "bad_value"),
    ];
    for (request, status, code) in cases {
        let answer = request.send().expect_error(status, code);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
        if status == 405 {
            assert!(answer.header("allow").is_some_and(|allow| !allow.is_empty()), "{answer:?}");
        }
    }
    // HEAD has no body: the header tells.
    for (path, code) in
        [("/v1/tables/t/rows/x", "row_not_found"), ("/v1/tables/absent/rows/x", "table_not_found")]
    {
        // The first one takes the way past the cache of tables.
        for _ in 0..2 {
            let head = here.request("HEAD", path).send().expect(404);
            assert_eq!((head.header("lentic-error"), head.body.len()), (Some(code), 0));
        }
    }
    here.put("/v1/tables/t/rows/x", "1").send().expect(200);
    here.request("HEAD", "/v1/tables/t/rows/x").send().expect(200);
    assert_eq!(here.get("/v1/tables/t/rows/x").send().expect(200).header("lentic-error"), None);
}

/// A table that is dropped is gone at once, for the short way, too; declared anew it is found.
#[test]
fn a_table_that_comes_and_goes() {
    let here = Here::start(&[]);
    for _ in 0..3 {
        here.create_table("t", "string", "int", 1);
        here.put("/v1/tables/t/rows/x", "1").send().expect(200);
        for _ in 0..2 {
            here.get("/v1/tables/t/rows/x").send().expect(200);
        }
        here.delete("/v1/tables/t?delete-topic=true").send().expect(200);
        for _ in 0..2 {
            here.get("/v1/tables/t/rows/x").send().expect_error(404, "table_not_found");
        }
    }
    // Its topic stays unless it is asked for: the rows are there again.
    here.create_table("t", "string", "int", 1);
    here.get("/v1/tables/t/rows/x").send().expect_error(404, "row_not_found");
    here.put("/v1/tables/t/rows/x", "2").send().expect(200);
    here.delete("/v1/tables/t").send().expect(200);
    here.create_table("t", "string", "int", 1);
    assert_eq!(here.get("/v1/tables/t/rows/x").send().expect(200).text(), "2");
}

/// A row that is not loaded yet is not said to be absent.
#[test]
fn not_loaded_is_not_absent() {
    let mut here = Here::start(&[]);
    here.create_table("t", "int", "string", 2);
    let padding = "x".repeat(80);
    let body = lines(0..120_000, |key| format!("{{\"key\":{key},\"value\":\"{padding}\"}}"));
    here.post("/v1/tables/t/rows:load", body).send().expect(200);
    here.lose_state();
    let path = row("t", b"119999");
    let requests = || {
        [
            here.get(&path),
            here.request("HEAD", &path),
            here.get("/v1/tables/t/rows:count"),
            here.get("/v1/tables/t/rows?limit=1"),
            here.put(&path, "1").header("If-None-Match", "*"),
        ]
    };
    let mut refused = 0;
    while refused == 0 || here.get("/readyz?table=t").send().status != 200 {
        for request in requests() {
            let answer = request.header("Lentic-Timeout", "1ms").send();
            match answer.status {
                503 if answer.body.is_empty() => {
                    assert_eq!(answer.header("lentic-error"), Some("catching_up"));
                }
                503 if answer.error() == "undecided" => {}
                503 => {
                    let answer = answer.expect_error(503, "catching_up");
                    assert_eq!(answer.header("retry-after"), Some("1"));
                    let body = answer.json();
                    assert!(body["done"].is_number(), "{body}");
                    assert!(text(&body["error"], "message").contains(" %"), "{body}");
                    refused += 1;
                }
                // Restored meanwhile, or no time left for what comes after that.
                200 | 412 | 504 => {}
                _ => panic!("{answer:?}"),
            }
        }
    }
    // A reader with more patience waits instead.
    assert_eq!(here.get(&path).send().expect(200).text(), padding);
    assert_eq!(
        here.get("/v1/tables/t/rows:count").send().expect(200).json(),
        json!({
            "count": 120_000,
            "positions": here.get("/v1/tables/t/rows:count").send().expect(200).json()["positions"],
        })
    );
}
