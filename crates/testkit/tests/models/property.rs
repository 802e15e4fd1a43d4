//! A property by seeds.
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

const SEEDS: u64 = 300;

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(SEEDS)).collect(),
    }
}

/// Asks a property of an input for each seed.
///
/// # Panics
/// If it does not hold: with the seed and the smallest input found.
pub fn holds<S: Strategy>(inputs: &S, property: fn(&S::Value) -> Result<(), String>)
where
    S::Value: Debug,
{
    for seed in seeds() {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = ProptestConfig {
            cases: 1,
            max_shrink_iters: 5_000,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let outcome = runner.run(inputs, |input| property(&input).map_err(TestCaseError::fail));
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, input)) => panic!("SEED={seed}: {reason}\n{input:?}"),
            Err(TestError::Abort(reason)) => panic!("SEED={seed}: no input: {reason}"),
        }
    }
}

/// What is told where two lists differ.
pub fn same(what: &str, got: &[String], expected: &[String]) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}\n  {}\nexpected\n  {}", got.join("\n  "), expected.join("\n  ")))
}
