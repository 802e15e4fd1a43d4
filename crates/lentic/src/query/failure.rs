//! Failures of queries: whose fault they are, and when it is tried again.
use std::time::{Duration, Instant};

use lentic_engine::log;
use lentic_engine::stream::TaskError;
use lentic_types::Timestamp;

use super::QueryError;
use crate::TableError;

/// So many failures of a query are remembered.
pub(super) const REMEMBERED: usize = 10;

/// Who can do something about a failure, as ksqlDB tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Who wrote the query, or owns its topics: a topic that is missing or refused, records that don't decode.
    User,
    /// Who runs the node and its log.
    System,
    /// It can't be told.
    Unknown,
}

/// A query failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFailure {
    /// When.
    pub at: Timestamp,
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What happened.
    pub message: String,
    /// When it is tried again.
    pub retry_at: Timestamp,
}

impl FailureKind {
    /// Of what stopped a task.
    pub(super) fn of_task(error: &TaskError) -> Self {
        match error {
            TaskError::Undecodable(_)
            | TaskError::NoTimestamp
            | TaskError::ExtractorFailed
            | TaskError::Production { .. } => Self::User,
            TaskError::Store(_) => Self::System,
            TaskError::Process(_) | TaskError::Unencodable(_) | TaskError::BufferFull(_) => Self::Unknown,
        }
    }

    /// Of what kept a query from starting.
    pub(super) fn of_start(error: &QueryError) -> Self {
        match error {
            QueryError::Topology(_) => Self::User,
            QueryError::Log(error) | QueryError::Table(TableError::Log(error)) => Self::of_log(error),
            QueryError::Store(_) | QueryError::Node(_) | QueryError::Table(TableError::Store(_)) => {
                Self::System
            }
            _ => Self::Unknown,
        }
    }

    /// Of what the log said.
    pub(super) fn of_log(error: &log::Error) -> Self {
        match error {
            log::Error::NoSuchTopic(_) | log::Error::Refused(_) | log::Error::TooLarge(_) => Self::User,
            _ => Self::System,
        }
    }
}

/// How long a query waits that failed: twice as long each time, and from the beginning again once it has run for longer than it
/// waited.
#[derive(Debug)]
pub(super) struct BackOff {
    next: Duration,
    waited: Duration,
    began_at: Instant,
}

impl BackOff {
    pub(super) fn new(initial: Duration) -> Self {
        Self { next: initial, waited: Duration::ZERO, began_at: Instant::now() }
    }

    /// It is tried.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began_at = now;
    }

    /// It has failed: how long it waits now.
    pub(super) fn failed(&mut self, now: Instant, initial: Duration, max: Duration) -> Duration {
        if now.duration_since(self.began_at) > self.waited.max(initial) {
            self.next = initial;
        }
        self.waited = self.next.min(max);
        self.next = self.waited.saturating_mul(2).min(max);
        self.waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_until_it_goes_well() {
        let (initial, max) = (Duration::from_secs(15), Duration::from_secs(50));
        let mut back_off = BackOff::new(initial);
        let mut now = Instant::now();
        for (ran_s, waits_s) in [(1, 15), (1, 30), (1, 50), (1, 50), (49, 50), (51, 15), (1, 30)] {
            back_off.begin(now);
            now += Duration::from_secs(ran_s);
            assert_eq!(back_off.failed(now, initial, max), Duration::from_secs(waits_s), "after {ran_s} s");
        }
    }
}
