//! Why an expression is refused.
use std::fmt;

use lentic_sql_syntax::Position;
use lentic_sql_syntax::ast::Name;

use super::Clause;

/// An expression that means nothing, or nothing that can be computed. The words are ksqlDB's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    pub(super) clause: Clause,
    pub(super) at: Position,
    pub(super) problem: Problem,
    /// The whole filter, which ksqlDB shows with an error in one.
    pub(super) filter: Option<Box<str>>,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No such column.
    UnknownColumn {
        /// As it was written.
        name: String,
        /// A column that looks like it.
        near: Option<String>,
    },
    /// No such source.
    UnknownSource {
        /// As it was written.
        name: String,
        /// A source that looks like it.
        near: Option<String>,
    },
    /// Columns of several sources have the name.
    AmbiguousColumn {
        /// As it was written.
        name: String,
        /// The columns.
        candidates: Vec<String>,
    },
    /// Types that do not go together, functions that do not exist.
    Type(String),
    /// A conversion that does not exist; ksqlDB finds it later than the other errors and says so.
    Conversion(String),
    /// A condition of LIKE that is no text; said without the clause.
    Like(String),
    /// A filter that is no BOOLEAN.
    NoFilter {
        /// The expression.
        text: String,
        /// Its type.
        kind: String,
    },
}

/// What checking an expression gives.
pub type Checked<T> = Result<T, ExprError>;

impl ExprError {
    /// Where the faulty part stands in the text.
    pub fn position(&self) -> Position {
        self.at
    }

    /// The clause that it belongs to.
    pub fn clause(&self) -> Clause {
        self.clause
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What may have been meant: the name of a column or source.
    pub fn suggestion(&self) -> Option<&str> {
        match &self.problem {
            Problem::UnknownColumn { near, .. } | Problem::UnknownSource { near, .. } => near.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clause, at: Position { line, column }, problem, filter } = self;
        let statement = |f: &mut fmt::Formatter<'_>| {
            filter.as_ref().map_or(Ok(()), |filter| write!(f, "\nStatement: {filter}"))
        };
        match problem {
            Problem::UnknownColumn { name, near } => {
                write!(f, "Line: {line}, Col: {column}: {clause} column '{name}' cannot be resolved.")?;
                if matches!(clause, Clause::PartitionBy | Clause::GroupBy) {
                    let reason = format!("since {clause} is applied on the input");
                    write!(f, " '{name}' must be a column in the source schema {reason}.")?;
                }
                suggest(f, near.as_deref())
            }
            Problem::UnknownSource { name, near } => {
                write!(f, "'{name}' is not a valid stream/table name or alias.")?;
                suggest(f, near.as_deref())
            }
            Problem::AmbiguousColumn { name, candidates } => {
                write!(f, "Line: {line}, Col: {column}: Column '{name}' is ambiguous. Could be ")?;
                for (index, candidate) in candidates.iter().enumerate() {
                    let before = match index {
                        0 => "",
                        last if last + 1 == candidates.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{before}{candidate}")?;
                }
                f.write_str(".")
            }
            Problem::Type(text) if clause.is_filter() => {
                write!(f, "Error in {clause} expression: {text}")?;
                statement(f)
            }
            Problem::Type(text) | Problem::Like(text) => f.write_str(text),
            Problem::Conversion(text) => match clause.compiled_name() {
                Some(name) => write!(f, "Invalid {name}: {text}"),
                None => f.write_str(text),
            },
            Problem::NoFilter { text, kind } => {
                let wanted = "Should evaluate to boolean";
                write!(f, "Type error in {clause} expression: {wanted} but is {text} ({kind}) instead.")?;
                statement(f)
            }
        }
    }
}

impl std::error::Error for ExprError {}

fn suggest(f: &mut fmt::Formatter<'_>, near: Option<&str>) -> fmt::Result {
    near.map_or(Ok(()), |near| write!(f, " Did you mean '{near}'?"))
}

/// `source.name`, or the name alone.
pub(super) fn qualified(source: Option<&Name>, name: &Name) -> String {
    source.map_or_else(|| name.to_string(), |source| format!("{source}.{name}"))
}
