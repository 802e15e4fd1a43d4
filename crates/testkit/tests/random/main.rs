//! Small topologies, their inputs and the accidents on the way, all by chance, against a naive fold over the whole input.
//!
//! `SEED=<n>` runs one seed, `SEEDS=<n>` that many from 0 on.
mod chance;
mod input;
mod model;
mod program;
mod results;
mod run;
mod table_model;
mod written;

use chance::Chance;
use program::Program;

const SEEDS: u64 = 400;

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(SEEDS)).collect(),
    }
}

/// Runs a program by chance twice; `Err` tells what differs, and the seed.
fn check(seed: u64, make: fn(&mut Chance) -> Program) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let program = make(&mut chance);
    let records = input::records(&mut chance, &program);
    let told = |text: String| format!("SEED={seed}: {text}\n{program:?}\n{records:#?}");
    let (once, again) = (run::run(&program, &records, chance.clone()), run::run(&program, &records, chance));
    let once = once.map_err(told)?;
    if Ok(&once) != again.as_ref() {
        return Err(told("the same seed gives another trace".to_owned()));
    }
    let expected = model::fold(&program, &records);
    if once.results != expected {
        let (got, expected) = (once.results.join("\n  "), expected.join("\n  "));
        return Err(told(format!("got\n  {got}\nexpected\n  {expected}")));
    }
    Ok(())
}

#[test]
fn topologies_are_folds_of_their_input() -> Result<(), String> {
    seeds().into_iter().try_for_each(|seed| check(seed, Program::any))
}

#[test]
fn topologies_with_merged_changes_are_folds_of_their_input() -> Result<(), String> {
    seeds().into_iter().try_for_each(|seed| check(seed, Program::any_cached))
}

#[test]
fn stream_joins_match_by_force() -> Result<(), String> {
    seeds().into_iter().try_for_each(|seed| check(seed, Program::any_match))
}
