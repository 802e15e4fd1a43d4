//! Three nodes of one service: any of them answers for all.
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Kafka;
use crate::harness::{Node, unique, until};

const ROWS: u64 = 300;

/// Nodes of one service, each with a directory of its own.
pub struct Cluster {
    pub service: String,
    brokers: String,
    dirs: BTreeMap<&'static str, TempDir>,
    pub nodes: BTreeMap<&'static str, Node>,
    /// Further flags of each node.
    pub settings: Vec<&'static str>,
}

impl Cluster {
    pub fn new(kafka: &Kafka) -> Self {
        let (dirs, nodes) = (BTreeMap::new(), BTreeMap::new());
        let settings = Vec::new();
        Self { service: unique("cluster"), brokers: kafka.brokers.clone(), dirs, nodes, settings }
    }

    pub fn start(&mut self, name: &'static str) {
        let dir = self.dirs.entry(name).or_insert_with(|| TempDir::new().expect("a directory"));
        let mut arguments = vec![
            "--brokers",
            &self.brokers,
            "--service-id",
            &self.service,
            "--node-id",
            name,
            "--shards",
            "8",
        ];
        arguments.extend(&self.settings);
        let node = Node::start(dir.path(), &arguments);
        self.nodes.insert(name, node);
    }

    pub fn node(&self, name: &str) -> &Node {
        &self.nodes[name]
    }

    /// Waits until every node sees just these, each with shards of its own, and every shard served.
    pub fn settle(&self) {
        for node in self.nodes.values() {
            until("the shards to be spread and served", || {
                let cluster = node.get("/v1/cluster").send().json();
                let seen: BTreeSet<_> = array(&cluster["nodes"])
                    .iter()
                    .filter(|node| node["active"].as_u64() > Some(0))
                    .filter_map(|node| node["node"].as_str().map(str::to_owned))
                    .collect();
                let served = array(&cluster["shards"]).iter().all(|shard| shard["state"] == "served");
                let wanted: BTreeSet<_> = self.nodes.keys().map(|name| (*name).to_owned()).collect();
                (seen == wanted && served).then_some(())
            });
        }
    }

    /// Declares the table `t` through the node `a`, and writes its rows.
    pub fn fill(&self) -> BTreeMap<String, String> {
        let a = self.node("a");
        let topic = &self.service;
        a.declare(&json!({"name": "t", "topic": topic, "key": "string", "value": "json", "partitions": 6}));
        let mut rows = BTreeMap::new();
        for number in 0..ROWS {
            let (key, value) = (format!("key-{number:04}"), number.to_string());
            a.put_row("t", &key, &value);
            rows.insert(key, value);
        }
        rows
    }

    /// Every row through every node.
    pub fn check(&self, rows: &BTreeMap<String, String>) {
        for (name, node) in &self.nodes {
            for (key, value) in rows {
                assert_eq!(node.row("t", key).as_ref(), Some(value), "{key} through {name}");
            }
            assert_eq!(node.count("t"), rows.len() as u64, "through {name}");
            let page = node.get("/v1/tables/t/rows?limit=1000").send().json();
            let told: Vec<_> =
                array(&page["rows"]).iter().map(|row| row["key"].as_str().unwrap_or_default()).collect();
            let wanted: Vec<_> = rows.keys().map(String::as_str).collect();
            assert_eq!(told, wanted, "in order, through {name}");
            let keys: Vec<_> = rows.keys().take(50).chain([&"absent".to_owned()]).cloned().collect();
            let many = node.post("/v1/tables/t/rows:get", json!({ "keys": keys }).to_string()).send().json();
            assert_eq!(
                (array(&many["rows"]).len(), &many["missing"]),
                (50, &json!(["absent"])),
                "through {name}"
            );
        }
    }
}

pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn any_node_answers_any_key() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    let mut rows = cluster.fill();
    cluster.start("b");
    cluster.start("c");
    cluster.settle();
    cluster.check(&rows);

    // A write through any node is read through every other one at once.
    let names = ["a", "b", "c"];
    for number in 0..60 {
        let (key, value) = (format!("key-{number:04}"), (1000 + number).to_string());
        let through = cluster.node(names[number % 3]);
        let put = through.put(&format!("/v1/tables/t/rows/{key}"), value.as_str()).send();
        assert_eq!((put.status, put.header("lentic-applied")), (200, Some("true")), "{put:?}");
        for name in names {
            let read = cluster.node(name).get(&format!("/v1/tables/t/rows/{key}")).send();
            assert_eq!((read.status, read.text()), (200, value.as_str()), "{key} through {name}");
            assert_eq!(read.header("lentic-role"), Some("active"), "{key} through {name}");
        }
        rows.insert(key, value);
    }
    // Of conditional writes to one key through all nodes each version is replaced once.
    for round in 0..10 {
        let path = "/v1/tables/t/rows/key-0007";
        let tag = cluster.node("a").get(path).send().header("etag").expect("a tag").to_owned();
        let put = |name: &str| {
            let put = cluster.node(name).put(path, format!("{round}")).header("if-match", &tag).send();
            put.status
        };
        let mut outcomes = names.map(put);
        outcomes.sort_unstable();
        assert_eq!(outcomes, [200, 412, 412], "round {round}");
        rows.insert("key-0007".to_owned(), round.to_string());
    }
    // Declarations are everybody's.
    let other = format!("{}-other", cluster.service);
    let spec = json!({"name": "other", "topic": other, "key": "string", "value": "string", "partitions": 3});
    cluster.node("c").declare(&spec);
    for name in names {
        let node = cluster.node(name);
        until("the table to be known", || (node.get("/v1/tables/other").send().status == 200).then_some(()));
        node.put_row("other", name, "value");
    }
    assert_eq!(cluster.node("b").count("other"), 3);
    cluster.check(&rows);
}

