//! Rows over HTTP, through the real binary on the embedded log.
#[path = "../harness/mod.rs"]
mod harness;

mod attach;
mod conditional;
mod demand;
mod errors;
mod fixture;
mod limits;
mod load;
mod many;
mod page;
mod point;
mod resume;
mod scan;
mod value;
mod watch;
mod windows;
mod write;
