//! The typed way to write a topology.
mod branch;
mod cogroup;
mod erase;
mod group;
mod join;
mod materialized;
mod process;
mod stream;
mod suppressed;
mod table;
mod table_join;
mod topology;
mod windowed;

pub use branch::Split;
pub use cogroup::{Cogroup, WindowedCogroup};
pub use group::{GroupWindows, Grouped, GroupedTable};
pub use materialized::Materialized;
pub use process::{KeyValue, KeyValueStore, ProcessContext, Processor, StreamRecord, WindowStore, Windows};
pub use stream::Stream;
pub use suppressed::Suppressed;
pub use table::Table;
pub use topology::{Consumed, GlobalTable, Topology};
pub use windowed::{SessionGroup, WindowedGroup};
