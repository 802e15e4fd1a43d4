//! Streams under the test driver: what the oracle's traces don't ask for.
use std::time::Duration;

use lentic_engine::stream::{ErrorPolicy, TaskError, TaskSettings};
use lentic_testkit::{DriverOptions, TestDriver};
use lentic_topology::{Materialized, SessionWindows, TimeWindows, Topology, TopologyError};
use lentic_types::{Header, PartitionId, TopicName, TopicPartition};

fn counting() -> Topology {
    let topology = Topology::new("words");
    topology
        .stream::<(), String>("lines")
        .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .group_by(|(), word| word.clone())
        .count("counts")
        .to_stream()
        .to("totals");
    topology
}

#[test]
fn a_crash_takes_back_what_was_not_committed() {
    let mut driver = TestDriver::new(&counting());
    driver.pipe("lines", &(), &"a b a".to_owned(), 5);
    driver.commit();
    driver.pipe("lines", &(), &"b".to_owned(), 7);
    driver.crash();
    let rows = [("a".to_owned(), 2, 5), ("b".to_owned(), 2, 7)];
    assert_eq!(driver.rows::<String, i64>("counts"), rows);
    assert_eq!(driver.read::<String, i64>("totals").len(), 4, "nothing is there twice");
    driver.restart_without_state();
    assert_eq!(driver.rows::<String, i64>("counts"), rows);
}

fn errors(deserialization: ErrorPolicy, processing: ErrorPolicy) -> TestDriver {
    let topology = Topology::new("errors");
    topology
        .stream::<String, i64>("numbers")
        .try_map_values(|n| if *n < 0 { Err("it is negative") } else { Ok(n + 1) })
        .to("results");
    let dead_letters = Some(TopicName::new("dead").expect("a name"));
    let settings = TaskSettings { deserialization, processing, dead_letters, ..TaskSettings::default() };
    TestDriver::with(&topology, DriverOptions { settings, ..DriverOptions::default() })
}

#[test]
fn records_that_fail_go_where_the_policy_says() {
    let mut driver = errors(ErrorPolicy::Continue, ErrorPolicy::Continue);
    driver.pipe_bytes("numbers", Some(b"k"), Some(b"no number"), 1);
    driver.pipe("numbers", &"k".to_owned(), &-1i64, 2);
    driver.pipe("numbers", &"k".to_owned(), &1i64, 3);
    assert_eq!(driver.read::<String, i64>("results"), [(Some("k".to_owned()), Some(2), 3)]);
    let dead = driver.read_bytes("dead");
    assert_eq!(dead.len(), 2);
    let header = |number: usize, name: &str| {
        let found =
            dead[number].headers.iter().find(|header| header.name == format!("__lentic.errors.{name}"));
        String::from_utf8(found.and_then(|header| header.value.clone()).expect("a header").to_vec())
    };
    assert_eq!(header(0, "topic").as_deref(), Ok("numbers"));
    assert!(header(0, "message").is_ok_and(|text| text.contains("does not decode")));
    assert_eq!(header(1, "offset").as_deref(), Ok("1"));
    assert!(header(1, "message").is_ok_and(|text| text.contains("it is negative")));
    assert_eq!(driver.skipped().len(), 2);
}

#[test]
fn records_that_fail_stop_the_task_by_default() {
    let mut driver = errors(ErrorPolicy::Fail, ErrorPolicy::Fail);
    let outcome = driver.try_pipe("numbers", Some(b"k"), Some(b"no number"), 1, Vec::new());
    assert!(matches!(outcome, Err(TaskError::Undecodable(_))));
    let mut driver = errors(ErrorPolicy::Continue, ErrorPolicy::Fail);
    let negative = (-1i64).to_be_bytes();
    let outcome = driver.try_pipe("numbers", Some(b"k"), Some(&negative), 1, Vec::new());
    assert!(matches!(outcome, Err(TaskError::Process(_))));
}

/// A row that has outlived its store's time to live is deleted by its owner, with a tombstone in the changelog.
#[test]
fn rows_outlive_their_time() {
    let topology = Topology::new("ttl");
    let store = Materialized::named("seen").ttl(Duration::from_millis(100));
    topology.stream::<String, String>("in").group_by_key().count(store);
    let mut driver = TestDriver::new(&topology);
    driver.pipe("in", &"old".to_owned(), &"x".to_owned(), 0);
    driver.commit();
    driver.pipe("in", &"new".to_owned(), &"x".to_owned(), 101);
    driver.commit();
    assert_eq!(driver.rows::<String, i64>("seen"), [("new".to_owned(), 1, 101)]);
    let changelog = TopicName::new("test-ttl-seen-changelog").expect("a name");
    let changelog = driver.log().records(&TopicPartition::new(changelog, PartitionId(0)));
    assert!(changelog.iter().any(|record| record.key.as_deref() == Some(b"old") && record.value.is_none()));
    driver.restart_without_state();
    assert_eq!(driver.rows::<String, i64>("seen"), [("new".to_owned(), 1, 101)]);
}

#[test]
fn a_store_without_a_changelog_has_none() {
    let topology = Topology::new("unlogged");
    let store = Materialized::named("seen").without_changelog();
    topology.stream::<String, String>("in").group_by_key().count(store);
    let mut driver = TestDriver::new(&topology);
    driver.pipe("in", &"k".to_owned(), &"x".to_owned(), 0);
    driver.restart();
    assert_eq!(driver.row::<String, i64>("seen", &"k".to_owned()), Some(1));
    let changelog = TopicName::new("test-unlogged-seen-changelog").expect("a name");
    assert!(driver.log().records(&TopicPartition::new(changelog, PartitionId(0))).is_empty());
}

