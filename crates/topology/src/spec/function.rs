//! The user's functions, without their types. `None` is Kafka's null.
use std::sync::Arc;

use lentic_types::{Timestamp, TopicName};

use super::{ExtractedTime, ProcessError};
use crate::{Headers, Payload};

/// The record that a function is called for, beside its key and value.
#[derive(Clone, Copy, Debug)]
pub struct RecordContext<'a> {
    /// Its event time at this operator.
    pub timestamp: Timestamp,
    /// Its headers.
    pub headers: &'a Headers,
    /// The partition where the record was read that it came of; in a punctuation the task's.
    pub partition: u32,
    /// Its offset there. -1: it came of no record (in a punctuation), or a table's row is looked up.
    pub offset: i64,
}

type Part<'a> = Option<&'a Payload>;

/// Key and value: whether to keep the record.
pub type Predicate = Arc<dyn Fn(Part<'_>, Part<'_>) -> bool + Send + Sync>;
/// Key and value: the new value. Values of mappers and joiners are given away: one that nobody else has may be changed in
/// place ([`Payload::get_mut`]).
pub type ValueMapper = Arc<
    dyn Fn(Part<'_>, Option<Payload>, &RecordContext<'_>) -> Result<Option<Payload>, ProcessError>
        + Send
        + Sync,
>;
/// A key and a value.
pub type Pair = (Option<Payload>, Option<Payload>);
/// Key and value: the new key and value; `None`: no record.
pub type Mapper = Arc<
    dyn Fn(Part<'_>, Option<Payload>, &RecordContext<'_>) -> Result<Option<Pair>, ProcessError> + Send + Sync,
>;
/// Key and value: calls back with each new key and value. What it has called back with before it fails has gone on.
pub type FlatMapper = Arc<
    dyn Fn(
            Part<'_>,
            Part<'_>,
            &RecordContext<'_>,
            &mut dyn FnMut(Option<Payload>, Option<Payload>),
        ) -> Result<(), ProcessError>
        + Send
        + Sync,
>;
/// Key and value: the record's time from here on.
pub type Retimer =
    Arc<dyn Fn(Part<'_>, Part<'_>, &RecordContext<'_>) -> Result<ExtractedTime, ProcessError> + Send + Sync>;
/// Key and value: looks at them.
pub type Consumer = Arc<dyn Fn(Part<'_>, Part<'_>) + Send + Sync>;
/// Key and value: the number of the branch, if any takes it.
pub type Branching = Arc<dyn Fn(Part<'_>, Part<'_>) -> Option<usize> + Send + Sync>;
/// Key, value and the aggregate so far: the new aggregate.
pub type Aggregator = Arc<
    dyn Fn(Part<'_>, Part<'_>, Option<Payload>) -> Result<Option<Payload>, super::ProcessError> + Send + Sync,
>;
/// Key and two aggregates of sessions that become one; the first is `None` where folding begins.
pub type Merger = Arc<
    dyn Fn(Part<'_>, Option<Payload>, Payload) -> Result<Option<Payload>, super::ProcessError> + Send + Sync,
>;
/// Key, left value, right value: the joined value.
pub type Joiner = Arc<dyn Fn(Part<'_>, Option<Payload>, Option<Payload>) -> Option<Payload> + Send + Sync>;
/// Key and value: another key.
pub type KeyMapper = Arc<dyn Fn(Part<'_>, Part<'_>) -> Option<Payload> + Send + Sync>;
/// Key and value: the topic to write to, or why what was given names none.
pub type Topicker = Arc<dyn Fn(Part<'_>, Part<'_>) -> Result<TopicName, String> + Send + Sync>;
