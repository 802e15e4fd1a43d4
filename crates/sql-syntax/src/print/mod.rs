//! The syntax tree to text.
//!
//! What is printed is SQL that parses to the same tree, laid out and parenthesised as in ksqlDB's messages.
mod admin;
mod data_type;
mod expr;
mod name;
mod query;
mod source;
mod statement;

use std::fmt::{self, Display, Formatter};

/// Writes `items` with `between` between them.
fn separated<T: Display>(f: &mut Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if index == 0 { "" } else { between })?;
    }
    Ok(())
}

/// `text` if `condition` holds.
fn when(condition: bool, text: &str) -> &str {
    if condition { text } else { "" }
}
