//! What was typed, and what is meant by it. Nothing here speaks to a server.
mod action;
mod line;
mod script;

pub(crate) use action::{Action, action};
pub(crate) use line::Local;
pub(crate) use script::{Input, Kind, inputs, is_complete};
