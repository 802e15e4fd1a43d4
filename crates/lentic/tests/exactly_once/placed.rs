//! A query's start and end are no business of the group's.
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lentic::config::Config;
use lentic::log::TopicSettings;
use lentic::topology::Topology;
use lentic::types::{ShardId, TopicName};
use lentic::{Node, Role};

use crate::broker::{open, shared};

const PATIENCE: Duration = Duration::from_mins(1);

/// By node: the group's generation, and its shards.
type Placed = BTreeMap<String, (i64, BTreeSet<ShardId>)>;

fn placed(node: &Node) -> Placed {
    let placed = |member: lentic::Member| {
        let own = member.shards.iter().filter(|shard| shard.role == Role::Active && shard.ready);
        (member.node, (member.generation, own.map(|shard| shard.shard).collect()))
    };
    node.members().into_iter().map(placed).collect()
}

/// Waits until two nodes have shared out all shards, and have told so: each tells of a generation that left it what it had only
/// when it is its turn.
fn settled(node: &Node) -> Placed {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let placed = placed(node);
        let own = placed.values().map(|(_, shards)| shards.len());
        let generations: BTreeSet<i64> = placed.values().map(|(generation, _)| *generation).collect();
        if generations.len() == 1
            && own.clone().filter(|own| *own > 0).count() == 2
            && own.sum::<usize>() == node.config().shards as usize
        {
            return placed;
        }
        assert!(Instant::now() < deadline, "{placed:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_query_moves_nothing() {
    let Some(brokers) = shared() else { return };
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let (service, dir) = (format!("placed-{nanos:x}"), tempfile::tempdir().expect("a directory"));
    let [a, b] = ["a", "b"].map(|name| {
        let config = Config {
            brokers: vec![brokers.clone()],
            service_id: service.clone(),
            node_id: Some(name.to_owned()),
            data_dir: dir.path().join(name),
            shards: 8,
            request_timeout_ms: 60_000,
            ..Config::default()
        };
        open(&config)
    });
    let input = TopicName::new(format!("{service}-input")).expect("a name");
    a.log().create_topic(&input, 4, &TopicSettings::default()).expect("a topic");
    let before = settled(&a);
    let topology = Topology::new("count");
    topology.stream::<(), String>(input.as_str()).group_by(|(), value| value.clone()).count("counts");
    for node in [&a, &b] {
        let query = node.run(&topology).expect("the query runs");
        assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());
    }
    assert_eq!(settled(&a), before, "while it runs");
    for node in [&a, &b] {
        node.stop_query("count").expect("stopped");
    }
    // Nodes tell of themselves every two seconds, if nothing has changed.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(settled(&a), before, "after it");
    for node in [&a, &b] {
        node.close(PATIENCE).expect("closed");
    }
}
