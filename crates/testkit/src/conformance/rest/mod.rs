//! The corpus of REST cases: statements that are sent to a server, and the replies, records and errors that must come back.
mod case;
mod protobuf;
mod reply;
mod run;

pub use case::{Response, RestCase, RestError, read_rest};
pub use reply::{matches, replies_match};
pub use run::{Endpoint, Reply, run};
