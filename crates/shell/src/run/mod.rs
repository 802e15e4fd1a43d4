//! Executes what was asked for.
mod outcome;
mod query;
mod shell;
mod statement;
#[cfg(test)]
mod tests;

pub(crate) use outcome::Outcome;
pub(crate) use shell::Shell;
