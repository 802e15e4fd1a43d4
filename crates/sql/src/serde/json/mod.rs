//! JSON: columns as the fields of an object, or a single column as the whole text.
mod number;
mod object;
mod plain;
mod reader;
mod text;
mod writer;

pub(super) use reader::{read_row, read_value};
pub(super) use writer::{Style, names_of_row, write_named_row, write_value};