#[test]
fn what_is_wrong_with_a_topology_is_told_at_once() {
    let topology = Topology::new("wrong");
    let stream = topology.stream::<String, String>("in");
    stream.group_by_key().count("twice");
    stream.group_by_key().count("twice");
    stream.to("no topic's name");
    let errors = topology.build().err().expect("it is wrong");
    let codes: Vec<_> = errors.iter().map(TopologyError::code).collect();
    assert_eq!(codes, ["name_taken", "invalid_name"], "{errors:?}");
}

#[test]
fn topics_that_are_joined_are_divided_alike() {
    let topology = Topology::new("joined");
    let table = topology.table::<String, String>("table");
    topology
        .stream::<String, String>("stream")
        .join_table(&table, |one, other| format!("{one}{other}"))
        .to("out");
    let plan = topology.build().expect("a topology");
    let mut of = |name: &TopicName| Some(if name.as_str() == "table" { 3 } else { 4 });
    let errors = plan.partitions(&mut of).expect_err("3 are not 4");
    assert_eq!(errors.len(), 1);
    let text = errors[0].to_string();
    assert!(text.contains("stream has 4") && text.contains("table has 3"), "{text}");
}

#[test]
fn a_topology_is_drawn() {
    let plan = counting().build().expect("a topology");
    let text = plan.describe();
    for part in [
        "topology words",
        "subtopology counts-repartition",
        "subtopology lines",
        "(stores: counts)",
        "(topics: totals)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(plan.mermaid().starts_with("flowchart TD") && plan.mermaid().contains("-->"));
    assert!(plan.graphviz().starts_with("digraph") && plan.graphviz().contains("->"));
}

/// What a row of a foreign-key join was before leaves its group.
#[test]
fn rows_of_a_foreign_key_join_are_grouped() {
    let topology = Topology::new("grouped");
    let goods = topology.table::<String, String>("goods");
    let orders = topology.table::<String, String>("orders");
    let joined =
        orders.join_on(&goods, |_, good| Some(good.clone()), |good, colour| format!("{good}/{colour}"));
    joined.materialize("joined").group_by(|_, value| (value.clone(), 1i64)).count("by-value");
    let mut driver = TestDriver::new(&topology);
    driver.pipe("orders", &"o1".to_owned(), &"tea".to_owned(), 1);
    for (colour, at) in [("green", 2), ("black", 3)] {
        driver.pipe("goods", &"tea".to_owned(), &colour.to_owned(), at);
    }
    let counts = [("tea/black".to_owned(), 1, 3), ("tea/green".to_owned(), 0, 3)];
    assert_eq!(driver.rows::<String, i64>("by-value"), counts);
}

/// Tables of windows and of sessions are joined by their windowed keys, with changes merged and without.
#[test]
fn windows_are_joined() {
    let millis = Duration::from_millis;
    for record_cache_bytes in [0, 1, 1 << 20] {
        let topology = Topology::new("windows");
        let (left, right) =
            (topology.stream::<String, String>("left"), topology.stream::<String, String>("right"));
        let (left, right) = (left.group_by_key(), right.group_by_key());
        let windows = TimeWindows::tumbling(millis(10));
        let windowed = left.windowed_by(windows).count("left-windows");
        let other = right.windowed_by(windows).count("right-windows");
        windowed.join(&other, |left, right| left * 10 + right).to_stream().to("windows");
        let sessions = left.windowed_by(SessionWindows::with_gap(millis(10))).count("left-sessions");
        let other = right.windowed_by(SessionWindows::with_gap(millis(10))).count("right-sessions");
        sessions.join(&other, |left, right| left * 10 + right).to_stream().to("sessions");
        let mut driver =
            TestDriver::with(&topology, DriverOptions { record_cache_bytes, ..DriverOptions::default() });
        for (topic, at) in [("left", 1), ("left", 4), ("right", 1), ("right", 4), ("left", 15)] {
            driver.pipe(topic, &"k".to_owned(), &"x".to_owned(), at);
            driver.commit();
        }
        let results = |driver: &mut TestDriver, topic| -> Vec<i64> {
            let records = driver.read::<Vec<u8>, i64>(topic);
            records.into_iter().filter_map(|(_, value, _)| value).collect()
        };
        assert_eq!(results(&mut driver, "windows"), [21, 22], "{record_cache_bytes} bytes");
        assert_eq!(results(&mut driver, "sessions"), [22], "{record_cache_bytes} bytes");
    }
}

#[test]
fn headers_wait_with_their_record() {
    let topology = Topology::new("waiting");
    let table = topology
        .table::<String, String>("table")
        .materialize(Materialized::named("rows").versioned(Duration::from_secs(1)));
    topology
        .stream::<String, String>("in")
        .left_join_table_within(&table, Duration::from_millis(10), |value, _| value.clone())
        .to("out");
    let mut driver = TestDriver::new(&topology);
    let headers = vec![Header { name: "h".to_owned(), value: Some("x".into()) }];
    driver.try_pipe("in", Some(b"k"), Some(b"a"), 5, headers.clone()).expect("it waits");
    driver.restart_without_state();
    driver.try_pipe("in", Some(b"k"), Some(b"b"), 50, Vec::new()).expect("the first has waited");
    let joined: Vec<_> = driver.read_bytes("out").into_iter().map(|record| record.headers).collect();
    assert_eq!(joined, [headers]);
}
