//! The rows of a query, as a stream of bytes: written by a server, read by a client.
mod element;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{Event, ReadError, ResultHeader, ResultReader, Values};
pub use writer::{Header, ResultWriter};
