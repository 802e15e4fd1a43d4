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
mod program;
#[path = "../random/results.rs"]
mod results;
#[path = "../random/table_model.rs"]
mod table_model;
#[path = "../random/written.rs"]
mod written;

mod counted;
mod random;

fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(default)).collect(),
    }
}

#[test]
fn every_update_comes_exactly_once() -> Result<(), String> {
    for seed in seeds(200) { if let Err(e) = counted::check(seed, None) { println!("{e}\n=====");  } } Ok(())
}

#[test]
fn topologies_are_folds_of_their_input() -> Result<(), String> {
    for seed in seeds(200) { if let Err(e) = random::check(seed, None) { println!("{e}\n=====");  } } Ok(())
}
