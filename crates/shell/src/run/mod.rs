//! Executes what was asked for.
mod outcome;
mod query;
mod shell;
mod statement;

pub(crate) use outcome::Outcome;
pub(crate) use shell::Shell;
