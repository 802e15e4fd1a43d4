//! A simulated service: rows are read and written through any node, under schedules of crashes, zombies, partitions and rebalances.
//!
//! `SEED=<n>` runs one seed, `SEEDS=<n>` that many from 0 on.
mod teeth;

use lentic_testkit::{ServingOptions, ServingSim};

fn seeds(default: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(default),
    }
}

/// Services of different shapes.
fn options(seed: u64) -> ServingOptions {
    let default = ServingOptions::default();
    let (nodes, replicas) = [(3, 1), (2, 1), (3, 2), (3, 0), (4, 1)][(seed % 5) as usize];
    ServingOptions { seed, nodes, replicas, ..default }
}

#[test]
fn every_answer_is_what_it_says() -> Result<(), String> {
    seeds(400).try_for_each(|seed| ServingSim::new(options(seed)).run())
}

#[test]
fn the_same_seed_gives_the_same_trace_twice() -> Result<(), String> {
    seeds(20).try_for_each(|seed| {
        let run = || {
            let mut sim = ServingSim::new(options(seed));
            sim.run().map(|()| sim)
        };
        if run()?.trace() == run()?.trace() {
            return Ok(());
        }
        Err(format!("seed {seed}: the same seed gives another trace"))
    })
}
