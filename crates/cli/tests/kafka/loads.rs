//! `rows:load` through any node of a cluster.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Kafka;
use crate::harness::{Answer, Node, Request};
use crate::nodes::Cluster;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Rows of one load.
const ROWS: usize = 3_000;

fn lines(keys: impl Iterator<Item = String>) -> String {
    keys.fold(String::new(), |mut lines, key| {
        writeln!(lines, "{{\"key\":\"{key}\",\"value\":\"of {key}\"}}").expect("written");
        lines
    })
}

fn three(kafka: &Kafka) -> Cluster {
    let mut cluster = Cluster::new(kafka);
    for name in NAMES {
        cluster.start(name);
    }
    cluster.node("a").declare(
        &json!({"name": "t", "topic": cluster.service, "key": "string", "value": "json", "partitions": 6}),
    );
    cluster.settle();
    cluster
}

/// What is loaded through one is read through all as soon as it is acknowledged.
#[test]
fn any_node_takes_loads() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = three(&kafka);
    for (number, through) in NAMES.into_iter().enumerate() {
        let keys = (0..ROWS).map(|row| format!("{through}-{row:05}"));
        let answer = cluster.node(through).post("/v1/tables/t/rows:load", lines(keys)).send().expect(200);
        assert_eq!(answer.json()["written"], json!(ROWS), "{answer:?}");
        assert_eq!(answer.header("lentic-applied"), Some("true"), "{answer:?}");
        let tokens = answer.header("lentic-token").expect("tokens");
        assert_eq!(tokens.split(',').count(), 6, "{tokens}");
        for name in NAMES {
            assert_eq!(cluster.node(name).count("t"), (ROWS * (number + 1)) as u64, "through {name}");
            for row in (0..ROWS).step_by(301) {
                let key = format!("{through}-{row:05}");
                assert_eq!(
                    cluster.node(name).row("t", &key),
                    Some(format!("\"of {key}\"")),
                    "through {name}"
                );
            }
            // The last write of each partition is there, whoever is asked.
            let read =
                cluster.node(name).get("/v1/tables/t/rows:count").header("lentic-at-least", tokens).send();
            read.expect(200);
        }
    }
    // Of one load deletes and puts of a key are in their order, and bad lines are the only ones that are missing.
    let mixed = "{\"key\":\"a-00000\",\"delete\":true}\nnonsense\n{\"key\":\"a-00001\",\"delete\":true}\n\
                 {\"key\":\"a-00001\",\"value\":1}\n";
    let skipped =
        cluster.node("b").post("/v1/tables/t/rows:load?on-error=skip", mixed).send().expect(200).json();
    assert_eq!((&skipped["written"], &skipped["skipped"]), (&json!(3), &json!(1)), "{skipped}");
    assert_eq!(cluster.node("c").row("t", "a-00000"), None);
    assert_eq!(cluster.node("c").row("t", "a-00001").as_deref(), Some("1"));
    assert_eq!(cluster.node("c").count("t"), (3 * ROWS - 1) as u64);
}

/// Rows of loads, by what their clients know.
#[derive(Default)]
struct Outcomes {
    acknowledged: BTreeSet<String>,
    unknown: BTreeSet<String>,
    /// Answers that were no success.
    refusals: Vec<Answer>,
}

/// Loads through a node until it is over, or the node is.
fn load_on(url: &str, name: &str, is_over: &AtomicBool) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for batch in 0.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let keys: Vec<_> = (0..500).map(|row| format!("{name}-{batch:04}-{row:03}")).collect();
        let load = Request::new("POST", format!("{url}/v1/tables/t/rows:load"));
        match load.body(lines(keys.iter().cloned())).try_send() {
            Ok(answer) if answer.status == 200 => {
                assert_eq!(answer.json()["written"], json!(500), "{answer:?}");
                outcomes.acknowledged.extend(keys);
            }
            Ok(answer) => {
                outcomes.refusals.push(answer);
                outcomes.unknown.extend(keys);
            }
            Err(_) => {
                outcomes.unknown.extend(keys);
                break;
            }
        }
    }
    outcomes
}

/// All keys that a node has.
fn keys(node: &Node) -> BTreeSet<String> {
    let rows = node.pages("t", 10_000);
    rows.iter().map(|row| row["key"].as_str().expect("a key").to_owned()).collect()
}

/// An owner dies while rows are loaded through all: what was acknowledged is there, and nothing that nobody sent.
#[test]
fn loads_while_an_owner_dies() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = three(&kafka);
    let is_over = AtomicBool::new(false);
    let urls: BTreeMap<_, _> = cluster.nodes.iter().map(|(name, node)| (*name, node.url.clone())).collect();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let is_over = &is_over;
        let loading: Vec<_> = urls
            .iter()
            .map(|(name, url)| scope.spawn(move || (*name, load_on(url, name, is_over))))
            .collect();
        std::thread::sleep(Duration::from_secs(2));
        cluster.nodes.remove("c").expect("it runs").kill();
        let died = Instant::now();
        // Beyond its session: others own its shards by then.
        while died.elapsed() < Duration::from_secs(14) {
            std::thread::sleep(Duration::from_millis(100));
        }
        is_over.store(true, Ordering::Relaxed);
        loading.into_iter().map(|loading| loading.join().expect("loaded")).collect()
    });
    cluster.settle();
    let acknowledged: BTreeSet<_> =
        outcomes.iter().flat_map(|(_, outcomes)| outcomes.acknowledged.iter().cloned()).collect();
    let unknown: BTreeSet<_> =
        outcomes.iter().flat_map(|(_, outcomes)| outcomes.unknown.iter().cloned()).collect();
    eprintln!("{} rows acknowledged, {} of unknown outcome", acknowledged.len(), unknown.len());
    for (name, outcomes) in &outcomes {
        assert!(!outcomes.acknowledged.is_empty(), "nothing was loaded through {name}");
    }
    // No load through a node that lives has failed.
    let refusals: Vec<_> = outcomes.iter().flat_map(|(_, outcomes)| &outcomes.refusals).collect();
    assert!(unknown.iter().all(|key| key.starts_with("c-")), "{refusals:?}");
    cluster.start("c");
    cluster.settle();
    for (name, node) in &cluster.nodes {
        let keys = keys(node);
        let lost: Vec<_> = acknowledged.difference(&keys).take(5).collect();
        assert!(lost.is_empty(), "acknowledged and not there, through {name}: {lost:?}");
        let strange: Vec<_> =
            keys.iter().filter(|key| !acknowledged.contains(*key) && !unknown.contains(*key)).collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
        assert_eq!(node.count("t"), keys.len() as u64, "{name}");
    }
}
