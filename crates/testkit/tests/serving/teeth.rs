//! Each rule is needed: without it some seed shows what it is for.
use lentic_testkit::{Accident, ServingOptions, ServingRule, ServingSim};

use crate::options;

/// Seeds in which a rule that is left out has to show.
const SEEDS: u64 = 3_000;

/// Some seed fails without this rule in this way, under these accidents.
fn bites(rule: ServingRule, way: &str, accidents: &[Accident]) {
    let is_long = accidents.len() < Accident::ALL.len();
    let fails = |seed: &u64| {
        let default = options(*seed);
        let steps = if is_long { 1_500 } else { default.steps };
        let (accidents, without) = (accidents.to_vec(), vec![rule]);
        let outcome = ServingSim::new(ServingOptions { accidents, without, steps, ..default }).run();
        outcome.is_err_and(|text| text.lines().next().is_some_and(|first| first.contains(way)))
    };
    let seed = (0..SEEDS).find(fails);
    assert!(seed.is_some(), "no seed of {SEEDS} shows that {rule:?} is left out");
}

const ALL: &[Accident] = &Accident::ALL;

/// An owner that doesn't hear that it is none any more.
const DEAF: &[Accident] = &[Accident::Cut, Accident::Stop, Accident::Drop, Accident::Leap];

/// Shards move, in order and late.
const MOVED: &[Accident] = &[Accident::Cut, Accident::Rebalance];

const NOT_ACTIVE: &str = "the active one was at";

macro_rules! teeth {
    ($($name:ident: $rule:ident, $way:expr, $accidents:expr;)*) => {
        $(#[test] fn $name() { bites(ServingRule::$rule, $way, $accidents); })*
    };
}

teeth! {
    a_new_owner_waits_for_the_lease_of_the_one_before: LeaseIsWaitedFor, NOT_ACTIVE, DEAF;
    a_lease_ends: LeaseEnds, NOT_ACTIVE, DEAF;
    a_lease_counts_from_sending: LeaseFromSending, NOT_ACTIVE, DEAF;
    a_new_owner_reaches_the_ends_first: CatchUpBeforeActive, NOT_ACTIVE, DEAF;
    who_becomes_active_during_a_read_was_not_when_it_began: RoleBeforeTheRead, NOT_ACTIVE, MOVED;
    the_role_is_proven_after_the_read: RoleAfterTheRead, NOT_ACTIVE, DEAF;
    the_active_one_confirms_that_a_write_is_applied: AppliedByTheActive, NOT_ACTIVE, DEAF;
    what_is_confirmed_as_applied_is_in_the_rows: AppliedInTheRows, NOT_ACTIVE, ALL;
    tokens_are_waited_for: Tokens, "older than the token", ALL;
    sessions_return_their_positions: SessionsReturnPositions, "its session has seen", ALL;
    rows_are_as_fresh_as_demanded: Staleness, "ms old", ALL;
    plain_reads_wait_for_the_end: CaughtUpBeforePlain, "when the process started", ALL;
    freshness_is_looked_at_before_the_row: FreshnessBeforeTheRow, "the log never had that", ALL;
    a_refusal_is_confirmed_by_the_active_one: RefusedByTheActive, "the active one was at", ALL;
    a_write_is_sent_once: SentOnce, "was refused, and is at", ALL;
    conditions_are_of_the_row_below: ConditionBelowTheRecord, "and it was", ALL;
    an_unknown_outcome_is_unknown: UnknownIsUnknown, "was refused, and is at", ALL;
    the_log_acknowledges: AcknowledgedByTheLog, "and is lost", ALL;
}
