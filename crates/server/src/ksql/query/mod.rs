//! Queries that answer with rows: `POST /query`, `POST /query-stream`, `GET /ws/query`.
mod close;
mod endpoint;
mod frames;
mod header;
mod outlet;
mod plan;
pub(crate) mod print;
mod pull;
pub(crate) mod push;
mod running;
mod socket;
mod store;
mod told;
mod writer;

pub(crate) use close::close;
pub(crate) use endpoint::{query, query_stream};
pub(crate) use frames::Frames;
pub(crate) use header::{Columns, header_columns};
pub(crate) use outlet::{Outlet, Parts};
pub(crate) use plan::{Asked, Planned};
pub(crate) use pull::Pulled;
pub(crate) use running::Running;
pub(crate) use socket::web_socket;
pub(crate) use told::Told;
pub(crate) use writer::{Answer, Rows};
