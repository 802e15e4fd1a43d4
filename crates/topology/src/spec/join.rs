//! Joins.
use super::function::{Joiner, KeyMapper};
use super::{GlobalIndex, StoreIndex};
use crate::codec::Codec;
use crate::window::JoinWindows;

/// Which records without a partner give a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// None.
    Inner,
    /// The left one's.
    Left,
    /// Both sides'.
    Outer,
}

/// Two streams: port 0 is the left one.
#[derive(Clone)]
pub struct StreamJoin {
    /// Inner, left or outer.
    pub kind: JoinKind,
    /// How far apart.
    pub windows: JoinWindows,
    /// Makes the result.
    pub join: Joiner,
    /// Keys.
    pub key: Codec,
    /// Left values.
    pub left: Codec,
    /// Right values.
    pub right: Codec,
    /// Left records.
    pub left_store: StoreIndex,
    /// Right records.
    pub right_store: StoreIndex,
    /// Left and outer: records without a partner so far. `None`: such a record gives its result at once, and another with
    /// each partner that comes later.
    pub outer_store: Option<StoreIndex>,
    /// Both inputs are the same stream: each record is there once.
    pub is_self_join: bool,
}

/// A stream (port 0) and a table (port 1).
#[derive(Clone)]
pub struct StreamTableJoin {
    /// Inner or left.
    pub kind: JoinKind,
    /// Makes the result.
    pub join: Joiner,
    /// Keys.
    pub key: Codec,
    /// Values of the stream.
    pub value: Codec,
    /// How long stream records wait for the table, milliseconds.
    pub grace_ms: Option<i64>,
    /// Where they wait.
    pub buffer: Option<StoreIndex>,
}

/// A stream and a global table.
#[derive(Clone)]
pub struct GlobalJoin {
    /// Inner or left.
    pub kind: JoinKind,
    /// The table.
    pub table: GlobalIndex,
    /// Values of the stream.
    pub value: Codec,
    /// The table's key for a record.
    pub lookup: KeyMapper,
    /// Makes the result; its key is the record's.
    pub join: Joiner,
}

/// Two tables by key: port 0 is the left one.
#[derive(Clone)]
pub struct TableJoin {
    /// Inner, left or outer.
    pub kind: JoinKind,
    /// Makes the result.
    pub join: Joiner,
    /// Where the result's rows are kept, if they are.
    pub store: Option<StoreIndex>,
}

/// The left table's half of a foreign-key join.
#[derive(Clone)]
pub struct ForeignKeySubscription {
    /// Inner or left.
    pub kind: JoinKind,
    /// The foreign key of a row.
    pub foreign_key: KeyMapper,
    /// Keys of the left table.
    pub key: Codec,
    /// Values of the left table.
    pub value: Codec,
    /// Foreign keys.
    pub foreign: Codec,
}

/// The right table's half: port 0 brings subscriptions, port 1 the right table's changes.
#[derive(Clone)]
pub struct ForeignKeyJoin {
    /// Inner or left.
    pub kind: JoinKind,
    /// Subscriptions by foreign key.
    pub subscriptions: StoreIndex,
    /// Keys of the left table.
    pub key: Codec,
    /// Foreign keys: the right table's keys.
    pub foreign: Codec,
    /// Values of the right table.
    pub value: Codec,
}

/// The left table's half again: port 0 brings answers, port 1 is the left table, which is looked up only.
#[derive(Clone)]
pub struct ForeignKeyResponse {
    /// Inner or left.
    pub kind: JoinKind,
    /// Makes the result.
    pub join: Joiner,
    /// Values of the left table.
    pub left: Codec,
    /// Values of the right table.
    pub right: Codec,
    /// Where the result's rows are kept, if they are.
    pub store: Option<StoreIndex>,
}
