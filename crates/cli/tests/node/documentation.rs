//! The documentation that the node serves, against the code's own tables and the manual.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::Node;

/// The table of routes in the server's code: Lentic's own, and those of ksqlDB's API.
fn table() -> (&'static str, &'static str) {
    let source = include_str!("../../../server/src/routes.rs");
    let table = source.split("\nroutes! {").nth(1).unwrap().split("\n}").next().unwrap();
    table.split_once("\n    ksql {").unwrap()
}

/// `(method, path)` of Lentic's own.
fn routes() -> Vec<(String, String)> {
    let (table, _) = table();
    let rows = ["GET", "HEAD", "PUT", "DELETE"].map(|method| (method, "/v1/tables/{table}/rows/{key}"));
    let others = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?, words.next()?.trim_matches('"')))
    });
    let routes: Vec<_> =
        rows.into_iter().chain(others).map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert!(routes.len() > 20, "{routes:?}");
    routes
}

/// `(code, status)` of the table of errors in the server's code.
fn codes() -> Vec<(String, String)> {
    let source = include_str!("../../../server/src/error/code.rs");
    let table = source.split("\ncodes! {").nth(1).unwrap().split("\n}").next().unwrap();
    let codes: Vec<_> = table
        .lines()
        .filter(|line| !line.trim_start().starts_with(['/', '"']))
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            Some((words.next()?.trim_matches('"').to_owned(), words.next()?.to_owned()))
        })
        .collect();
    assert!(codes.len() > 30, "{codes:?}");
    codes
}

fn document() -> (Node, tempfile::TempDir, Value) {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), &[]);
    let answer = node.get("/openapi.json").send().expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    (node, dir, document)
}

/// (method, path, operation) of all.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods.iter().map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    operations.collect()
}

#[test]
fn openapi_has_every_route_and_code() {
    let (_node, _dir, document) = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    for field in ["title", "version", "description"] {
        assert!(document["info"][field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    let described: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(described, routes().into_iter().collect());
    let text = document["info"]["description"].as_str().unwrap();
    for (code, status) in codes() {
        assert!(text.contains(&format!("- {status} `{code}`: ")), "{code}");
    }
}

#[test]
fn openapi_is_sound() {
    let (_node, _dir, document) = document();
    references(&document, &document);
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place}");
        for field in ["summary", "tags"] {
            assert!(!operation[field].is_null(), "{place}: {field}");
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut names = BTreeSet::new();
        for parameter in &parameters {
            let (name, place_of) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
            assert!(names.insert((place_of, name)), "{place}: {name} twice");
            assert!(
                parameter["schema"].is_object() && parameter["description"].is_string(),
                "{place}: {name}"
            );
            let required = place_of == "path" || (path.ends_with("/route") && name == "key");
            assert_eq!(parameter["required"] == true, required, "{place}: {name}");
        }
        let in_path: BTreeSet<_> =
            path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
        let declared = names.iter().filter(|(place, _)| *place == "path").map(|(_, name)| *name).collect();
        assert_eq!(in_path, declared, "{place}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.contains_key("default") && responses.keys().any(|status| status.starts_with('2')),
            "{place}"
        );
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{place}: {status}"
            );
        }
        let has_body = matches!(method.as_str(), "PUT" | "POST" | "PATCH") && !path.ends_with(":drain");
        assert_eq!(operation["requestBody"].is_object(), has_body, "{place}");
        // What a reader may demand is refused on writes, so it is not offered there.
        let rows = path.contains("/rows") || path.ends_with("/watch");
        let reads = rows && (matches!(method.as_str(), "GET" | "HEAD") || path.ends_with("rows:get"));
        assert_eq!(names.contains(&("header", "Lentic-At-Least")), reads, "{place}");
        assert!(names.contains(&("header", "Lentic-Timeout")), "{place}");
    }
}

/// Every `$ref` leads somewhere within the document.
fn references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref") {
                let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            fields.values().for_each(|part| references(document, part));
        }
        Value::Array(items) => items.iter().for_each(|part| references(document, part)),
        _ => {}
    }
}

/// Each operation is answered by its own handler: an unknown parameter gets that handler's word.
#[test]
fn documented_operations_are_answered() {
    let (node, _dir, document) = document();
    node.create_table("t", "string", "json", 1);
    let windowed = json!({"name": "w", "key": "string", "value": "json", "partitions": 1, "window": {"kind": "session"}});
    node.declare(&windowed);
    for (method, path, operation) in operations(&document) {
        // Keys with windows are read by more parameters than others.
        let table = if method == "GET" && path.ends_with("/{key}") { "w" } else { "t" };
        let path = path.replace("{table}", table).replace("{topic}", "t").replace("{key}", "a");
        let answer = node.request(&method, &format!("{path}?nonsense=1")).body("{}").send();
        assert_eq!(
            (answer.status, answer.error()),
            (400, "unknown_parameter"),
            "{method} {path}: {answer:?}"
        );
        if method == "HEAD" {
            continue;
        }
        // All its parameters are among those that the handler knows.
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        let known: BTreeSet<_> =
            message.split("known: ").nth(1).unwrap().split(", ").filter(|name| *name != "none").collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let documented = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let documented = documented.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        assert_eq!(known, documented, "{method} {path}");
    }
    node.get("/v2/tables").send().expect_error(404, "not_found");
    node.request("PUT", "/v1/tables").body("{}").send().expect_error(405, "method_not_allowed");
    node.request("POST", "/v1/tables/t/rows/a").body("1").send().expect_error(405, "method_not_allowed");
}

#[test]
fn the_page_needs_no_network() {
    let (node, ..) = document();
    let answer = node.get("/docs").send().expect(200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    let page = answer.text();
    for outside in ["http://", "https://", "src=", "url(", "<script", "<link", "@import", "\"//"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for (method, path) in routes() {
        assert!(page.contains(&format!(">{method}</span> <code>{path}</code>")), "{method} {path}");
    }
    for (code, status) in codes() {
        assert!(page.contains(&format!("<code>{code}</code></td><td>{status}</td>")), "{code}");
    }
}

/// The pages of SQL name every path of ksqlDB's API.
#[test]
fn the_pages_of_sql_are_in_step() {
    let pages =
        [include_str!("../../../../docs/sql/rest.md"), include_str!("../../../../docs/sql/README.md")]
            .concat();
    let (_, table) = table();
    for path in table.lines().filter_map(|line| line.split('"').nth(1)) {
        let begin = path.split("/{").next().unwrap();
        assert!(pages.contains(begin), "{path}");
    }
}

/// The manual names every code with its status, and every path.
#[test]
fn the_manual_is_in_step() {
    let manual = include_str!("../../../../docs/http.md");
    for (code, status) in codes() {
        assert!(manual.contains(&format!("| `{code}` | {status} | ")), "{code}");
    }
    for (_, path) in routes() {
        let last = path.rsplit('/').next().unwrap();
        let known = match last {
            "{table}" | "{key}" => manual.contains("/v1/tables/planes/rows/N14228"),
            "guess" => include_str!("../../../../docs/tables.md").contains("lentic table guess"),
            "status" => include_str!("../../../../docs/operations.md").contains("lentic status"),
            last => manual.contains(last),
        };
        assert!(known, "{path}");
    }
}
