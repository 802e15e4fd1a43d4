//! What a node does with the state that it finds: after a kill, without state, with a log that is another one.
#![allow(clippy::float_cmp, reason = "metrics are counts here, printed exactly")]

#[path = "../harness/mod.rs"]
mod harness;

mod crash;
mod rebuild;
mod restore;
mod writers;
