//! What a table says of itself, and where its keys live.
use serde_json::{Value, json};

use super::harness::Node;

#[test]
fn per_partition() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &["--ends-refresh-ms", "20ms"]);
    node.create_table("t", "string", "json", 4);
    super::put_numbered(&node, "t", 100);
    let table = node.describe("t");
    assert_eq!((&table["ready"], &table["partitioner"]), (&json!(true), &json!("murmur2")));
    let partitions = table["partitions"].as_array().unwrap();
    let number = |partition: &Value, field: &str| {
        partition[field].as_u64().unwrap_or_else(|| panic!("{field}: {partition}"))
    };
    for (n, partition) in partitions.iter().enumerate() {
        assert_eq!(number(partition, "partition"), n as u64);
        assert_eq!(
            (&partition["state"], &partition["reason"], &partition["done"]),
            (&json!("ready"), &json!(null), &json!(null))
        );
        assert_eq!((&partition["blocked"], number(partition, "null_keys")), (&json!(false), 0));
        assert_eq!((number(partition, "log_start"), number(partition, "lag")), (0, 0));
        assert_eq!(number(partition, "position"), number(partition, "end"));
        assert!(number(partition, "end") > 0, "{partition}");
        assert!(number(partition, "staleness_ms") < 30_000, "{partition}");
        number(partition, "bytes");
    }
    assert_eq!(partitions.iter().map(|partition| number(partition, "position")).sum::<u64>(), 100);
    let estimate = |field: &str| partitions.iter().map(|partition| number(partition, field)).sum::<u64>();
    assert_eq!(number(&table, "rows_estimate"), estimate("rows_estimate"));
    assert!((50..200).contains(&number(&table, "rows_estimate")), "{table}");
    let listed = node.get("/v1/tables").send().expect(200).json();
    assert_eq!(listed["tables"][0]["partitions"].as_array().unwrap().len(), 4);
    node.get("/v1/tables/none").send().expect_error(404, "table_not_found");
}

#[test]
fn routes() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    for (name, partitioner) in [("m", "murmur2"), ("c", "crc32"), ("f", "fnv1a")] {
        node.declare(&json!({"name": name, "key": "string", "value": "json", "partitions": 5, "partitioner": partitioner}));
        for n in 0..20 {
            let key = format!("key-{n}");
            let token = node.put_row(name, &key, "1");
            let route = node.get(&format!("/v1/tables/{name}/route?key={key}")).send().expect(200).json();
            let partition = token.split(['/', '@']).nth(1).unwrap().parse::<u64>().unwrap();
            assert_eq!(
                (&route["partition"], &route["partitioner"]),
                (&json!(partition), &json!(partitioner))
            );
            let serving = &route["nodes"][0];
            assert_eq!((&serving["role"], &serving["url"]), (&json!("active"), &json!(node.url)));
        }
    }
    let route = |query: &str| node.get(&format!("/v1/tables/m/route?{query}")).send();
    assert_eq!(
        route("key=a%2Fb").expect(200).json(),
        route("key=YS9i&key-encoding=base64url").expect(200).json()
    );
    route("").expect_error(400, "bad_parameter");
    route("kee=a").expect_error(400, "unknown_parameter");
    node.get("/v1/tables/none/route?key=a").send().expect_error(404, "table_not_found");
}

/// Two tables that disagree about the rule write into one topic; a third one looks at what came of it.
#[test]
fn mixed_partitioning() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    let over = |name: &str, partitioner: Option<&str>| {
        let mut spec = json!({"name": name, "topic": "t", "key": "string", "value": "json", "partitions": 4});
        if let Some(partitioner) = partitioner {
            spec["partitioner"] = partitioner.into();
        }
        node.declare(&spec);
    };
    over("java", Some("murmur2"));
    over("rdkafka", Some("crc32"));
    super::put_numbered(&node, "java", 30);
    over("detected", None);
    assert_eq!(node.describe("detected")["partitioner"], "murmur2");
    let mut last = String::new();
    for n in 20..50 {
        last = node.put_row("rdkafka", &format!("k{n}"), &format!("{{\"n\":{}}}", n + 100));
    }
    // A table that was there before, and one that is declared now.
    over("fresh", None);
    node.get("/v1/tables/detected/rows").header("lentic-at-least", &last).send().expect(200);
    for table in ["detected", "fresh"] {
        let description = node.describe(table);
        assert_eq!(
            (&description["partitioner"], &description["partitioner_is"]),
            (&json!(null), &json!("mixed")),
            "{table}"
        );
        assert_eq!(node.warnings(table), ["mixed_partitioning"]);
        assert!(
            description["warnings"][0]["message"].as_str().unwrap().contains("altered to name a partitioner")
        );
        // Of a key that lives in two places the newest record counts, in every way of reading.
        for (key, n) in [("k5", 5), ("k25", 125), ("k45", 145)] {
            assert_eq!(node.row(table, key), Some(format!("{{\"n\":{n}}}")), "{table} {key}");
            let got = node
                .post(&format!("/v1/tables/{table}/rows:get"), format!("{{\"keys\":[\"{key}\"]}}"))
                .send();
            assert_eq!(got.expect(200).json()["rows"][0]["value"]["n"], n, "{table} {key}");
            let rows =
                node.get(&format!("/v1/tables/{table}/rows?from={key}&limit=1")).send().expect(200).json();
            assert_eq!((&rows["rows"][0]["key"], &rows["rows"][0]["value"]["n"]), (&json!(key), &json!(n)));
        }
        assert_eq!(node.count(table), 50, "{table}");
        let route = node.get(&format!("/v1/tables/{table}/route?key=k5")).send().expect(200).json();
        assert_eq!((&route["partition"], &route["partitioner"]), (&json!(null), &json!(null)));
        let row = format!("/v1/tables/{table}/rows/k5");
        for request in [
            node.put(&row, "1"),
            node.delete(&row),
            node.put(&row, "1").header("if-match", "*"),
            node.post(&format!("/v1/tables/{table}/rows:write"), r#"{"writes":[{"key":"a","value":2}]}"#),
            node.post(&format!("/v1/tables/{table}/rows:load"), "{\"key\":\"a\",\"value\":2}\n"),
        ] {
            request.send().expect_error(409, "mixed_partitioning");
        }
    }
    // Once the operator names one, writes go there; reads go on to look everywhere.
    node.request("PATCH", "/v1/tables/fresh").json(&json!({"partitioner": "crc32"})).send().expect(200);
    assert_eq!(node.warnings("fresh"), ["partitioner_does_not_fit"]);
    node.put_row("fresh", "k5", "{\"n\":205}");
    for table in ["fresh", "java", "rdkafka"] {
        assert_eq!(node.row(table, "k5"), Some("{\"n\":205}".to_owned()), "{table}");
        assert_eq!(node.count(table), 50, "{table}");
    }
    node.delete_row("fresh", "k45");
    assert_eq!(node.row("fresh", "k45"), None);
    assert!(node.stop().success());
    let node = Node::ready(dir.path(), &[]);
    assert_eq!(node.row("fresh", "k5"), Some("{\"n\":205}".to_owned()));
    assert_eq!(node.describe("detected")["partitioner_is"], "mixed");
    node.put("/v1/tables/detected/rows/k5", "1").send().expect_error(409, "mixed_partitioning");
}
