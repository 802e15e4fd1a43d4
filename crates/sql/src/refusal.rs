//! Why a statement is not run.
use std::fmt;

use lentic_sql_syntax::Position;

/// A statement that makes no sense, or none here. The text is what is wrong; where ksqlDB's own test cases check a message, it has
/// ksqlDB's words. [`Refusal::told`] is what the user reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    text: String,
    position: Option<Position>,
    near: Option<String>,
    needs_registry: bool,
}

impl Refusal {
    /// With what is wrong.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), position: None, near: None, needs_registry: false }
    }

    /// And where it stands in the statement's text.
    #[must_use]
    pub fn at(self, position: Position) -> Self {
        Self { position: Some(position), ..self }
    }

    /// And where, unless that is known more closely.
    #[must_use]
    pub fn within(self, position: Position) -> Self {
        Self { position: self.position.or(Some(position)), ..self }
    }

    /// And what may have been meant.
    #[must_use]
    pub fn near(self, near: Option<impl Into<String>>) -> Self {
        Self { near: near.map(Into::into), ..self }
    }

    /// It would need a schema registry.
    #[must_use]
    pub fn for_want_of_registry(self) -> Self {
        Self { needs_registry: true, ..self }
    }

    /// The same with words in front.
    #[must_use]
    pub fn after(self, words: &str) -> Self {
        Self { text: format!("{words}{}", self.text), ..self }
    }

    /// The same with words behind.
    #[must_use]
    pub fn before(self, words: &str) -> Self {
        Self { text: format!("{}{words}", self.text), ..self }
    }

    /// Where the trouble is, if it is in one place.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// What may have been meant.
    pub fn suggestion(&self) -> Option<&str> {
        self.near.as_deref()
    }

    /// Whether only a schema registry is missing.
    pub fn needs_registry(&self) -> bool {
        self.needs_registry
    }

    /// For the user: where it is, unless the words say so themselves, what is wrong, and what may have been meant.
    pub fn told(&self) -> String {
        let advised = self.advised();
        match self.position {
            Some(Position { line, column }) if !names_place(&self.text) => {
                format!("Line: {line}, Col: {column}: {advised}")
            }
            _ => advised,
        }
    }

    /// The same without the place.
    pub(crate) fn advised(&self) -> String {
        let Some(near) = &self.near else { return self.text.clone() };
        // The statement stands last.
        let end = self.text.find("\nStatement: ").unwrap_or(self.text.len());
        let (wrong, statement) = self.text.split_at(end);
        let between = match (wrong.contains('\n'), wrong.ends_with(['.', '?', '!'])) {
            (true, _) => "\n",
            (false, true) => " ",
            (false, false) => ". ",
        };
        format!("{wrong}{between}Did you mean '{near}'?{statement}")
    }
}

/// Whether a message says where something is, as `line 1:22` or `Line: 1, Col: 22`.
fn names_place(text: &str) -> bool {
    ["line ", "Line: "].iter().any(|word| {
        let mut behind = text.match_indices(word).map(|(at, word)| &text[at + word.len()..]);
        behind.any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    })
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_read() {
        let at = Position { line: 2, column: 15 };
        for (refusal, told) in [
            (Refusal::new("X does not exist."), "X does not exist."),
            (Refusal::new("X does not exist.").at(at), "Line: 2, Col: 15: X does not exist."),
            (
                Refusal::new("X does not exist.").at(at).near(Some("Y")).after("No: "),
                "Line: 2, Col: 15: No: X does not exist. Did you mean 'Y'?",
            ),
            (
                Refusal::new("X does not exist").near(Some("Y")).before("\nStatement: x"),
                "X does not exist. Did you mean 'Y'?\nStatement: x",
            ),
            // The place is told once.
            (Refusal::new("line 2:15: Syntax Error\nx").at(at), "line 2:15: Syntax Error\nx"),
            (Refusal::new("At Line: 2, Col: 15: x").at(at), "At Line: 2, Col: 15: x"),
            (
                Refusal::new("a line of text\nx").at(at).near(Some("Y")),
                "Line: 2, Col: 15: a line of text\nx\nDid you mean 'Y'?",
            ),
        ] {
            assert_eq!(refusal.told(), told);
        }
        assert_eq!(Refusal::new("x").at(at).within(Position::START).position(), Some(at));
    }
}
