//! What could stand at a place of a statement. Nothing here speaks to a server.
mod candidates;
mod catalog;
mod place;
mod words;

pub(crate) use candidates::{Candidate, candidates};
pub(crate) use catalog::{Catalog, Named};
pub(crate) use place::sources_of;
