//! A shard of many rows on a node that has nothing of it: from a node that has it, and from the topic.
use anyhow::{Context as _, Result};

use super::Cluster;
use super::service::{Service, until};
use crate::dataset::Produce;

/// How often each row was written before: a topic that was just compacted has each once, a live one several times.
const WRITTEN: [u64; 2] = [1, 4];

pub fn run(cluster: &Cluster) -> Result<()> {
    for times in WRITTEN {
        let mut service = Service::new(cluster, "seed", &["--shards", "1", "--num-standby-replicas", "1"])?;
        let topic = service.topic();
        for _ in 0..times {
            Produce::again(&cluster.brokers, &topic, cluster.rows, 1)?;
        }
        service.start("a")?;
        service.declare("a", &topic, 1)?;
        let replayed = logged(&service, "a", "restored")?;
        for trial in 0..3 {
            service.start("b")?;
            until("the copy", || logged(&service, "b", "seeded by another node").is_ok())?;
            let seeded = logged(&service, "b", "seeded by another node")?;
            println!("seed.written_{times}.seeded_seconds={seeded:.3}");
            service.kill("b")?;
            service.lose_disk("b")?;
            std::fs::remove_file(service.log("b"))?;
            if trial == 0 {
                // The same once more without anybody who has the rows.
                let mut alone = Service::new(cluster, "replay", &["--shards", "1"])?;
                alone.start("a")?;
                alone.declare("a", &topic, 1)?;
                println!("seed.written_{times}.replayed_seconds={:.3}", logged(&alone, "a", "restored")?);
            }
        }
        println!("seed.written_{times}.replayed_seconds={replayed:.3}");
    }
    Ok(())
}

/// The seconds that a node's log tells of what it did.
fn logged(service: &Service, name: &str, what: &str) -> Result<f64> {
    let log = std::fs::read_to_string(service.log(name))?;
    let line = log.lines().rfind(|line| line.contains(what) && line.contains("seconds"));
    let line = line.with_context(|| format!("the log of {name} says nothing of {what:?}"))?;
    // Colours may stand between name and value.
    let after = line.split("seconds").nth(1).unwrap_or_default();
    let start = after.find('=').map_or("", |at| &after[at + 1..]);
    let digits: String = plain(start).chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.parse().with_context(|| format!("no seconds in {line:?}"))
}

/// Text without escape sequences.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        rest = rest[at..].find('m').map_or("", |end| &rest[at + end + 1..]);
    }
    plain + rest
}
