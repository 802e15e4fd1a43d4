//! What answers look like: text for people, JSON for programs. Nothing here knows a terminal.
mod cell;
mod colour;
pub(crate) mod entity;
mod fault;
mod page;
mod result;
mod table;
mod width;

pub(crate) use colour::highlighted;
pub(crate) use fault::fault;
pub(crate) use result::{RowsAsJson, RowsAsTable};
pub(crate) use table::Page;
pub(crate) use width::printable;
