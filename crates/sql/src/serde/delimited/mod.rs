//! DELIMITED: the columns as fields of one line of text, in their order and without names.
mod field;
mod line;
mod quoting;

pub(super) use field::{read_row, write_row};
