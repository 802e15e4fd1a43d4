//! Streams, tables, groups, windows and joins as a node graph.
//!
//! A [`Topology`] is written with [`Stream`]s and [`Table`]s and built into a [`Plan`], which the engine runs. Functions are
//! plain closures; keys and values are types that implement [`Data`]. Where they are known only at run time, [`untyped`] is the
//! way to write one.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod codec;
mod data;
mod dsl;
mod error;
mod graph;
mod payload;
mod plan;
mod record;
pub mod spec;
pub mod untyped;
mod window;

pub use codec::{Codec, Encoding, WindowedKeyOf};
pub use data::{Data, DataError, Json, JsonData, Session, Windowed, WindowedKey};
pub use dsl::*;
pub use error::TopologyError;
pub use graph::{Input, Node, NodeId};
pub use payload::Payload;
pub use plan::{Plan, Subtopology};
pub use record::{Headers, Record};
pub use spec::{Policies, Policy};
pub use window::{JoinWindows, SessionWindows, SlidingWindows, TimeWindows, Window};
