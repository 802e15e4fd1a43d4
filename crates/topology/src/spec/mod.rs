//! What each node of a topology does, as data: the DSL and SQL write it, the engine builds an operator from it.
mod aggregate;
mod function;
mod join;
mod policy;
mod process;
mod source;
mod store;
mod suppress;

use std::sync::Arc;

use crate::codec::Codec;

pub use aggregate::{Aggregate, CoGroup, Emit, TableAggregate, Windowing};
pub use function::{
    Aggregator, Branching, Consumer, FlatMapper, Joiner, KeyMapper, Mapper, Merger, Pair, Predicate,
    RecordContext, Retimer, Topicker, ValueMapper,
};
pub use join::{
    ForeignKeyJoin, ForeignKeyResponse, ForeignKeySubscription, GlobalJoin, JoinKind, StreamJoin,
    StreamTableJoin, TableJoin,
};
pub use policy::{Policies, Policy};
pub use process::{Clock, Host, Process, ProcessError, ProcessSpec, Processing, Scheduled, StoreView};
pub use source::{
    Extract, ExtractedTime, GlobalSource, OffsetReset, Origin, Sink, SinkKey, Source, Target,
    TimestampExtractor, Topic,
};
pub use store::{StoreKind, StoreSpec, Ttl};
pub use suppress::{Buffer, BufferFull, Suppress, SuppressUntil};

/// A store's place in [`crate::Plan::stores`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreIndex(pub usize);

/// A global table's place in [`crate::Plan::globals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalIndex(pub usize);

/// One operator.
#[derive(Clone)]
pub enum Spec {
    /// Reads topics.
    Source(Source),
    /// Writes a topic.
    Sink(Sink),
    /// Streams: keeps the records of which this is true.
    Filter(Predicate),
    /// Streams: another key and value.
    Map(Mapper),
    /// Streams and, with a store or without, tables: another value.
    MapValues(ValueMapper),
    /// Streams: any number of records instead of one.
    FlatMap(FlatMapper),
    /// Streams: looks at each record.
    Peek(Consumer),
    /// Streams: the first branch that takes the record gets it.
    Branch(Branching),
    /// Passes on what any input brings; also the branches of a [`Spec::Branch`], which hands records to its outputs by
    /// their order.
    Merge,
    /// Makes a table of a stream: of a topic, or of any.
    Table {
        /// Where its rows are kept, if they are.
        store: Option<StoreIndex>,
    },
    /// Tables: keeps the rows of which this is true.
    TableFilter {
        /// Which rows.
        keep: Predicate,
        /// Whether the values before have to be known, so that a row that never was let through is not deleted. Else they
        /// are used only where they are known anyway.
        needs_old: bool,
        /// Where the rows are kept, if they are.
        store: Option<StoreIndex>,
    },
    /// Tables: another value for each row.
    TableMapValues {
        /// The value.
        map: ValueMapper,
        /// Where the rows are kept, if they are.
        store: Option<StoreIndex>,
    },
    /// Tables: the same rows under keys of another kind, each in the partition that it was in.
    TableRekey {
        /// Key (and no value): the new key.
        to: KeyMapper,
        /// The other way: by it rows are looked up.
        from: KeyMapper,
        /// Where the rows are kept, if they are.
        store: Option<StoreIndex>,
    },
    /// Streams and tables: another time for each record. [`ExtractedTime::Skip`] and negative times drop the record,
    /// [`ExtractedTime::Fail`] stops the task.
    Retime(Retimer),
    /// Makes a stream of a table's changes.
    ToStream,
    /// Tables: the halves of a change, each under the key of its group.
    TableGroup {
        /// Key and value in the group.
        group: Mapper,
        /// Keys of the groups.
        key: Codec,
    },
    /// Streams: folds the records of each key.
    Aggregate(Aggregate),
    /// Tables: folds the rows of each group.
    TableAggregate(TableAggregate),
    /// Two streams.
    StreamJoin(StreamJoin),
    /// A stream and a table.
    StreamTableJoin(StreamTableJoin),
    /// A stream and a global table.
    GlobalJoin(GlobalJoin),
    /// Two tables by their keys.
    TableJoin(TableJoin),
    /// Two tables by a foreign key, the left table's half: tells the right table's tasks what it wants to know of.
    ForeignKeySubscription(ForeignKeySubscription),
    /// The right table's half: answers.
    ForeignKeyJoin(ForeignKeyJoin),
    /// The left table's half again: takes the answers.
    ForeignKeyResponse(ForeignKeyResponse),
    /// Holds a table's changes back.
    Suppress(Suppress),
    /// The user's own.
    Process(ProcessSpec),
}

