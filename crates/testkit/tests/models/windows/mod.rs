//! Operators with windows, and what holds their results back.
mod case;
mod limit;
mod model;
mod run;
mod session;
mod sliding;
mod time;

use std::collections::BTreeMap;

use crate::property::holds;
use case::{Case, Emit, Input, WindowKind, Windows};

pub use case::{Then, then};

fn check(case: &Case) -> Result<(), String> {
    let (mut got, mut expected) = (run::run(case), model::run(case));
    if let (Windows::Sliding { .. }, Emit::Suppressed) = (case.windows, case.emit) {
        for side in [&mut got, &mut expected] {
            side.results = last_of_each(std::mem::take(&mut side.results));
        }
    }
    crate::property::same("results", &got.results, &expected.results)?;
    crate::property::same("rows", &got.rows, &expected.rows)
}

/// A suppression lets a window go when its end is reached, and a sliding window still takes records of that time: Kafka Streams
/// gives a result more then, depending on the order in which one record changes its windows. The last one counts.
fn last_of_each(results: Vec<String>) -> Vec<String> {
    let named = |line: String| {
        let name = line.split(']').next().unwrap_or_default();
        (name.split_once(' ').unwrap_or_default().1.to_owned(), line)
    };
    results.into_iter().map(named).collect::<BTreeMap<_, _>>().into_values().collect()
}

/// Looking for closed windows at intervals gives the results of looking at every record, if later ones.
fn check_intervals(case: &Case) -> Result<(), String> {
    let mut case = case.clone();
    let usable = case.input.iter().filter(|input| input.key.is_some() && input.value.is_some());
    let at = usable.map(|input| input.at).max().unwrap_or(0);
    case.input.push(Input { key: Some("a"), value: Some('a'), at, then: Then::GoOn });
    let results = |interval| {
        let results = run::run_at_intervals(&case, interval).results.into_iter();
        // Without the number of the record that made it.
        let mut results: Vec<_> =
            results.map(|line| line.split_once(' ').unwrap_or_default().1.to_owned()).collect();
        results.sort();
        results.dedup();
        results
    };
    crate::property::same("results at intervals", &results(1_000), &results(0))
}

fn each(kind: WindowKind) {
    for emit in [Emit::Update, Emit::Close, Emit::Suppressed] {
        holds(&case::any(kind, emit), check);
    }
}

#[test]
fn tumbling() {
    each(WindowKind::Tumbling);
}

#[test]
fn hopping() {
    each(WindowKind::Hopping);
}

#[test]
fn sliding_windows() {
    each(WindowKind::Sliding);
}

#[test]
fn sessions() {
    each(WindowKind::Session);
}

#[test]
fn intervals_lose_nothing() {
    // Of sessions those differ that a late record still takes in: sent by then at every record, and not at intervals.
    for kind in [WindowKind::Tumbling, WindowKind::Hopping, WindowKind::Sliding] {
        holds(&case::any(kind, Emit::Close), check_intervals);
    }
}

#[test]
fn suppressed_tables() {
    holds(&limit::any(), limit::check);
}
