//! Why a statement is not run.
use std::fmt;

use lentic_sql_syntax::Position;

/// A statement that makes no sense, or none here. The text is what the user reads; where ksqlDB's own test cases check a message,
/// it has ksqlDB's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    text: String,
    position: Option<Position>,
}

impl Refusal {
    /// With what is wrong.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), position: None }
    }

    /// And where it stands in the statement's text.
    #[must_use]
    pub fn at(self, position: Position) -> Self {
        Self { position: Some(position), ..self }
    }

    /// Where the trouble is, if it is in one place.
    pub fn position(&self) -> Option<Position> {
        self.position
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}