impl Spec {
    /// What it is called where a topology is described.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Source(_) => "source",
            Self::Sink(_) => "sink",
            Self::Filter(_) => "filter",
            Self::Map(_) => "map",
            Self::MapValues(_) => "map values",
            Self::FlatMap(_) => "flat map",
            Self::Peek(_) => "peek",
            Self::Branch(_) => "branch",
            Self::Merge => "merge",
            Self::Table { .. } => "table",
            Self::TableFilter { .. } => "table filter",
            Self::TableMapValues { .. } => "table map values",
            Self::TableRekey { .. } => "table key",
            Self::Retime(_) => "time",
            Self::ToStream => "to stream",
            Self::TableGroup { .. } => "group",
            Self::Aggregate(_) => "aggregate",
            Self::TableAggregate(_) => "table aggregate",
            Self::StreamJoin(_) => "stream-stream join",
            Self::StreamTableJoin(_) => "stream-table join",
            Self::GlobalJoin(_) => "stream-global table join",
            Self::TableJoin(_) => "table-table join",
            Self::ForeignKeySubscription(_) => "foreign-key subscription",
            Self::ForeignKeyJoin(_) => "foreign-key join",
            Self::ForeignKeyResponse(_) => "foreign-key response",
            Self::Suppress(_) => "suppress",
            Self::Process(_) => "process",
        }
    }

    /// The stores that it reads and writes itself.
    pub fn stores(&self) -> Vec<StoreIndex> {
        match self {
            Self::Table { store }
            | Self::TableFilter { store, .. }
            | Self::TableMapValues { store, .. }
            | Self::TableRekey { store, .. } => store.iter().copied().collect(),
            Self::Aggregate(spec) => vec![spec.store],
            Self::TableAggregate(spec) => vec![spec.store],
            Self::StreamJoin(spec) => [Some(spec.left_store), Some(spec.right_store), spec.outer_store]
                .into_iter()
                .flatten()
                .collect(),
            Self::StreamTableJoin(spec) => spec.buffer.into_iter().collect(),
            Self::TableJoin(spec) => spec.store.into_iter().collect(),
            Self::ForeignKeyJoin(spec) => vec![spec.subscriptions],
            Self::ForeignKeyResponse(spec) => spec.store.into_iter().collect(),
            Self::Suppress(spec) => vec![spec.store],
            Self::Process(spec) => spec.stores.clone(),
            _ => Vec::new(),
        }
    }

    /// The store that keeps the rows of the table that it makes.
    pub fn table_store(&self) -> Option<StoreIndex> {
        match self {
            Self::Table { store }
            | Self::TableFilter { store, .. }
            | Self::TableMapValues { store, .. }
            | Self::TableRekey { store, .. } => *store,
            Self::Aggregate(spec) => Some(spec.store),
            Self::TableAggregate(spec) => Some(spec.store),
            Self::TableJoin(spec) => spec.store,
            Self::ForeignKeyResponse(spec) => spec.store,
            _ => None,
        }
    }

    /// Whether it makes each row of its table of one row of the table before, so that rows can be looked up there.
    pub fn is_row_by_row(&self) -> bool {
        matches!(
            self,
            Self::TableFilter { .. }
                | Self::TableMapValues { .. }
                | Self::TableRekey { .. }
                | Self::Retime(_)
                | Self::Suppress(_)
        )
    }

    /// Gives the table that it makes a store.
    pub fn set_table_store(&mut self, index: StoreIndex) -> bool {
        match self {
            Self::Table { store }
            | Self::TableFilter { store, .. }
            | Self::TableMapValues { store, .. }
            | Self::TableRekey { store, .. } => *store = Some(index),
            Self::TableJoin(spec) => spec.store = Some(index),
            Self::ForeignKeyResponse(spec) => spec.store = Some(index),
            _ => return false,
        }
        true
    }
}

/// A shared name.
pub type Name = Arc<str>;
