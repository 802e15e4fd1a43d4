//! Stores of every kind.
mod bench;
mod key_value;
mod session;
mod version;
mod window;

use lentic_topology::spec::StoreSpec;
use proptest::prelude::*;

use crate::property::{holds, same};
use crate::windows::Then;
use bench::Bench;

/// What a store has to hold: everything that was ever put and not deleted, and how much of it can be read.
trait Model: Clone {
    /// A change.
    type Put;
    /// The store.
    fn spec(&self) -> StoreSpec;
    /// The change in model and store; `Err` if they answer otherwise.
    fn put(&mut self, bench: &mut Bench, put: &Self::Put) -> Result<(), String>;
    /// Everything that can be read, as the store tells it and as it has to be.
    fn reads(&self, bench: &mut Bench) -> (Vec<String>, Vec<String>);
    /// How many rows are left once those have gone that no read sees any more.
    fn kept(&self) -> usize;
}

/// Changes, and what happens after each.
#[derive(Clone, Debug)]
struct Case<M, P> {
    model: M,
    puts: Vec<(P, Then)>,
}

fn cases<M: Strategy, P: Strategy>(model: M, put: P) -> impl Strategy<Value = Case<M::Value, P::Value>> {
    let puts = prop::collection::vec((put, crate::windows::then()), 1..40);
    (model, puts).prop_map(|(model, puts)| Case { model, puts })
}

fn check<M: Model>(case: &Case<M, M::Put>) -> Result<(), String> {
    let mut bench = Bench::new(case.model.spec());
    let mut model = case.model.clone();
    let mut committed = model.clone();
    for (put, then) in &case.puts {
        model.put(&mut bench, put)?;
        match then {
            Then::GoOn => {}
            Then::Commit => bench.commit(),
            Then::Restart => bench.restart(),
            Then::LoseState => bench.lose_state(),
            Then::Crash => {
                bench.crash();
                model = committed.clone();
            }
        }
        if !matches!(then, Then::GoOn | Then::Crash) {
            committed = model.clone();
        }
        let (got, expected) = model.reads(&mut bench);
        same("reads", &got, &expected)?;
        if matches!(then, Then::Commit) {
            same("rows in the store", &[bench.rows().to_string()], &[model.kept().to_string()])?;
        }
    }
    Ok(())
}

#[test]
fn key_value_stores() {
    holds(&key_value::cases(), check);
}

#[test]
fn window_stores() {
    holds(&window::cases(), check);
}

#[test]
fn session_stores() {
    holds(&session::cases(), check);
}

#[test]
fn versioned_stores() {
    holds(&version::cases(), check);
}
