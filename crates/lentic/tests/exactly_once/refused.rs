//! Results that their topic refuses, on a real Kafka.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lentic::Table;
use lentic::config::{Config, ErrorHandling};
use lentic::log::TopicSettings;
use lentic::topology::Topology;
use lentic::types::TopicName;

use crate::broker::{open, shared};

const PATIENCE: Duration = Duration::from_mins(1);

/// One that is too large for its topic is left out and becomes a dead letter; what is beside it is committed.
#[test]
fn a_result_that_is_too_large_is_a_dead_letter() {
    let Some(brokers) = shared() else { return };
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let name = |what: &str| format!("refused-{nanos:x}-{what}");
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config {
        brokers: vec![brokers],
        service_id: name("service"),
        data_dir: dir.path().to_owned(),
        production_errors: ErrorHandling::Continue,
        dead_letter_topic: Some(name("dead")),
        ..Config::default()
    };
    let node = open(&config);
    let compacted = TopicSettings::compacted();
    let small = TopicSettings { max_message_bytes: 2_000, ..compacted.clone() };
    for (topic, settings) in [("in", &compacted), ("small", &small), ("dead", &compacted)] {
        let topic = TopicName::new(name(topic)).expect("a name");
        node.log().create_topic(&topic, 1, settings).expect("a topic");
    }
    let topology = Topology::new("copies");
    let lines = topology.stream::<String, String>(&name("in"));
    lines.to(&name("small"));
    lines.group_by_key().count("counts");
    let query = node.run(&topology).expect("the query runs");
    assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());

    let table = |topic: &str| {
        let spec =
            format!(r#"{{"name":"{topic}","topic":"{}","key":"string","value":"string"}}"#, name(topic));
        let (table, _) =
            node.create_table(serde_json::from_str(&spec).expect("a declaration")).expect("a table");
        Table::<String, String>::of(table, PATIENCE).expect("a table of strings")
    };
    let (lines, small, dead) = (table("in"), table("small"), table("dead"));
    let large = "x".repeat(10_000);
    for (key, value) in [("a", "one"), ("b", large.as_str()), ("c", "three")] {
        lines.put(&key.to_owned(), &value.to_owned()).expect("a write");
    }
    let counts = node.table("counts").expect("the counts are served");
    let counts = Table::<String, i64>::of(counts, PATIENCE).expect("a table of counts");
    let get = |table: &Table<String, String>, key: &str| table.get(&key.to_owned()).expect("a read");
    let deadline = Instant::now() + PATIENCE;
    while counts.get(&"c".to_owned()).expect("a read") != Some(1)
        || get(&dead, "b").is_none()
        || get(&small, "c").is_none()
    {
        assert!(Instant::now() < deadline, "{:?}", query.tasks());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(counts.get(&"b".to_owned()).expect("a read"), Some(1));
    assert_eq!(get(&dead, "b"), Some(large));
    let kept = ["a", "b", "c"].map(|key| get(&small, key));
    assert_eq!(kept, [Some("one".to_owned()), None, Some("three".to_owned())]);
    assert_eq!(query.skipped(), 1);
    node.close(PATIENCE).expect("a close");
}
