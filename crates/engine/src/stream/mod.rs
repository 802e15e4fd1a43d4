//! Stream processing: tasks that run a subtopology over one partition of its inputs, with state.
//!
//! A [`StreamTask`] is synchronous and pure: records go in ([`StreamTask::push`]), [`StreamTask::process`] runs them through
//! the operators, and what it produces and what its stores changed come out at a commit.
mod change;
mod context;
mod destination;
mod error;
mod input;
mod lookup;
mod operator;
mod positions;
mod produced;
mod record_cache;
mod settings;
mod state;
mod task;
mod worker;

pub use context::Context;
pub use destination::{AnyDestination, Destination, Destinations, Limits, record_bytes};
pub use error::{ProductionError, Skipped, TaskError};
pub use operator::Processor;
pub use positions::{InputPosition, PositionsRecord};
pub use produced::{PartitionBy, Produced, ProducedRecord};
pub use settings::{ErrorPolicy, TaskSettings};
pub use state::{Changed, Place, Row, SessionRow, State, Versioned, WindowRow};
pub use task::{CommitPart, GlobalRow, Globals, StreamTask, changelog};
pub use worker::{
    Applied, AppliedStore, Sealed, StreamAction, StreamAssignment, StreamEvent, StreamWorker, TaskInput,
    WorkerSettings,
};
