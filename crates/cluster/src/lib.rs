//! Who owns what, who answers what, and until when: state machines without I/O. They decide, adapters act.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod compare_and_set;
mod holder;
mod lease;
mod node;
mod ownership;
mod placement;
mod read_route;
mod shard_map;
mod standby;
mod table_keys;
mod write_route;

pub use compare_and_set::{CompareAndSet, Input, Outcome, Step};
pub use holder::{HolderRecord, Holders, Process};
pub use lease::{Lease, Standing};
pub use node::{NodeId, NodeRecord, Role, ShardState, TableState};
pub use ownership::{Ownership, OwnershipInput, OwnershipStep};
pub use placement::Placement;
pub use read_route::{Here, ReadRoute, ReadStep, Refused, Wanted, prefers_here};
pub use shard_map::{Place, ShardMap};
pub use standby::{Candidate, standbys};
pub use table_keys::keys_elsewhere;
pub use write_route::{WriteRoute, WriteStep};
