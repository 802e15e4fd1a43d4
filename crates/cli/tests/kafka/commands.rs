//! `lentic status` and `lentic node drain` on a cluster, for people and for programs.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::{Node, until};
use crate::nodes::{Cluster, array};

/// The picture of a cluster on a terminal: a line per node, by its name.
struct Picture {
    text: String,
    nodes: BTreeMap<String, Drawn>,
}

#[derive(Debug, PartialEq)]
struct Drawn {
    url: String,
    active: usize,
    standby: usize,
    /// A mark per shard.
    shards: String,
    /// The node that was asked.
    is_asked: bool,
}

impl Picture {
    fn of(node: &Node) -> Self {
        let (code, text) = node.on_terminal(&["status"]);
        assert_eq!(code, 0, "{text}");
        let lines = text.lines().skip_while(|line| !line.starts_with("NODE ")).skip(1);
        let mut nodes = BTreeMap::new();
        for line in lines.take_while(|line| !line.starts_with("# active")) {
            let cells: Vec<_> = line.split_whitespace().collect();
            let [name, url, _rack, active, standby, _lag, shards] = cells[..] else { panic!("{text}") };
            let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("{text}"));
            let drawn = Drawn {
                url: url.to_owned(),
                active: number(active),
                standby: number(standby),
                shards: shards.to_owned(),
                is_asked: name.ends_with('*'),
            };
            nodes.insert(name.trim_end_matches('*').to_owned(), drawn);
        }
        Self { text, nodes }
    }

    /// How often a mark stands in the column of a shard.
    fn column(&self, shard: usize, mark: char) -> usize {
        self.nodes.values().filter(|node| node.shards.chars().nth(shard) == Some(mark)).count()
    }

    /// Every shard has an owner and a copy that answer, and nothing else is on its way.
    fn is_at_rest(&self) -> bool {
        (0..8).all(|shard| self.column(shard, '#') == 1 && self.column(shard, '=') == 1)
            && !self.text.contains(" shards ")
            && self.nodes.values().all(|node| !node.shards.contains(['+', '-', '!']))
    }
}

