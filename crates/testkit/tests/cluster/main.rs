//! Topologies in a simulated cluster, under schedules of crashes, zombies, rebalances and open transactions.
//!
//! `SEED=<n>` runs one seed, `SEEDS=<n>` that many from 0 on.
#[path = "../random/chance.rs"]
mod chance;
#[path = "../random/input.rs"]
mod input;
#[path = "../random/model.rs"]
mod model;
#[path = "../random/program.rs"]
#[allow(dead_code, reason = "changes are not merged here")]
mod program;
#[path = "../random/results.rs"]
mod results;
#[path = "../random/table_model.rs"]
mod table_model;
#[path = "../random/written.rs"]
mod written;

use lentic_testkit::SimOptions;

mod counted;
mod random;
mod teeth;
mod variety;

fn seeds(default: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(default),
    }
}

#[test]
fn every_update_comes_exactly_once() -> Result<(), String> {
    seeds(400).try_for_each(|seed| counted::check(seed, &SimOptions::default()))
}

#[test]
fn topologies_are_folds_of_their_input() -> Result<(), String> {
    seeds(400).try_for_each(random::check)
}

#[test]
fn times_buffers_versions_and_schedules_survive() -> Result<(), String> {
    seeds(400).try_for_each(variety::check)
}

#[test]
fn the_same_seed_gives_the_same_trace_twice() -> Result<(), String> {
    let options = SimOptions::default();
    seeds(30).try_for_each(|seed| {
        let (one, other) = (counted::run(seed, &options)?, counted::run(seed, &options)?);
        if one.0.trace() == other.0.trace() {
            return Ok(());
        }
        Err(format!("seed {seed}: the same seed gives another trace"))
    })
}
