//! Topologies of keys and values whose types are known only at run time: what the typed way is written with, and SQL.
//!
//! Handles ([`Stream`], [`Table`]) carry the codecs of what they bring. Everything that has state or a topic of its own gets
//! its name from the caller: stores that of their [`Materialized`](crate::Materialized), repartition topics
//! `<prefix>-<name>-repartition`.
//!
//! ```
//! use std::sync::Arc;
//! use lentic_topology::{Codec, Consumed, Payload, Topology};
//!
//! let topology = Topology::new("shouting");
//! let text = Codec::of::<String>();
//! let said = topology.untyped().stream(&["said"], text.clone(), text.clone(), Consumed::new());
//! let shout = said.map_values(
//!     Arc::new(|_, value, _| Ok(value.map(|value| Payload::new(value.get::<String>().to_uppercase())))),
//!     text,
//! );
//! shout.to("shouted");
//! assert!(topology.build().is_ok());
//! ```
mod fold;
mod foreign_key;
mod names;
mod place;
mod repartition;
mod sources;
mod stream;
mod stream_join;
mod suppress;
mod table;
mod table_fold;

pub use fold::Fold;
pub use names::{ForeignKeyNames, StreamJoinNames};
pub use sources::Sources;
pub use stream::Stream;
pub use suppress::Until;
pub use table::Table;
pub use table_fold::TableFold;

pub(crate) use place::Place;
pub(crate) use sources::topic;
