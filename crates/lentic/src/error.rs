//! What can go wrong, by operation; each kind tells the caller what to do.
use std::fmt;

use lentic_engine::log;
use lentic_types::{Offset, PartitionId, TableName, Token, TopicName};

/// A node can't start or can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeError {
    /// A setting is wrong; the text says which and what to do.
    Config(String),
    /// The log failed.
    Log(log::Error),
    /// The store failed.
    Store(lentic_store::Error),
    /// The file system failed.
    Io(String),
    /// Another node runs with this service id, or another process on this data directory.
    InUse(String),
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) | Self::Io(text) | Self::InUse(text) => f.write_str(text),
            Self::Log(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NodeError {}

impl From<log::Error> for NodeError {
    fn from(error: log::Error) -> Self {
        Self::Log(error)
    }
}

impl From<lentic_store::Error> for NodeError {
    fn from(error: lentic_store::Error) -> Self {
        Self::Store(error)
    }
}

/// A declaration, drop or change of a table failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// No table has this name.
    NotFound(TableName),
    /// A table of this name is declared otherwise: the fields that differ, with (declared, asked for).
    Differs(Vec<(&'static str, String, String)>),
    /// The topic doesn't exist, and on Kafka the declaration must say `partitions` for it to be created.
    TopicNotFound(String),
    /// The topic can't be deleted: the second of the two, another table, is over it.
    TopicInUse(TopicName, TableName),
    /// The topic can't be deleted: its table is read-only.
    TopicReadOnly(TopicName),
    /// The declaration can't be met (partition counts, limits); the text says why.
    Invalid(String),
    /// A node of the service can't run such a statement: its program is older than this one.
    OlderNode {
        /// Its id.
        node: String,
        /// The newest version of statements that it knows.
        knows: u32,
        /// Of this one.
        version: u32,
    },
    /// The log failed.
    Log(log::Error),
    /// The store failed.
    Store(lentic_store::Error),
    /// The node is stopping.
    Closed,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(name) => write!(f, "there is no table {name}"),
            Self::Differs(fields) => {
                f.write_str("the table is declared with ")?;
                for (i, (field, declared, asked)) in fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{field} = {declared} (asked for: {asked})")?;
                }
                Ok(())
            }
            Self::TopicNotFound(topic) => write!(f, "there is no topic {topic}"),
            Self::TopicInUse(topic, table) => {
                write!(
                    f,
                    "the table {table} is over the topic {topic}, too: drop it first, or leave the topic"
                )
            }
            Self::TopicReadOnly(topic) => {
                write!(f, "the table is read-only, and so the topic {topic} is not deleted with it")
            }
            Self::Invalid(text) => f.write_str(text),
            Self::OlderNode { node, knows, version } => write!(
                f,
                "the node {node} knows statements up to version {knows}, and this is one of version {version}: replace its program \
                 by the newer release first"
            ),
            Self::Log(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Closed => f.write_str("the node is stopping"),
        }
    }
}

impl std::error::Error for TableError {}

impl From<log::Error> for TableError {
    fn from(error: log::Error) -> Self {
        Self::Log(error)
    }
}

impl From<lentic_store::Error> for TableError {
    fn from(error: lentic_store::Error) -> Self {
        Self::Store(error)
    }
}