/// The owner of some shards dies: a standby answers at once, then another owner.
#[test]
fn who_dies_is_replaced() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    for name in ["a", "b", "c"] {
        cluster.start(name);
    }
    let mut rows = cluster.fill();
    cluster.settle();
    cluster.check(&rows);
    // Whoever wants a proven answer gets one, and who has a copy answers those that may be old.
    let mut by_copies = 0;
    for key in rows.keys() {
        let path = format!("/v1/tables/t/rows/{key}");
        // The lease of an owner that has just got its shard begins a moment later.
        until("the owner to be proven", || {
            let proven = cluster.node("a").get(&path).header("lentic-consistency", "active").send();
            if proven.status != 200 {
                let _no_active = proven.expect_error(503, "no_active");
                return None;
            }
            assert_eq!(proven.header("lentic-role"), Some("active"), "{key}: {proven:?}");
            Some(())
        });
        let old = cluster.node("a").get(&path).header("lentic-max-staleness", "1h").send();
        assert_eq!((old.status, old.text()), (200, rows[key].as_str()), "{key}");
        by_copies += usize::from(old.header("lentic-role") == Some("standby"));
    }
    assert!(by_copies > 0, "no copy of another's shard answered");
    let refused =
        cluster.node("a").get("/v1/tables/t/rows/key-0001").header("lentic-consistency", "eventual").send();
    refused.expect_error(400, "bad_header");
    let victim = cluster.nodes.remove("c").expect("it runs");
    let route = |key: &str| cluster.node("a").get(&format!("/v1/tables/t/route?key={key}")).send().json();
    let of_victim =
        rows.keys().find(|key| route(key)["nodes"][0]["node"] == "c").expect("it owns some").clone();
    victim.kill();
    let died = Instant::now();
    // Nobody is proven to be the owner before the group says so.
    let path = format!("/v1/tables/t/rows/{of_victim}");
    let proven = cluster.node("a").get(&path).header("lentic-consistency", "active").send();
    let proven = proven.expect_error(503, "no_active");
    assert!(proven.header("retry-after").is_some() && proven.json()["shard"].is_u64(), "{proven:?}");
    let (mut gap, mut by_standbys, mut last) = (Duration::ZERO, 0, Instant::now());
    // Beyond the session, after which the group gives the shards to others.
    while died.elapsed() < Duration::from_secs(14) {
        for (key, value) in rows.iter().step_by(7) {
            let node = cluster.node(if last.elapsed().as_nanos() % 2 == 0 { "a" } else { "b" });
            let read = node.get(&format!("/v1/tables/t/rows/{key}")).send();
            assert_eq!(
                (read.status, read.text()),
                (200, value.as_str()),
                "{key}, {:?} after the end",
                died.elapsed()
            );
            by_standbys += usize::from(read.header("lentic-role") == Some("standby"));
            gap = gap.max(last.elapsed());
            last = Instant::now();
        }
    }
    eprintln!("the longest time without an answer: {gap:?}; {by_standbys} answers by standbys");
    assert!(by_standbys > 0);
    cluster.settle();
    cluster.check(&rows);
    // It comes back, and what it missed meanwhile is there.
    for number in 0..50 {
        let (key, value) = (format!("key-{number:04}"), (2000 + number).to_string());
        cluster.node("b").put_row("t", &key, &value);
        rows.insert(key, value);
    }
    cluster.start("c");
    cluster.settle();
    cluster.check(&rows);
    // A planned stop hands over before it ends: no read fails.
    let leaving = cluster.nodes.remove("b").expect("it runs");
    let a = &cluster.nodes["a"];
    std::thread::scope(|scope| {
        let stopping = scope.spawn(move || leaving.stop());
        while !stopping.is_finished() {
            for (key, value) in rows.iter().step_by(11) {
                assert_eq!(a.row("t", key).as_ref(), Some(value));
            }
        }
        assert!(stopping.join().expect("ended").success());
    });
    cluster.settle();
    cluster.check(&rows);
}
