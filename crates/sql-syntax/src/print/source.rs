//! Statements about streams and tables.
use std::fmt::{self, Display, Formatter};

use super::name::{Key, Text};
use super::{separated, when};
use crate::ast::{
    AlterSource, Column, ColumnPlace, CreateAs, CreateSource, Delete, DropSource, Expr, InsertQuery,
    InsertValues, Name, Property, SourceKind,
};

impl Display for SourceKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "STREAM",
            Self::Table => "TABLE",
        })
    }
}

impl Display for CreateSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CREATE {}{}{} {}{}",
            when(self.or_replace, "OR REPLACE "),
            when(self.read_only, "SOURCE "),
            self.kind,
            when(self.if_not_exists, "IF NOT EXISTS "),
            self.name
        )?;
        columns(f, &self.columns)?;
        properties(f, &self.properties)
    }
}

impl Display for CreateAs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CREATE {}{} {}{}",
            when(self.or_replace, "OR REPLACE "),
            self.kind,
            when(self.if_not_exists, "IF NOT EXISTS "),
            self.name
        )?;
        properties(f, &self.properties)?;
        write!(f, " AS {}", self.query)
    }
}

/// ` (columns)`
pub(super) fn columns(f: &mut Formatter<'_>, columns: &[Column]) -> fmt::Result {
    in_parentheses(f, " ", columns)
}

/// ` WITH (properties)`
pub(super) fn properties(f: &mut Formatter<'_>, properties: &[Property]) -> fmt::Result {
    in_parentheses(f, " WITH ", properties)
}

/// ` (names)`
pub(super) fn names(f: &mut Formatter<'_>, names: &[Name]) -> fmt::Result {
    in_parentheses(f, " ", names)
}

fn in_parentheses<T: Display>(f: &mut Formatter<'_>, before: &str, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    write!(f, "{before}(")?;
    separated(f, items, ", ")?;
    f.write_str(")")
}

/// ` VALUES (values)`, or another word.
pub(super) fn values(f: &mut Formatter<'_>, word: &str, values: &[Expr]) -> fmt::Result {
    write!(f, " {word} (")?;
    separated(f, values, ", ")?;
    f.write_str(")")
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.data_type)?;
        match &self.place {
            ColumnPlace::Value => Ok(()),
            ColumnPlace::Key => f.write_str(" KEY"),
            ColumnPlace::PrimaryKey => f.write_str(" PRIMARY KEY"),
            ColumnPlace::Headers => f.write_str(" HEADERS"),
            ColumnPlace::Header(key) => write!(f, " HEADER({})", Text(key)),
        }
    }
}

impl Display for Property {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", Key(&self.name), self.value)
    }
}

impl Display for AlterSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER {} {}", self.kind, self.name)?;
        for (index, column) in self.added.iter().enumerate() {
            write!(f, "{} ADD COLUMN {column}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Display for DropSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (if_exists, delete_topic) =
            (when(self.if_exists, "IF EXISTS "), when(self.delete_topic, " DELETE TOPIC"));
        write!(f, "DROP {} {if_exists}{}{delete_topic}", self.kind, self.name)
    }
}

impl Display for InsertQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT INTO {}", self.into)?;
        properties(f, &self.properties)?;
        write!(f, " {}", self.query)
    }
}

impl Display for InsertValues {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT INTO {}", self.into)?;
        names(f, &self.columns)?;
        values(f, "VALUES", &self.values)
    }
}

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "DELETE FROM {} WHERE {}", self.from, self.filter)
    }
}
