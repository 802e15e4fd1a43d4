//! The parts of a text, for those who show it: colours, completion, multi-line editing.
use std::ops::Range;

use crate::lex::{Kind, Token, lex};
use crate::position::Position;
use crate::script::{Piece, is_semicolon};

/// A part of a text and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is.
    pub kind: PartKind,
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// A keyword, or a name that happens to be one.
    Keyword,
    /// A name.
    Name,
    /// A number.
    Number,
    /// Text between single quotes.
    Text,
    /// `${name}`
    Variable,
    /// An operator or punctuation.
    Symbol,
    /// A comment.
    Comment,
    /// A quote or comment that is never closed.
    Unclosed,
    /// What is nothing.
    Stray,
}

/// The parts of a text, from left to right, without the white space between them. Nothing is an error here, since people show
/// text that they have not finished.
pub fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut end = 0;
    for token in lex(text, Position::START).tokens {
        // Between tokens there are comments and white space.
        let gap = &text[end..token.start];
        let comment = gap.trim_ascii();
        if !comment.is_empty() {
            let start = end + gap.len() - gap.trim_ascii_start().len();
            parts.push(Part { range: start..start + comment.len(), kind: PartKind::Comment });
        }
        end = token.end;
        if let Some(kind) = kind(token) {
            parts.push(Part { range: token.start..token.end, kind });
        }
    }
    parts
}

fn kind(token: Token) -> Option<PartKind> {
    Some(match token.kind {
        Kind::Word(Some(_)) => PartKind::Keyword,
        Kind::Word(None) | Kind::Quoted | Kind::DigitWord => PartKind::Name,
        Kind::Integer | Kind::Decimal | Kind::Float => PartKind::Number,
        Kind::Text => PartKind::Text,
        Kind::Variable => PartKind::Variable,
        Kind::Symbol(_) => PartKind::Symbol,
        Kind::Stray => PartKind::Stray,
        Kind::Unclosed => PartKind::Unclosed,
        Kind::End => return None,
    })
}

impl Piece<'_> {
    /// Whether it ends with a semicolon that is in no quote and no comment: whether whoever types it is done.
    pub fn is_finished(&self) -> bool {
        let tokens = lex(self.text, self.at).tokens;
        tokens.iter().rev().nth(1).is_some_and(is_semicolon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::split;

    #[test]
    fn every_part_is_named() {
        let text = "-- é\nSELECT a, `b` /* c */ , 1E3 FROM ${d} WHERE 'e' # 'f";
        let shown: Vec<_> =
            parts(text).into_iter().map(|part| format!("{:?} {}", part.kind, &text[part.range])).collect();
        assert_eq!(
            shown,
            [
                "Comment -- é",
                "Keyword SELECT",
                "Name a",
                "Symbol ,",
                "Name `b`",
                "Comment /* c */",
                "Symbol ,",
                "Number 1E3",
                "Keyword FROM",
                "Variable ${d}",
                "Keyword WHERE",
                "Text 'e'",
                "Stray #",
                "Unclosed 'f"
            ]
        );
        assert_eq!(parts(" -- only"), [Part { range: 1..8, kind: PartKind::Comment }]);
    }

    #[test]
    fn a_semicolon_within_quotes_finishes_nothing() {
        for (text, finished) in
            [("a;", true), ("a", false), ("a 'b;", false), ("a /* b;", false), ("'a;';", true)]
        {
            assert_eq!(split(text).iter().map(Piece::is_finished).collect::<Vec<_>>(), [finished], "{text}");
        }
    }
}
