//! Where something stands in the text.
use std::fmt;

/// Line and column of a character, both counted from 1; columns count characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Position {
    /// The beginning of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Moves over `text`.
    pub(crate) fn advance(&mut self, text: &[u8]) {
        for byte in text {
            if *byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else if byte & 0xc0 != 0x80 {
                self.column = self.column.saturating_add(1);
            }
        }
    }
}

impl Default for Position {
    fn default() -> Self {
        Self::START
    }
}

impl fmt::Display for Position {
    /// `line:column`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The position of a node of the syntax tree.
///
/// Any two are equal, so trees compare by what they say and not by where they stand: a tree equals what is parsed from its
/// printed text.
#[derive(Clone, Copy, Default)]
pub struct At(pub Position);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

impl fmt::Debug for At {
    /// `@line:column`, since a tree has many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

impl From<Position> for At {
    fn from(position: Position) -> Self {
        Self(position)
    }
}

impl fmt::Display for At {
    /// `Line: 3, Col: 14`, as ksqlDB names the place of a node.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line: {}, Col: {}", self.0.line, self.0.column)
    }
}
