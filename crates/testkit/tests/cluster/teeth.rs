//! Each rule is needed: without it some seed shows what it is for.
use std::panic::catch_unwind;

use lentic_testkit::{Accident, Rule, SimOptions};

use crate::counted;

/// Seeds in which a rule that is left out has to show.
const SEEDS: u64 = 400;

/// Some seed fails without these rules in one of these ways.
fn bites(without: &[Rule], ways: &[&str]) {
    let options = SimOptions { without: without.to_vec(), ..SimOptions::default() };
    let seed = first(&options, ways);
    assert!(seed.is_some(), "no seed of {SEEDS} shows that {without:?} is left out");
}

/// The first seed that fails in one of these ways.
fn first(options: &SimOptions, ways: &[&str]) -> Option<u64> {
    let fails = |seed: &u64| {
        // A store that is not what its changelog says can do anything, also stop a task in a way that it never should.
        let outcome = catch_unwind(|| counted::check(*seed, options));
        outcome.map_or(true, |outcome| {
            let text = outcome.err().unwrap_or_default();
            let first = text.lines().next().unwrap_or_default();
            ways.iter().any(|way| first.contains(way))
        })
    };
    (0..SEEDS).find(fails)
}

const WRONG: &[&str] = &["shouted", "counts", "updates"];

#[test]
fn the_fence() {
    bites(&[Rule::Fence], &["a commit of generation", "after HolderRecord"]);
}

#[test]
fn a_commit_or_an_abort_before_a_shard_is_given_up() {
    bites(&[Rule::FinishBeforeGivingUp], WRONG);
}

#[test]
fn changelogs_to_their_ends() {
    bites(&[Rule::ChangelogsToTheirEnds], WRONG);
}

#[test]
fn positions_to_their_end() {
    bites(&[Rule::PositionsToTheirEnd], WRONG);
}

#[test]
fn rolling_forward() {
    bites(&[Rule::RollForward], WRONG);
}

#[test]
fn an_unknown_outcome_is_unknown() {
    bites(&[Rule::UnknownIsUnknown], WRONG);
}

#[test]
fn a_new_owner_waits_for_the_lease_of_the_one_before() {
    bites(&[Rule::Lease], &["it was shown to"]);
}

#[test]
fn inputs_are_committed() {
    bites(&[Rule::CommittedInputs], WRONG);
}

/// Under exactly-once the fence keeps a zombie's positions out. Where there is none, they are told by their generation.
#[test]
fn positions_of_a_lower_generation_are_ignored() {
    let seed = |without: &[Rule]| {
        let accidents = vec![Accident::Stop, Accident::Drop, Accident::Leap];
        let options =
            SimOptions { steps: 1_200, accidents, without: without.to_vec(), ..SimOptions::default() };
        first(&options, &["goes back to"])
    };
    assert_eq!(seed(&[Rule::Fence, Rule::TakeOver]), None);
    assert!(seed(&[Rule::Fence, Rule::TakeOver, Rule::Generations]).is_some());
}

/// The next owner of a shard waits for what the last one left open no longer than it takes to abort it, unless that is left to
/// the timeout.
#[test]
fn the_transactional_ids_of_the_dead_are_taken_over() -> Result<(), String> {
    let longest = |without: Vec<Rule>| {
        let options = SimOptions { accidents: vec![Accident::Crash], without, ..SimOptions::default() };
        let waits = (0..SEEDS).map(|seed| Ok(counted::run(seed, &options)?.0.longest_wait_ms()));
        waits.collect::<Result<Vec<u64>, String>>().map(|waits| waits.into_iter().max().unwrap_or_default())
    };
    let (with, without) = (longest(Vec::new())?, longest(vec![Rule::TakeOver])?);
    println!("the longest wait is {with} ms, without the rule {without} ms");
    assert!(with < 1_000 && without > 5_000, "{with} ms, without the rule {without} ms");
    Ok(())
}
