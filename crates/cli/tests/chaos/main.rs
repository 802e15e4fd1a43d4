//! Three brokers and up to three nodes under a mixed load, while they are killed, stopped, woken and restarted. What was
//! answered is compared with the log in the end.
#![allow(clippy::print_stderr, reason = "a test tells what it measured, and one that was not run says so")]

#[path = "../harness/mod.rs"]
mod harness;

#[allow(dead_code, reason = "another test binary uses the rest")]
#[path = "../kafka/client.rs"]
mod client;
#[path = "../kafka/nodes.rs"]
mod nodes;

mod counter;
mod front;
mod linear;
mod load;
mod reader;
mod record;
mod watcher;
mod writer;

use std::time::{Duration, Instant};

use client::Kafka;
use front::{Front, Kind};
use harness::kafka::{OwnBroker, shared};
use load::Load;
use nodes::{Cluster, array};

/// Longer than the session of a member of the group: then its shards are others'.
const BEYOND_THE_SESSION: Duration = Duration::from_secs(12);

/// What a phase may answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failures {
    /// Something was killed: what was under way there fails.
    Some,
    /// All in order: no read fails.
    NoRead,
}

/// Does something under load, and tells what that meant to clients.
fn phase(front: &Front, name: &str, failures: Failures, what: impl FnOnce()) {
    front.take();
    let began = Instant::now();
    what();
    let tallies = front.take();
    eprintln!("{name}: {:.1} s", began.elapsed().as_secs_f64());
    for (kind, tally) in &tallies {
        eprintln!(
            "  {kind:?}: {} answered, the longest wait for one {:.2} s; failed {:?}",
            tally.answered,
            tally.gap.as_secs_f64(),
            tally.failed
        );
    }
    for kind in [Kind::Read, Kind::ReadBack] {
        let reads = tallies.get(&kind).cloned().unwrap_or_default();
        assert!(reads.answered > 0, "{name}: no {kind:?} was answered");
        let is_fine = failures == Failures::Some || reads.failed.is_empty();
        assert!(is_fine, "{name}: {kind:?} failed: {:?}", reads.failed);
    }
}

/// A node leaves in order, and clients have heard of it before.
fn stop(cluster: &mut Cluster, front: &Front, name: &str) {
    front.remove(name);
    // Requests that are on their way arrive.
    std::thread::sleep(Duration::from_millis(300));
    let node = cluster.nodes.remove(name).expect("it runs");
    assert!(node.stop().success());
}

fn start(cluster: &mut Cluster, front: &Front, name: &'static str) {
    cluster.start(name);
    cluster.settle();
    front.add(name, cluster.node(name));
}

/// Of two nodes the one that has more shards.
fn owner_of_more(cluster: &Cluster) -> &'static str {
    let described = cluster.node("a").get("/v1/cluster").send().expect(200).json();
    let shards = |name: &str| {
        let node = array(&described["nodes"]).iter().find(|node| node["node"] == *name);
        node.and_then(|node| node["active"].as_u64()).unwrap_or_default()
    };
    ["b", "c"].into_iter().max_by_key(|name| shards(name)).expect("two")
}

#[test]
fn nodes_and_brokers_come_and_go() {
    // Whoever runs this on a broker of others has Java, too.
    if shared().is_none() {
        return;
    }
    let brokers = OwnBroker::three();
    let kafka = Kafka::at(&brokers.address);
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    let load = Load::start(&cluster);
    let front = load.front();
    phase(front, "one node", Failures::NoRead, || std::thread::sleep(Duration::from_secs(2)));
    phase(front, "from one to three", Failures::NoRead, || {
        for name in ["b", "c"] {
            start(&mut cluster, front, name);
        }
    });
    for (topic, replicas) in record::replicas(&kafka.brokers, &cluster.service) {
        assert_eq!(replicas, 3, "of {topic}");
    }
    for name in ["b", "c"] {
        load.watch(cluster.node(name));
    }
    phase(front, "an owner is killed, and comes back", Failures::Some, || {
        let victim = owner_of_more(&cluster);
        cluster.nodes.remove(victim).expect("it runs").kill();
        std::thread::sleep(BEYOND_THE_SESSION);
        start(&mut cluster, front, victim);
    });
    phase(front, "a broker is killed, and comes back", Failures::Some, || {
        brokers.run(&["kill", "2"]);
        std::thread::sleep(BEYOND_THE_SESSION);
        brokers.run(&["start", "2"]);
        std::thread::sleep(Duration::from_secs(3));
        cluster.settle();
    });
    phase(front, "an owner is stopped, and woken", Failures::Some, || {
        let sleeper = owner_of_more(&cluster);
        cluster.node(sleeper).signal("STOP");
        front.remove(sleeper);
        std::thread::sleep(BEYOND_THE_SESSION);
        cluster.node(sleeper).signal("CONT");
        front.add(sleeper, cluster.node(sleeper));
        cluster.settle();
    });
    phase(front, "each node is restarted", Failures::NoRead, || {
        for name in ["a", "b", "c"] {
            stop(&mut cluster, front, name);
            start(&mut cluster, front, name);
        }
    });
    phase(front, "from three to one", Failures::NoRead, || {
        for name in ["b", "c"] {
            stop(&mut cluster, front, name);
            cluster.settle();
        }
        std::thread::sleep(Duration::from_secs(1));
    });
    load.end(&cluster, &kafka);
}