/// A read can't be answered as demanded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReadError {
    /// The table has not reached the end yet that its log had at start: (share done, 0 to 1).
    CatchingUp {
        /// The partition that is furthest behind.
        partition: PartitionId,
        /// 0 to 1.
        done: f64,
        /// `restoring`, `rebuilding`, `catching up`, or `blocked by an open transaction`.
        state: &'static str,
    },
    /// The store has not reached the token in time.
    NotReached {
        /// What was demanded.
        token: Token,
        /// How far the store is: the next offset.
        position: Offset,
    },
    /// The store's age is above the limit.
    TooStale {
        /// Of which partition.
        partition: PartitionId,
        /// Its age in milliseconds; `None`: never proven current.
        staleness_ms: Option<u64>,
    },
    /// The token is of another topic, a partition that doesn't exist, or an earlier creation of the topic.
    ForeignToken(Token),
    /// The node keeps only some partitions, and not this one.
    NotKept(PartitionId),
    /// The table keeps the latest rows alone, not their versions.
    NotVersioned,
    /// An event id is of another table or unreadable.
    InvalidEventId,
    /// Reading the task failed for good; the text says why.
    Failed(String),
    /// A named limit was reached.
    TooMany(&'static str),
    /// The store failed.
    Store(lentic_store::Error),
    /// The log failed (resuming a watch reads it).
    Log(log::Error),
    /// It took longer than it was given.
    Late,
    /// The table was dropped or the node is stopping.
    Closed,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CatchingUp { partition, done, state } => {
                write!(f, "{state}, {:.0} % (partition {partition})", done * 100.0)
            }
            Self::NotReached { token, position } => {
                write!(f, "the store has not reached {token} yet: it is at offset {position}")
            }
            Self::TooStale { partition, staleness_ms: Some(ms) } => {
                write!(f, "partition {partition} was last proven current {ms} ms ago")
            }
            Self::TooStale { partition, staleness_ms: None } => {
                write!(f, "partition {partition} was not proven current yet")
            }
            Self::ForeignToken(token) => write!(f, "{token} is no token of this table's topic"),
            Self::NotKept(partition) => {
                write!(
                    f,
                    "the row would be in partition {partition}, which this node does not keep (kept_partitions)"
                )
            }
            Self::NotVersioned => f.write_str(
                "the table keeps no versions of its rows: materialize it in its topology with \
                 `Materialized::named(\"...\").versioned(...)`",
            ),
            Self::InvalidEventId => f.write_str("the event id is not one of this table's"),
            Self::Failed(text) => f.write_str(text),
            Self::Late => f.write_str("reading took too long"),
            Self::TooMany(limit) => write!(f, "the limit {limit} is reached"),
            Self::Store(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::Closed => f.write_str("the table is closed"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<lentic_store::Error> for ReadError {
    fn from(error: lentic_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<log::Error> for ReadError {
    fn from(error: log::Error) -> Self {
        Self::Log(error)
    }
}

/// A write was not done, or nobody knows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WriteError {
    /// The table is read-only.
    ReadOnly,
    /// No partitioner fits where the topic's keys lie, and the operator named none.
    MixedPartitioning,
    /// The topic has other partitions (the second number) than the table was declared with (the first).
    PartitionsChanged(u32, u32),
    /// The condition did not hold.
    Precondition {
        /// The row's token as it is now, `None` where there is no row.
        current: Option<Token>,
        /// The last place that the decision took into account; a copy that has not come so far may still show the row that was
        /// expected. `None`: nothing was ever written there.
        seen: Option<Token>,
    },
    /// Key or value above the limit: (`max_key_bytes` or `max_value_bytes`, the limit, what was given).
    TooLarge(&'static str, u64, u64),
    /// A conditional write, or a transaction, could not be decided in time; nothing was written.
    Undecided(String),
    /// The log failed; [`log::Error::Unknown`] means that the write may have happened.
    Log(log::Error),
    /// A conditional write reads first, and that failed.
    Read(ReadError),
    /// The table was dropped or the node is stopping.
    Closed,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => f.write_str("the table is read-only"),
            Self::MixedPartitioning => f.write_str(
                "the topic's keys do not lie where one partitioner puts them; name the one to write with",
            ),
            Self::PartitionsChanged(declared, now) => write!(
                f,
                "the topic has {now} partitions and the table was declared with {declared}, keys may live elsewhere now; \
                 drop the table (its topic stays) and declare it anew"
            ),
            Self::Precondition { current: Some(token), .. } => write!(f, "the row is at {token}"),
            Self::Precondition { current: None, .. } => f.write_str("there is no such row"),
            Self::TooLarge(limit, max, given) => write!(f, "{given} bytes are above {limit} = {max}"),
            Self::Undecided(text) => {
                write!(f, "not decided in time, nothing was written: {text}")
            }
            Self::Log(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::Closed => f.write_str("the table is closed"),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<log::Error> for WriteError {
    fn from(error: log::Error) -> Self {
        Self::Log(error)
    }
}

impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}
