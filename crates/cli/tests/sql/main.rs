//! SQL on a running node: the pages of `docs/sql`, whose examples are run as they stand there, and the dashboard of the demo.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
#[path = "../harness/mod.rs"]
mod harness;

mod expectation;
mod flights;
mod page;
mod pages;
mod session;
mod websocket;

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
