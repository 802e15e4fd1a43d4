//! The user's functions, without their types. `None` is Kafka's null.
use std::sync::Arc;

use lentic_types::TopicName;

use crate::Payload;

type Part<'a> = Option<&'a Payload>;

/// Key and value: whether to keep the record.
pub type Predicate = Arc<dyn Fn(Part<'_>, Part<'_>) -> bool + Send + Sync>;
/// Key and value: the new value.
pub type ValueMapper =
    Arc<dyn Fn(Part<'_>, Part<'_>) -> Result<Option<Payload>, super::ProcessError> + Send + Sync>;
/// Key and value: the new key and value; `None`: no record.
pub type Mapper = Arc<dyn Fn(Part<'_>, Part<'_>) -> Option<(Option<Payload>, Option<Payload>)> + Send + Sync>;
/// Key and value: calls back with each new key and value.
pub type FlatMapper =
    Arc<dyn Fn(Part<'_>, Part<'_>, &mut dyn FnMut(Option<Payload>, Option<Payload>)) + Send + Sync>;
/// Key and value: looks at them.
pub type Consumer = Arc<dyn Fn(Part<'_>, Part<'_>) + Send + Sync>;
/// Key and value: the number of the branch, if any takes it.
pub type Branching = Arc<dyn Fn(Part<'_>, Part<'_>) -> Option<usize> + Send + Sync>;
/// Key, value and the aggregate so far: the new aggregate.
pub type Aggregator = Arc<dyn Fn(Part<'_>, Part<'_>, Option<Payload>) -> Option<Payload> + Send + Sync>;
/// Key and two aggregates of sessions that become one; the first is `None` where folding begins.
pub type Merger = Arc<dyn Fn(Part<'_>, Option<Payload>, Payload) -> Option<Payload> + Send + Sync>;
/// Key, left value, right value: the joined value.
pub type Joiner = Arc<dyn Fn(Part<'_>, Part<'_>, Part<'_>) -> Option<Payload> + Send + Sync>;
/// Key and value: another key.
pub type KeyMapper = Arc<dyn Fn(Part<'_>, Part<'_>) -> Option<Payload> + Send + Sync>;
/// Key and value: the topic to write to, or why what was given names none.
pub type Topicker = Arc<dyn Fn(Part<'_>, Part<'_>) -> Result<TopicName, String> + Send + Sync>;
