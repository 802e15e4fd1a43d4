//! Names.
use crate::keyword::Keyword;
use crate::position::At;

/// A name of a stream, table, column, field, function, type, query or variable.
///
/// The text is what is meant: written without quotes it has become upper case, between quotes it is as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What is meant.
    pub text: String,
    /// Where it stands.
    pub at: At,
}

impl Name {
    /// A name that stands nowhere.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: At::default() }
    }

    /// Whether it keeps its meaning only between quotes: it has other characters than `A-Z`, `0-9`, `_` and `@`, or is a
    /// reserved word.
    pub fn needs_quotes(&self) -> bool {
        let mut bytes = self.text.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_uppercase() || b == b'_');
        let rest = bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'@'));
        !first || !rest || Keyword::of(&self.text).is_some_and(Keyword::is_reserved)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
