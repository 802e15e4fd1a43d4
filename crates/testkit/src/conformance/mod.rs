//! ksqlDB's own test cases, as data to run against: read, expanded and compared as its test tools do.
//!
//! The cases themselves are no part of this project: [`directory`] says where they are.
mod case;
mod codec;
mod compare;
mod expand;
mod functions;
mod json;
mod page;
mod pipeline;
mod pool;
mod post;
mod record;
pub mod rest;
mod rung;
mod score;
mod service;
mod source_assertion;
mod sql_test;
mod validate;

use std::path::{Path, PathBuf};

pub use case::{Case, ExpectedError, Post, PostSource, PostTopic, Record, RecordWindow, TopicSpec, read};
pub use compare::{Actual, difference};
pub use json::Json;
pub use page::page;
pub use record::Standing;
pub use rung::Rung;
pub use score::{Body, Count, Filed, Filter, Report, by_file, by_rung, cases, hash, run, sql_cases};
pub use service::{KnownTopics, TestService};
pub use sql_test::{SqlCase, read_sql, run as run_sql};
pub use validate::{Trace, Verdict, run as run_case, shown};

/// Where the cases are: what `LENTIC_CONFORMANCE_DIR` says, else the folder `shared/conformance` beside the workspace. `None`: they
/// are not there, and who wanted to run them has to say so.
pub fn directory() -> Option<PathBuf> {
    let given = given_directory();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let beside = || Some(workspace.parent()?.join("shared").join("conformance"));
    let found = given.map(PathBuf::from).or_else(beside)?.join("ksqldb");
    found.is_dir().then_some(found)
}

/// Whether the cases are others than those that the repository keeps a record of.
pub fn is_elsewhere() -> bool {
    given_directory().is_some()
}

fn given_directory() -> Option<std::ffi::OsString> {
    std::env::var_os("LENTIC_CONFORMANCE_DIR").filter(|given| !given.is_empty())
}

/// The folder with the page and the record of cases that pass.
pub fn documentation() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    crates.unwrap_or(Path::new(".")).join("docs")
}
