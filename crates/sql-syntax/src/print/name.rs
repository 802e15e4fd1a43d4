//! Names and values.
use std::fmt::{self, Display, Formatter};

use crate::ast::{Literal, Name, Span, TimeUnit};
use crate::lex::quote;

impl Display for Name {
    /// Between backquotes where it needs them.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.needs_quotes() { Quoted(self).fmt(f) } else { f.write_str(&self.text) }
    }
}

/// A name between backquotes, needed or not.
pub(super) struct Quoted<'a>(pub &'a Name);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&quote(&self.0.text, '`'))
    }
}

/// Text between single quotes.
pub(super) struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&quote(self.0, '\''))
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Bigint(number) => write!(f, "{number}"),
            Self::Decimal(digits) => f.write_str(digits),
            Self::Double(number) => write!(f, "{number:E}"),
            Self::String(text) => Text(text).fmt(f),
        }
    }
}

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.unit)
    }
}

impl Display for TimeUnit {
    /// In the plural.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that may be written as text, as properties are: between single quotes where it needs quotes.
pub(super) struct Key<'a>(pub &'a Name);

impl Display for Key<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.needs_quotes() { Text(&self.0.text).fmt(f) } else { f.write_str(&self.0.text) }
    }
}

/// A name that is quoted also if it is one of `words`, which mean something else here.
pub(super) struct Unlike<'a>(pub &'a Name, pub &'a [&'a str]);

impl Display for Unlike<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.1.contains(&self.0.text.as_str()) { Quoted(self.0).fmt(f) } else { self.0.fmt(f) }
    }
}
