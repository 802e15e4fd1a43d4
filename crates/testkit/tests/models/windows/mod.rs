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
use case::{Case, Emit, WindowKind, Windows};

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
fn suppressed_tables() {
    holds(&limit::any(), limit::check);
}
