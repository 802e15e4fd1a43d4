//! Statements about streams and tables: their declaration, change and end.
use super::{DataType, Expr, Literal, Name, Query};
use crate::position::At;

/// Stream or table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A stream.
    Stream,
    /// A table.
    Table,
}

/// `CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name [(columns)] [WITH (properties)]`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSource {
    /// What is created.
    pub kind: SourceKind,
    /// `OR REPLACE`
    pub or_replace: bool,
    /// `SOURCE`: read-only.
    pub read_only: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: Name,
    /// Its columns, if they are given.
    pub columns: Vec<Column>,
    /// `WITH`
    pub properties: Vec<Property>,
}

/// `CREATE [OR REPLACE] STREAM|TABLE [IF NOT EXISTS] name [WITH (properties)] AS query`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateAs {
    /// What is created.
    pub kind: SourceKind,
    /// `OR REPLACE`
    pub or_replace: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: Name,
    /// `WITH`
    pub properties: Vec<Property>,
    /// What fills it.
    pub query: Query,
}

/// `ALTER STREAM|TABLE name ADD [COLUMN] column type, ...`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterSource {
    /// What is changed.
    pub kind: SourceKind,
    /// Its name.
    pub name: Name,
    /// The new columns.
    pub added: Vec<Column>,
}

/// `DROP STREAM|TABLE [IF EXISTS] name [DELETE TOPIC]`
#[derive(Clone, Debug, PartialEq)]
pub struct DropSource {
    /// What is dropped.
    pub kind: SourceKind,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Its name.
    pub name: Name,
    /// `DELETE TOPIC`
    pub delete_topic: bool,
}

/// A column of a declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub data_type: DataType,
    /// Where its values are.
    pub place: ColumnPlace,
}

/// Where in a record the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnPlace {
    /// In the value.
    Value,
    /// `KEY`
    Key,
    /// `PRIMARY KEY`
    PrimaryKey,
    /// `HEADERS`: all headers.
    Headers,
    /// `HEADER('key')`: one header.
    Header(String),
}

/// `name=value` of `WITH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Upper case if it was written without quotes.
    pub name: Name,
    /// The value.
    pub value: Literal,
}

/// `INSERT INTO name [WITH (properties)] query`
#[derive(Clone, Debug, PartialEq)]
pub struct InsertQuery {
    /// What is written to.
    pub into: Name,
    /// `WITH`
    pub properties: Vec<Property>,
    /// What is written.
    pub query: Query,
}

/// `INSERT INTO name [(columns)] VALUES (values)`
#[derive(Clone, Debug, PartialEq)]
pub struct InsertValues {
    /// What is written to.
    pub into: Name,
    /// The columns, if they are given.
    pub columns: Vec<Name>,
    /// The values.
    pub values: Vec<Expr>,
}

/// `DELETE FROM name WHERE condition`, beyond ksqlDB.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// What is deleted from.
    pub from: Name,
    /// Which rows.
    pub filter: Expr,
    /// Where `DELETE` stands.
    pub at: At,
}