/// `status` in a pipe.
fn object(node: &Node) -> Value {
    let output = node.run(&["status"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one object")
}

/// At rest, while shards move, and with a node that died.
#[test]
fn status_draws_the_cluster() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    // Rows that take their time, and enough of them, are seen on their way.
    cluster.settings = vec!["--seed-max-bytes-per-second", "256KiB"];
    cluster.start("a");
    let rows = cluster.fill();
    let many = (0..200_000).fold(String::new(), |mut lines, n| {
        writeln!(lines, "{{\"key\":\"many-{n}\",\"value\":{n}}}").expect("written");
        lines
    });
    assert_eq!(cluster.node("a").load("t", many), 200_000);
    // One node is no cluster to draw.
    let alone = cluster.node("a").on_terminal(&["status"]).1;
    assert!(!alone.contains("NODE") && alone.contains("TABLE"), "{alone}");
    cluster.start("b");
    cluster.settle();
    let (was_drawn, was_told) = while_it_moves(&mut cluster);
    assert!(was_drawn, "no shard was drawn on its way");
    assert!(was_told, "no shard was told to be moving");
    cluster.settle();

    let picture = until("a picture at rest", || {
        let picture = Picture::of(cluster.node("b"));
        (picture.is_at_rest() && picture.nodes.len() == 3).then_some(picture)
    });
    let object = object(cluster.node("b"));
    assert_eq!((&object["state"], &object["cluster"]["node"]), (&json!("ready"), &json!("b")));
    assert_eq!(array(&object["cluster"]["shards"]).len(), 8);
    for told in array(&object["cluster"]["nodes"]) {
        let name = told["node"].as_str().expect("a name");
        let drawn = &picture.nodes[name];
        assert_eq!(drawn.url, cluster.node(name).url, "{}", picture.text);
        assert_eq!(told["url"], json!(drawn.url));
        assert_eq!(
            (json!(drawn.active), json!(drawn.standby)),
            (told["active"].clone(), told["standby"].clone())
        );
        assert_eq!(drawn.shards.matches('#').count(), drawn.active, "{}", picture.text);
        assert_eq!(drawn.shards.matches('=').count(), drawn.standby, "{}", picture.text);
        assert_eq!(drawn.is_asked, name == "b", "{}", picture.text);
        assert!(told["lag"].is_u64() && told["unreachable"].is_null() && told["peer"].is_string(), "{told}");
    }
    for (number, shard) in array(&object["cluster"]["shards"]).iter().enumerate() {
        assert_eq!((&shard["shard"], &shard["state"]), (&json!(number), &json!("served")));
        for held in array(&shard["nodes"]) {
            let mark = if held["role"] == "active" { '#' } else { '=' };
            let drawn = &picture.nodes[held["node"].as_str().expect("a name")].shards;
            assert_eq!(drawn.chars().nth(number), Some(mark), "shard {number}: {}", picture.text);
        }
    }
    one_down(&mut cluster, &rows);
}

/// A third node comes: whether a shard was drawn, and told, to be on its way.
fn while_it_moves(cluster: &mut Cluster) -> (bool, bool) {
    let is_over = AtomicBool::new(false);
    let mut third = cluster.spawn("c", &[]);
    let moved = std::thread::scope(|scope| {
        let (b, is_over) = (cluster.node("b"), &is_over);
        let looking = scope.spawn(move || {
            let (mut was_drawn, mut was_told) = (false, false);
            while !is_over.load(Ordering::Relaxed) {
                let picture = Picture::of(b);
                was_drawn |= picture.nodes.values().any(|node| node.shards.contains('+'));
                let object = object(b);
                was_told |=
                    array(&object["cluster"]["shards"]).iter().any(|shard| shard["state"] == "moving");
            }
            (was_drawn, was_told)
        });
        third.listening();
        let own = |told: &Value| {
            let c = array(&told["nodes"]).iter().find(|node| node["node"] == "c");
            c.is_some_and(|c| c["active"].as_u64() > Some(0))
        };
        until("the third node to have shards", || {
            let told = b.get("/v1/cluster").send().expect(200).json();
            let served = array(&told["shards"]).iter().all(|shard| shard["state"] == "served");
            (own(&told) && served).then_some(())
        });
        is_over.store(true, Ordering::Relaxed);
        looking.join().expect("looked")
    });
    cluster.nodes.insert("c", third);
    moved
}

fn one_down(cluster: &mut Cluster, rows: &BTreeMap<String, String>) {
    let a = &cluster.nodes["a"];
    let owner = |key: &str| {
        let route = a.get(&format!("/v1/tables/t/route?key={key}")).send().expect(200).json();
        route["nodes"][0]["node"].as_str().expect("a name").to_owned()
    };
    let key = rows.keys().find(|key| owner(key) == "c").expect("it owns some").clone();
    cluster.nodes.remove("c").expect("it runs").kill();
    let a = &cluster.nodes["a"];
    // Who asks for its rows learns of it: a copy answers.
    let read = a.get(&format!("/v1/tables/t/rows/{key}")).send().expect(200);
    assert_eq!((read.text(), read.header("lentic-role")), (rows[&key].as_str(), Some("standby")));
    let picture = Picture::of(a);
    assert!(picture.text.contains("c can't be reached: "), "{}", picture.text);
    assert!(
        picture.text.contains("have an owner that can't be reached: standbys answer"),
        "{}",
        picture.text
    );
    assert!(
        picture.nodes["c"].shards.contains('!') && !picture.nodes["c"].shards.contains('#'),
        "{}",
        picture.text
    );
    let told = object(a);
    let states = array(&told["cluster"]["shards"]).iter().filter(|shard| shard["state"] == "unreachable");
    assert_eq!(states.count(), picture.nodes["c"].active, "{}", picture.text);
    // After its session the others have its shards, and it is gone from the picture.
    cluster.settle();
    until("a picture of the rest", || {
        let picture = Picture::of(cluster.node("a"));
        (picture.nodes.len() == 2 && picture.is_at_rest()).then_some(())
    });
    for (key, value) in rows {
        assert_eq!(cluster.node("b").row("t", key).as_ref(), Some(value));
    }
}

/// A drained node owns nothing and answers everything; it stops, and comes back by its next start.
#[test]
fn a_drained_node_answers_on() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    let rows = cluster.fill();
    // There is nobody to hand shards to.
    let alone = cluster.node("a").run(&["node", "drain"]);
    assert_eq!(String::from_utf8_lossy(&alone.stdout).trim(), r#"{"handed_over":false}"#, "{alone:?}");
    cluster.start("b");
    cluster.start("c");
    cluster.settle();
    drain(&cluster, "b", &rows, |b| {
        let drained = b.run(&["node", "drain"]);
        assert!(drained.status.success(), "{drained:?}");
        assert_eq!(String::from_utf8_lossy(&drained.stdout).trim(), r#"{"handed_over":true}"#);
    });
    drain(&cluster, "c", &rows, |c| {
        let (code, text) = c.on_terminal(&["node", "drain"]);
        assert_eq!((code, text.as_str()), (0, "other nodes have all of its shards\n"));
    });
    // Once more changes nothing.
    let again = cluster.node("c").run(&["node", "drain"]);
    assert_eq!(String::from_utf8_lossy(&again.stdout).trim(), r#"{"handed_over":true}"#, "{again:?}");
    cluster.check(&rows);
    for name in ["b", "c"] {
        let node = cluster.nodes.remove(name).expect("it runs");
        let stopping = Instant::now();
        assert!(node.stop().success());
        assert!(
            stopping.elapsed() < Duration::from_secs(5),
            "{:?}: there was nothing left to hand over",
            stopping.elapsed()
        );
        cluster.start(name);
    }
    cluster.settle();
    cluster.check(&rows);
}

/// Drains a node while all of them are read; afterwards it has nothing, as it tells itself and the others tell.
fn drain(cluster: &Cluster, name: &str, rows: &BTreeMap<String, String>, by: impl FnOnce(&Node)) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for through in cluster.nodes.values() {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    for (key, value) in rows.iter().step_by(13) {
                        assert_eq!(through.row("t", key).as_ref(), Some(value));
                    }
                    assert_eq!(through.count("t"), rows.len() as u64);
                }
            });
        }
        by(cluster.node(name));
        is_over.store(true, Ordering::Relaxed);
    });
    for (through, node) in &cluster.nodes {
        until("the drained node to own nothing", || {
            let told = node.get("/v1/cluster").send().expect(200).json();
            let served = array(&told["shards"]).iter().all(|shard| shard["state"] == "served");
            let drained = array(&told["nodes"]).iter().find(|told| told["node"] == name);
            let owns = drained.unwrap_or_else(|| panic!("{name} is gone, says {through}"))["active"].as_u64();
            (owns == Some(0) && served).then_some(())
        });
        let picture = Picture::of(node);
        let drawn = &picture.nodes[name];
        assert!(drawn.active == 0 && !drawn.shards.contains(['#', '+']), "{through}: {}", picture.text);
    }
    cluster.check(rows);
}
