//! A database made of Kafka topics: a [`Node`] turns topics into tables and answers reads and writes of their rows.
#![expect(clippy::disallowed_methods, reason = "an edge: clocks and threads belong here")]

mod cluster;
mod codec;
pub mod config;
mod error;
mod node;
mod query;
mod seed;
mod span;
mod sql;
mod table;
mod together;
mod topics;
mod typed;

pub use cluster::{Addresses, Member, MemberShard};
pub use codec::{DecodeError, Json, Key, Value};
pub use error::{NodeError, ReadError, TableError, WriteError};
pub use lentic_cluster::{
    Here, ReadRoute, ReadStep, Refused, Role, Wanted, WriteRoute, WriteStep, prefers_here,
};
pub use lentic_engine::log;
pub use lentic_format as format;
pub use lentic_store::{Order, Tier};
pub use lentic_topology as topology;
pub use lentic_types as types;
pub use node::{
    Attach, Attached, AttachedWindow, Guess, GuessedFormat, NewRecord, Node, Produced, Readiness, Topics,
};
pub use query::{
    FailureKind, Query, QueryError, QueryFailure, QuerySettings, QueryState, QueryStatus, TaskStatus,
    Transient, TransientEnd, TransientEvent, TransientFrom, TransientOptions, TransientRecord, TransientSink,
    TransientUntil,
};
pub use seed::{Block, Seed, SeedError, SeedHead, SeedQuestion, SeedStream, Seeds};
pub use sql::{ExecuteError, Interpreter, QueryChange, QueryNotice, QueryStart, SqlError, SqlStatement};
pub use table::{
    Admission, Begun, Condition, Demand, EventId, Filter, Found, FoundVersion, Holder, KeyBounds, MergedId,
    PartitionStatus, Pending, RawTable, Routing, Row, Scan, ScannedRow, Scope, Target, Waiting, Watch,
    WatchEvent, WatchStart, Write, Written,
};
pub use typed::{AsKey, Changes, Error, Event, Table, Version};
