//! Errors for people.
use std::fmt;

use super::message::Listed;
use super::{Problem, SyntaxError};
use crate::ast::Feature;

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

    /// What is wrong, in a few words.
    pub(super) fn fact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
