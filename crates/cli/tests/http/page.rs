//! Pages and their cursors.
use serde_json::{Value, json};

use crate::fixture::{Here, lines, row};
use crate::harness::Node;

fn page(node: &Node, parameters: &str, cursor: Option<&str>) -> Value {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    node.get(&format!("/v1/tables/t/rows?{parameters}{cursor}")).send().expect(200).json()
}

fn cursor(page: &Value) -> Option<&str> {
    page.get("cursor").map(|cursor| cursor.as_str().expect("text"))
}

fn keys(page: &Value) -> Vec<i64> {
    let rows = page["rows"].as_array().expect("rows").iter();
    rows.map(|row| row["key"].as_i64().expect("a number")).collect()
}

fn filled(arguments: &[&str]) -> Here {
    let here = Here::start(arguments);
    here.create_table("t", "int", "int", 4);
    let body = lines(-100..100, |key| format!("{{\"key\":{key},\"value\":{key}}}"));
    here.post("/v1/tables/t/rows:load", body).send().expect(200);
    here
}

#[test]
fn every_row_once() {
    let here = filled(&[]);
    for (parameters, first, last) in
        [("", -100, 99), ("from=-50&to=50", -50, 49), ("order=desc", 99, -100), ("order=desc&to=7", 6, -100)]
    {
        for limit in [1, 7, 50, 199, 200, 201] {
            if limit == 1 && parameters.is_empty() {
                continue;
            }
            let parameters = format!("{parameters}&limit={limit}");
            let mut all = Vec::new();
            let mut next = page(&here, &parameters, None);
            loop {
                assert!(keys(&next).len() <= limit);
                all.extend(keys(&next));
                let Some(cursor) = cursor(&next) else { break };
                assert_eq!(keys(&next).len(), limit, "only the last page is short");
                next = page(&here, &parameters, Some(cursor));
            }
            let expected: Vec<i64> =
                if first < last { (first..=last).collect() } else { (last..=first).rev().collect() };
            assert_eq!(all, expected, "{parameters}");
        }
    }
    // A hundred where nothing is said.
    assert_eq!(keys(&page(&here, "", None)).len(), 100);
}

/// Each page is a snapshot of its own: what is behind the cursor does not come again, what is before it comes as it is.
#[test]
fn writes_between_pages() {
    let here = filled(&[]);
    let first = page(&here, "limit=100", None);
    assert_eq!(keys(&first).last(), Some(&-1));
    here.put("/v1/tables/t/rows/-7", "1000").send().expect(200);
    here.put("/v1/tables/t/rows/-1000", "1000").send().expect(200);
    here.put("/v1/tables/t/rows/1000", "1000").send().expect(200);
    here.put("/v1/tables/t/rows/50", "1000").send().expect(200);
    here.delete("/v1/tables/t/rows/0").send().expect(200);
    here.delete("/v1/tables/t/rows/-1").send().expect(200);
    let second = page(&here, "limit=101", cursor(&first));
    let expected: Vec<i64> = (1..100).chain([1000]).collect();
    assert_eq!((keys(&second), cursor(&second)), (expected, None));
    assert_eq!(second["rows"][49]["value"], 1000);
}

#[test]
fn cursors_outlive_the_process() {
    let mut here = filled(&[]);
    let mut all = Vec::new();
    let mut next = page(&here, "limit=60&from=-99", None);
    for again in [Here::restart, Here::crash, Here::restart] {
        all.extend(keys(&next));
        again(&mut here);
        next = page(&here, "limit=60&from=-99", cursor(&next));
    }
    all.extend(keys(&next));
    assert_eq!(cursor(&next), None);
    assert_eq!(all, (-99..100).collect::<Vec<i64>>());
}

#[test]
fn cursors_belong_to_their_scan() {
    let here = filled(&[]);
    here.create_table("u", "int", "int", 4);
    let first = page(&here, "limit=10&from=-50&to=50", None);
    let cursor = cursor(&first).expect("a cursor");
    let tampered = |at: usize, with: &str| format!("{}{with}{}", &cursor[..at], &cursor[at + with.len()..]);
    for (table, parameters) in [
        ("u", format!("from=-50&to=50&cursor={cursor}")),
        ("t", format!("from=-49&to=50&cursor={cursor}")),
        ("t", format!("from=-50&cursor={cursor}")),
        ("t", format!("to=50&cursor={cursor}")),
        ("t", format!("cursor={cursor}")),
        ("t", format!("from=-50&to=50&order=desc&cursor={cursor}")),
        ("t", "from=-50&to=50&cursor=".to_owned()),
        ("t", "from=-50&to=50&cursor=x".to_owned()),
        ("t", format!("from=-50&to=50&cursor={}", tampered(0, "Z"))),
        ("t", format!("from=-50&to=50&cursor={}", tampered(6, "__"))),
        ("t", format!("from=-50&to=50&cursor={}", &cursor[..6])),
    ] {
        let refused = here.get(&format!("/v1/tables/{table}/rows?{parameters}")).send();
        refused.expect_error(400, "cursor_mismatch");
    }
    // The same parameters in another order are the same.
    let again = here.get(&format!("/v1/tables/t/rows?cursor={cursor}&to=50&limit=10&from=-50")).send();
    assert_eq!(keys(&again.expect(200).json()), (-40..-30).collect::<Vec<i64>>());
}

#[test]
fn a_page_ends_at_its_bytes() {
    let here = Here::start(&["--max-body-bytes", "64KiB", "--max-value-bytes", "50KiB"]);
    here.create_table("t", "int", "string", 2);
    let value = "x".repeat(20_000);
    for key in 0..10 {
        here.put(&row("t", key.to_string().as_bytes()), value.as_str()).send().expect(200);
    }
    let (mut all, mut pages) = (Vec::new(), 0);
    let mut next = page(&here, "limit=1000", None);
    loop {
        pages += 1;
        all.extend(keys(&next));
        let Some(cursor) = cursor(&next) else { break };
        next = page(&here, "limit=1000", Some(cursor));
    }
    assert_eq!(all, (0..10).collect::<Vec<i64>>());
    assert!((3..=5).contains(&pages), "{pages} pages");
    // Rows asked for by key are not cut.
    let keys: Vec<_> = (0..10).collect();
    let refused = here.request("POST", "/v1/tables/t/rows:get").json(&json!({"keys": keys})).send();
    refused.expect_error(413, "too_large");
}
