//! Each rule is needed: without it some seed shows what it is for.
use lentic_testkit::{Accident, ServingOptions, ServingRule, ServingSim};

use crate::options;

/// Seeds in which a rule that is left out has to show.
const SEEDS: u64 = 600;

/// Some seed fails without this rule in one of these ways.
fn bites(rule: ServingRule, ways: &[&str]) {
    let fails = |seed: &u64| {
        let outcome = ServingSim::new(ServingOptions { without: vec![rule], ..options(*seed) }).run();
        let text = outcome.err().unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        ways.iter().any(|way| first.contains(way))
    };
    let seed = (0..SEEDS).find(fails);
    println!("{rule:?}: seed {seed:?}");
    assert!(seed.is_some(), "no seed of {SEEDS} shows that {rule:?} is left out");
}

const NOT_ACTIVE: &[&str] = &["the active one was at"];

macro_rules! teeth {
    ($($(#[$doc:meta])* $name:ident: $rule:ident, $ways:expr;)*) => {
        $($(#[$doc])* #[test] fn $name() { bites(ServingRule::$rule, $ways); })*
    };
}

teeth! {
    a_new_owner_waits_for_the_lease_of_the_one_before: LeaseIsWaitedFor, NOT_ACTIVE;
    a_lease_ends: LeaseEnds, NOT_ACTIVE;
    a_lease_counts_from_sending: LeaseFromSending, NOT_ACTIVE;
    a_new_owner_reaches_the_ends_first: CatchUpBeforeActive, NOT_ACTIVE;
    a_shard_is_claimed_first: ClaimBeforeActive, NOT_ACTIVE;
    who_becomes_active_during_a_read_was_not_when_it_began: RoleBeforeTheRead, NOT_ACTIVE;
    the_role_is_proven_after_the_read: RoleAfterTheRead, NOT_ACTIVE;
    the_active_one_confirms_that_a_write_is_applied: AppliedByTheActive, NOT_ACTIVE;
    what_is_confirmed_as_applied_is_in_the_rows: AppliedInTheRows, NOT_ACTIVE;
    tokens_are_waited_for: Tokens, &["older than the token"];
    sessions_never_go_back: Tokens, &["its session has seen"];
    rows_are_as_fresh_as_demanded: Staleness, &["ms old"];
    plain_reads_wait_for_the_end: CaughtUpBeforePlain, &["when the process started"];
    freshness_is_looked_at_before_the_row: FreshnessBeforeTheRow, &["the log never had that"];
    a_write_is_sent_once: SentOnce, &["is twice in the log", "was refused, and is at"];
    conditions_are_of_the_row_below: ConditionBelowTheRecord, &["and it was"];
    an_unknown_outcome_is_unknown: UnknownIsUnknown, &["was refused, and is at"];
    the_log_acknowledges: AcknowledgedByTheLog, &["and is lost"];
}

/// Plain reads that are refused, in sum.
fn refused(without: Vec<ServingRule>, replicas: usize, accident: Accident) -> Result<u64, String> {
    (0..60).try_fold(0, |sum, seed| {
        let (accidents, without) = (vec![accident], without.clone());
        let options = ServingOptions { accidents, without, replicas, ..options(seed) };
        let mut sim = ServingSim::new(options);
        sim.run()?;
        Ok(sum + sim.refused_reads())
    })
}

#[test]
fn who_gave_a_shard_up_answers_until_its_new_owner_does() -> Result<(), String> {
    let with = refused(Vec::new(), 0, Accident::Rebalance)?;
    let without = refused(vec![ServingRule::GivenUpStays], 0, Accident::Rebalance)?;
    println!("{with} reads are refused, without the rule {without}");
    assert!(with < without);
    Ok(())
}

#[test]
fn copies_answer_while_the_owner_is_down() -> Result<(), String> {
    let with = refused(Vec::new(), 1, Accident::Crash)?;
    let without = refused(vec![ServingRule::CopiesAnswer], 1, Accident::Crash)?;
    println!("{with} reads are refused, without the rule {without}");
    assert!(with < without);
    Ok(())
}
