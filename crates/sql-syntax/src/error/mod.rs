//! Why a text is not a statement.
mod explanation;
mod message;

use crate::ast::Feature;
use crate::keyword::Keyword;
use crate::position::Position;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, SyntaxError>;

/// A text that is not what it should be: where and why.
///
/// Its text follows ksqlDB's wording; [`SyntaxError::explain`] is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    position: Position,
    problem: Box<Problem>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Something else should stand here.
    Unexpected {
        /// What stands here, `<EOF>` at the end.
        found: String,
        /// What could.
        expected: Vec<Expected>,
        /// The keyword that may have been meant.
        suggestion: Option<Keyword>,
    },
    /// No statement begins with this word.
    UnknownStatement {
        /// The word.
        word: String,
        /// The most similar one that a statement begins with.
        suggestion: Keyword,
    },
    /// A keyword stands where a name should.
    ReservedWord(String),
    /// A quote or comment is never closed; it begins with this.
    Unclosed(String),
    /// A variable has no value.
    UndefinedVariable(String),
    /// The value of a variable is more than one name or value.
    IllegalVariable(String),
    /// Expressions, types or statements are nested too deeply.
    TooDeep,
    /// A whole number does not fit 64 bits.
    InvalidNumber(String),
    /// A number with an exponent is too large.
    DoubleOverflow(String),
    /// `ESCAPE` takes one character.
    IllegalEscape(String),
    /// A stream or table is created under a name that it cannot have.
    IllegalSourceName(String),
    /// A stream's key is called `PRIMARY KEY`, or a table's is not.
    WrongKey {
        /// The column.
        column: String,
        /// Whether it is a table's.
        of_table: bool,
    },
    /// Something beyond ksqlDB where that is not wanted.
    Extension(Feature),
    /// A directive of a file of SQL tests.
    Directive(String),
}

/// Something that could stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This keyword or symbol.
    Token(&'static str),
    /// A literal of this class.
    Literal(&'static str),
    /// Any of these.
    Thing(&'static str),
}

impl SyntaxError {
    pub(crate) fn new(position: Position, problem: Problem) -> Self {
        Self { position, problem: Box::new(problem) }
    }

    /// Where the offending text begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Whether ksqlDB finds it when it prepares the statement, after it has read the whole text and executed the
    /// statements before: then its message begins with `Failed to prepare statement: `.
    pub fn is_found_late(&self) -> bool {
        matches!(
            *self.problem,
            Problem::InvalidNumber(_)
                | Problem::DoubleOverflow(_)
                | Problem::IllegalEscape(_)
                | Problem::IllegalSourceName(_)
                | Problem::WrongKey { .. }
        )
    }

    /// The keyword that may have been meant.
    pub fn suggestion(&self) -> Option<Keyword> {
        match *self.problem {
            Problem::Unexpected { suggestion, .. } => suggestion,
            Problem::UnknownStatement { suggestion, .. } => Some(suggestion),
            _ => None,
        }
    }
}

impl std::error::Error for SyntaxError {}
