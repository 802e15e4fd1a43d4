//! Why a text is not a statement.
use std::fmt;

use crate::ast::Feature;
use crate::keyword::Keyword;
use crate::position::{At, Position};

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

impl fmt::Display for SyntaxError {
    /// ksqlDB's message without the statement, which follows it as `\nStatement: ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, problem } = self;
        match &**problem {
            // ksqlDB counts the columns of these two from 2.
            Problem::InvalidNumber(text) => {
                return write!(
                    f,
                    "line {}:{}: Invalid numeric literal: {text}",
                    position.line,
                    position.column + 1
                );
            }
            Problem::DoubleOverflow(text) => {
                return write!(
                    f,
                    "line {}:{}: Number overflows DOUBLE: {text}",
                    position.line,
                    position.column + 1
                );
            }
            Problem::IllegalSourceName(name) => {
                return write!(
                    f,
                    "Illegal argument at {}. Source names may only contain alphanumeric values, '_' or '-'. Got: '{name}'",
                    At(*position)
                );
            }
            Problem::IllegalVariable(value) => {
                return write!(
                    f,
                    "Illegal argument at {}. A variable stands for one name or value. Got: '{value}'",
                    At(*position)
                );
            }
            Problem::WrongKey { column, of_table } => {
                let (is, use_, of) = if *of_table {
                    ("KEY", "PRIMARY KEY", "tables")
                } else {
                    ("PRIMARY KEY", "KEY", "streams")
                };
                let at = At(*position);
                return write!(
                    f,
                    "{at}: Column `{column}` is a '{is}' column: please use '{use_}' for {of}."
                );
            }
            _ => writeln!(f, "line {position}: Syntax Error")?,
        }
        match &**problem {
            Problem::Unexpected { found, expected, suggestion } => {
                let closed = expected.iter().all(|one| !matches!(one, Expected::Thing(_)));
                match expected.as_slice() {
                    [one] if closed => write!(f, "Expecting {one}")?,
                    [_, ..] if closed && expected.len() <= FEW => {
                        write!(f, "Expecting {{{}}}", Listed(expected, ", "))?
                    }
                    _ => write!(f, "Syntax error at or near '{found}' at line {position}")?,
                }
                if let [Expected::Thing(one)] = expected.as_slice() {
                    write!(f, "\nExpecting {one}")?;
                }
                suggestion.map_or(Ok(()), |keyword| write!(f, "\nDid you mean '{keyword}'?"))
            }
            Problem::UnknownStatement { word, suggestion } => {
                write!(f, "Unknown statement '{word}'\nDid you mean '{suggestion}'?")
            }
            Problem::ReservedWord(word) => write!(
                f,
                "\"{word}\" is a reserved keyword and it can't be used as an identifier. You can use it as an identifier \
                 by escaping it as '{word}' "
            ),
            // Nothing more: to ksqlDB it is a word among many that it does not expect.
            Problem::Extension(_) => Ok(()),
            _ => self.fact(f),
        }
    }
}

/// Longer lists of what could stand at a place help nobody.
const FEW: usize = 3;

struct Listed<'a>(&'a [Expected], &'static str);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            write!(f, "{}{one}", if index == 0 { "" } else { self.1 })?;
        }
        Ok(())
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(text) => write!(f, "'{text}'"),
            Self::Literal(text) | Self::Thing(text) => f.write_str(text),
        }
    }
}

impl SyntaxError {
    /// For people: the fact, the line of `text` that it is in, and a mark under the place.
    pub fn explain(&self, text: &str) -> String {
        let line = text.lines().nth(self.position.line as usize - 1).unwrap_or_default();
        let before: String = line
            .chars()
            .take(self.position.column as usize - 1)
            .map(|c| if c == '\t' { c } else { ' ' })
            .collect();
        let number = self.position.line.to_string();
        let margin = " ".repeat(number.len());
        format!("{}\n{number} | {line}\n{margin} | {before}^", Fact(self))
    }

    fn fact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.problem {
            Problem::Unexpected { found, expected, suggestion } => {
                write!(f, "unexpected '{found}'")?;
                if !expected.is_empty() {
                    write!(f, "; expected {}", Listed(expected, " or "))?;
                }
                suggestion.map_or(Ok(()), |keyword| write!(f, "; did you mean {keyword}?"))
            }
            Problem::UnknownStatement { word, suggestion } => {
                write!(f, "no statement begins with '{word}'; did you mean {suggestion}?")
            }
            Problem::ReservedWord(word) => write!(f, "'{word}' is a reserved word; as a name write `{word}`"),
            Problem::Unclosed(opening) => write!(f, "this {opening} is never closed"),
            Problem::UndefinedVariable(name) => write!(f, "the variable {name} has no value"),
            Problem::IllegalVariable(value) => {
                write!(f, "a variable stands for one name or value, not for {value}")
            }
            Problem::TooDeep => f.write_str("nested too deeply"),
            Problem::InvalidNumber(number) => write!(f, "{number} does not fit 64 bits"),
            Problem::DoubleOverflow(number) => write!(f, "{number} is too large for DOUBLE"),
            Problem::IllegalEscape(text) => write!(f, "ESCAPE takes one character, not '{text}'"),
            Problem::IllegalSourceName(name) => {
                write!(f, "names of streams and tables have letters, digits, '_' and '-' only, not `{name}`")
            }
            Problem::WrongKey { column, of_table: true } => {
                write!(f, "the key `{column}` of a table is declared with PRIMARY KEY")
            }
            Problem::WrongKey { column, of_table: false } => {
                write!(f, "the key `{column}` of a stream is declared with KEY")
            }
            Problem::Extension(Feature::OrderBy) => f.write_str("ksqlDB has no ORDER BY"),
            Problem::Extension(Feature::Delete) => f.write_str("ksqlDB has no DELETE"),
            Problem::Directive(what) => f.write_str(what),
        }
    }
}

struct Fact<'a>(&'a SyntaxError);

impl fmt::Display for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fact(f)
    }
}
