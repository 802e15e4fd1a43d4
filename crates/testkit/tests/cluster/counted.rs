//! Words that are counted: each update goes to a topic, so that a lost one and one that comes twice show.
use std::collections::BTreeMap;

use lentic_testkit::{SimCluster, SimOptions};
use lentic_topology::Topology;

use crate::chance::Chance;

pub fn topology() -> Topology {
    let topology = Topology::new("words");
    let words = topology.stream::<String, String>("said");
    words.map_values(|word| word.to_uppercase()).to("shouted");
    words.group_by(|_, word| word.clone()).count("counts").to_stream().to("updates");
    topology
}

/// A cluster that has run the inputs of a seed, and these; `Err` tells what is wrong. The options say what may happen.
pub fn run(seed: u64, options: &SimOptions) -> Result<(SimCluster, Vec<(String, String)>), String> {
    let mut chance = Chance::new(seed);
    let options = SimOptions {
        seed,
        nodes: chance.of(&[1, 2, 3, 3]),
        partitions: chance.of(&[1, 2, 3]),
        shards: chance.of(&[1, 2, 4]),
        steps: options.steps * chance.of(&[1, 2, 2, 5]) / 2,
        ..options.clone()
    };
    let mut cluster = SimCluster::new(&topology(), options);
    let mut said = Vec::new();
    for _ in 0..chance.between(20, 80) {
        let (who, word) = (chance.of(&["ann", "bob", "eve", "joe"]), chance.of(&["a", "b", "c", "d", "e"]));
        cluster.pipe("said", &who.to_owned(), &word.to_owned(), 0);
        said.push((who.to_owned(), word.to_owned()));
    }
    cluster.run()?;
    Ok((cluster, said))
}

pub fn check(seed: u64, options: &SimOptions) -> Result<(), String> {
    let (cluster, said) = run(seed, options)?;
    let told = |what: &str| {
        let trace = cluster.trace();
        Err(format!("seed {seed}: {what}\n{}", trace[trace.len().saturating_sub(100)..].join("\n")))
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let expected = sorted(said.iter().map(|(who, word)| format!("{who} {}", word.to_uppercase())).collect());
    let line = |(who, word, _): (Option<String>, Option<String>, i64)| {
        format!("{} {}", who.unwrap_or_default(), word.unwrap_or_default())
    };
    let shouted = sorted(cluster.read("shouted").into_iter().map(line).collect());
    if shouted != expected {
        return told(&format!("shouted\n{shouted:?}\nnot\n{expected:?}"));
    }
    let mut counts = BTreeMap::<String, i64>::new();
    for (_, word) in &said {
        *counts.entry(word.clone()).or_default() += 1;
    }
    let rows: BTreeMap<_, _> =
        cluster.rows::<String, i64>("counts").into_iter().map(|(word, count, _)| (word, count)).collect();
    if rows != counts {
        return told(&format!("counts {rows:?}, not {counts:?}"));
    }
    let mut updates = BTreeMap::<String, Vec<i64>>::new();
    for (word, count, _) in cluster.read::<String, i64>("updates") {
        updates.entry(word.unwrap_or_default()).or_default().push(count.unwrap_or_default());
    }
    for (word, count) in counts {
        let (found, expected) = (updates.remove(&word).unwrap_or_default(), (1..=count).collect::<Vec<_>>());
        if found != expected {
            return told(&format!("updates of {word}: {found:?}, not {expected:?}"));
        }
    }
    Ok(())
}
