//! What the configuration leaves to the program that serves.
use std::sync::Arc;
use std::time::Duration;

use crate::Ksql;

/// Times of connections; the limits of requests are in the node's configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time between two heartbeats of a watch that has nothing to tell. Default: 10 s.
    pub heartbeat: Duration,
    /// A watch whose reader takes nothing for this long is cut off together with its connection. Default: 60 s.
    pub stall: Duration,
    /// A connection without a request for this long is closed. Default: 120 s.
    pub idle: Duration,
    /// The SQL that the node was opened with ([`lentic::Node::open_with`]). Default: none is served.
    pub ksql: Option<Arc<Ksql>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(10),
            stall: Duration::from_mins(1),
            idle: Duration::from_mins(2),
            ksql: None,
        }
    }
}
