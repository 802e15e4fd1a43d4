//! `ASSERT`: what must hold, for the server and for the SQL test tool.
use super::{Column, Expr, Name, Property, SourceKind, Span};

/// `ASSERT [NOT EXISTS] TOPIC topic [WITH (properties)] [TIMEOUT n unit]`
#[derive(Clone, Debug, PartialEq)]
pub struct AssertTopic {
    /// Without `NOT EXISTS`.
    pub exists: bool,
    /// The topic; its case counts.
    pub topic: String,
    /// `WITH`
    pub properties: Vec<Property>,
    /// `TIMEOUT`
    pub timeout: Option<Span>,
}

/// `ASSERT [NOT EXISTS] SCHEMA [SUBJECT subject] [ID n] [TIMEOUT n unit]`; a subject or an id is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertSchema {
    /// Without `NOT EXISTS`.
    pub exists: bool,
    /// The subject; its case counts.
    pub subject: Option<String>,
    /// The schema's number.
    pub id: Option<i64>,
    /// `TIMEOUT`
    pub timeout: Option<Span>,
}

/// `ASSERT VALUES name [(columns)] VALUES (values)`, of the test tool.
#[derive(Clone, Debug, PartialEq)]
pub struct AssertValues {
    /// Whose next record is compared.
    pub source: Name,
    /// The columns, if they are given.
    pub columns: Vec<Name>,
    /// Their values.
    pub values: Vec<Expr>,
}

/// `ASSERT NULL VALUES name [(columns)] KEY (values)`, of the test tool.
#[derive(Clone, Debug, PartialEq)]
pub struct AssertTombstone {
    /// Whose next record must be a tombstone.
    pub source: Name,
    /// The key columns, if they are given.
    pub columns: Vec<Name>,
    /// Their values.
    pub key: Vec<Expr>,
}

/// `ASSERT STREAM|TABLE name [(columns)] [WITH (properties)]`, of the test tool.
#[derive(Clone, Debug, PartialEq)]
pub struct AssertSource {
    /// What it must be.
    pub kind: SourceKind,
    /// The stream or table.
    pub name: Name,
    /// The columns that it must have.
    pub columns: Vec<Column>,
    /// The properties that it must have.
    pub properties: Vec<Property>,
}
