//! What takes a real broker: the statements as records, and topics that were not made by Lentic.
use serde_json::{Value, json};

use super::harness::{Node, kafka, unique, until};

fn serve(dir: &tempfile::TempDir, brokers: &str, service: &str) -> Node {
    Node::ready(dir.path(), &["--brokers", brokers, "--service-id", service])
}

/// `{version, kind, text, names}`, one per change, on a topic of one partition.
#[test]
fn statements_are_versioned_records() {
    let Some(brokers) = kafka::shared() else { return };
    let (service, topic) = (unique("statements"), unique("rows"));
    let dir = tempfile::tempdir().unwrap();
    let node = serve(&dir, &brokers, &service);
    let spec = json!({"name": "t", "topic": topic, "key": "string", "value": "json", "partitions": 2});
    node.declare(&spec);
    node.declare(&spec);
    node.put_row("t", "a", "1");
    node.request("PATCH", "/v1/tables/t").json(&json!({"read_only": true})).send().expect(200);
    node.request("PATCH", "/v1/tables/t").json(&json!({"read_only": true})).send().expect(200);
    assert!(node.stop().success());
    // Another data directory: all that is known comes from the topic.
    let dir = tempfile::tempdir().unwrap();
    let node = serve(&dir, &brokers, &service);
    assert_eq!(node.describe("t")["read_only"], true);
    assert_eq!(node.row("t", "a"), Some("1".to_owned()));
    node.delete("/v1/tables/t").send().expect(200);
    assert!(node.stop().success());
    let statements = format!("{service}-statements");
    let records = kafka::tool(
        &brokers,
        &[
            "consume",
            "--topic",
            &statements,
            "--from-beginning",
            "--max-messages",
            "3",
            "--timeout-ms",
            "20000",
        ],
        "",
    );
    let records: Vec<Value> = records.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let kinds: Vec<_> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["create_table", "alter_table", "drop_table"]);
    for record in &records {
        let fields: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["kind", "names", "text", "version"]);
        assert_eq!((&record["version"], &record["names"]["table"]), (&json!(1), &json!("t")));
    }
    let declared: Value = serde_json::from_str(records[0]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&declared["topic"], &declared["read_only"]), (&json!(topic), &json!(false)));
    assert_eq!(records[2]["text"], "t");
    let described = kafka::tool(&brokers, &["topics", "--describe", "--topic", &statements], "");
    assert!(described.contains("PartitionCount: 1"), "{described}");
}

/// A topic that is not compacted is a table with a warning; one that isn't there is made only on demand.
#[test]
fn topics_of_others() {
    let Some(brokers) = kafka::shared() else { return };
    let (service, topic) = (unique("others"), unique("deleting"));
    kafka::create_topic(&brokers, &topic, 2, &["cleanup.policy=delete"]);
    kafka::console_produce(&brokers, &topic, "a:{\"n\":1}\nb:{\"n\":2}\na:{\"n\":3}\n");
    let dir = tempfile::tempdir().unwrap();
    let node = serve(&dir, &brokers, &service);
    let guess = node.get(&format!("/v1/topics/{topic}/guess")).send().expect(200).json();
    for (field, value) in [
        ("partitions", json!(2)),
        ("cleanup_policy", json!("delete")),
        ("sampled", json!(3)),
        ("key", json!({"format": "string", "share": 1.0})),
        ("value", json!({"format": "json", "share": 1.0})),
        ("partitioner", json!("murmur2")),
    ] {
        assert_eq!(guess[field], value, "{field}");
    }
    assert!(guess["warnings"][0].as_str().unwrap().contains("not compacted"), "{guess}");
    let output = node
        .run(&["table", "create", "t", "--topic", &topic, "--key", "string", "--value", "json", "--wait"]);
    let warned = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{output:?}");
    assert!(warned.starts_with("warning: ") && warned.contains("rows disappear when retention"), "{warned}");
    assert!(!warned.contains('{'), "{warned}");
    assert_eq!(node.warnings("t"), ["topic_not_compacted"]);
    assert_eq!(node.dump("t"), "{\"key\":\"a\",\"value\":{\"n\":3}}\n{\"key\":\"b\",\"value\":{\"n\":2}}\n");

    let missing = unique("missing");
    let mut spec = json!({"name": "m", "topic": missing, "key": "string", "value": "json"});
    let declare = |spec: &Value| node.request("POST", "/v1/tables").json(spec).send();
    let refused = declare(&spec).expect_error(404, "topic_not_found");
    assert!(refused.text().contains("partitions"), "{refused:?}");
    spec["partitions"] = json!(3);
    declare(&spec).expect(201);
    let described = kafka::tool(&brokers, &["topics", "--describe", "--topic", &missing], "");
    assert!(
        described.contains("PartitionCount: 3") && described.contains("cleanup.policy=compact"),
        "{described}"
    );
    node.delete("/v1/tables/m?delete-topic=true").send().expect(200);
    node.get(&format!("/v1/topics/{missing}/guess")).send().expect_error(404, "topic_not_found");
}

/// A table that fails later does not turn the node unready: the others are served.
#[test]
fn a_node_stays_ready() {
    let Some(brokers) = kafka::shared() else { return };
    let (service, topic) = (unique("ready"), unique("vanishing"));
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--brokers", &brokers, "--service-id", &service, "--ends-refresh-ms", "100ms"];
    let node = Node::ready(dir.path(), &arguments);
    node.declare(&json!({"name": "t", "topic": topic, "key": "string", "value": "json", "partitions": 1}));
    node.get("/readyz?table=t").send().expect(200);
    kafka::delete_topic(&brokers, &topic);
    let lost = until("the loss to be noticed", || {
        let answer = node.get("/readyz?table=t").send();
        (answer.status != 200 && answer.error() == "table_failed").then_some(answer)
    });
    assert_eq!(lost.status, 503);
    node.get("/readyz").send().expect(200);
    node.delete("/v1/tables/t").send().expect(200);
}
