//! Errors in ksqlDB's words.
use std::fmt;

use super::{Expected, Problem, SyntaxError};
use crate::position::At;

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

pub(super) struct Listed<'a>(pub &'a [Expected], pub &'static str);

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
