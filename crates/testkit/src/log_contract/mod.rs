//! The promises of [`lentic_engine::log`], as cases that run against any log.
//!
//! Every case makes topics of its own with unique names and deletes them afterwards, so that the log may be a
//! broker that others use at the same time.
//!
//! ```no_run
//! # fn open() -> std::sync::Arc<dyn lentic_engine::log::Log> { unreachable!() }
//! use lentic_testkit::log_contract::{Options, check};
//! check(&mut || open(), &Options::default());
//! ```
mod append;
mod bulk;
mod compare_and_set;
mod fixture;
mod read;
mod reading;
mod topics;
mod transaction;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use lentic_engine::log::Log;

use fixture::Fixture;

/// How the cases run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a case waits for something that must happen. Default 60 s.
    pub patience: Duration,
    /// How long a case watches that something does not happen. Default 400 ms.
    pub quiet: Duration,
    /// Whether the ends that the log tells contain what was acknowledged. Default `true`; not so where records are
    /// acknowledged before they are synced.
    pub acked_is_visible: bool,
    /// Only cases whose name contains this.
    pub only: Option<String>,
    /// Cases left out, by name, with the reason in the caller's comment.
    pub skip: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            patience: Duration::from_mins(1),
            quiet: Duration::from_millis(400),
            acked_is_visible: true,
            only: None,
            skip: Vec::new(),
        }
    }
}

type Case = (&'static str, fn(&Fixture));

const CASES: &[&[Case]] =
    &[topics::CASES, append::CASES, read::CASES, transaction::CASES, compare_and_set::CASES, bulk::CASES];

/// Names of all cases.
pub fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().flat_map(|cases| cases.iter()).map(|(name, _)| *name)
}

/// Runs every case against the log that `make` hands out; the same one each time, or a new one.
///
/// # Panics
/// After all cases have run, if one failed; the text names each with its reason.
pub fn check(make: &mut dyn FnMut() -> Arc<dyn Log>, options: &Options) {
    let mut failures = Vec::new();
    for (name, case) in CASES.iter().flat_map(|cases| cases.iter()) {
        let chosen = options.only.as_deref().is_none_or(|only| name.contains(only));
        if !chosen || options.skip.iter().any(|skip| skip == name) {
            continue;
        }
        let fixture = Fixture::new(name, make(), options.clone());
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&fixture))) {
            let reason = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without text");
            failures.push(format!("log contract, case {name}: {reason}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
