//! `SELECT`.
use super::{Expr, Name, Span, Window};
use crate::position::At;

/// A query, in the order in which its clauses are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What is returned.
    pub select: Vec<SelectItem>,
    /// The first source.
    pub from: Relation,
    /// The sources that are joined to it, from left to right.
    pub joins: Vec<Join>,
    /// `WINDOW`
    pub window: Option<Window>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `GROUP BY`; `None` without the clause.
    pub group_by: Option<Vec<Expr>>,
    /// `PARTITION BY`; `None` without the clause.
    pub partition_by: Option<Vec<Expr>>,
    /// `HAVING`
    pub having: Option<Expr>,
    /// `ORDER BY`, beyond ksqlDB.
    pub order_by: Option<OrderBy>,
    /// `EMIT`; a query without is a pull query, unless it stands in another statement.
    pub emit: Option<Emit>,
    /// `LIMIT`; may be negative, for a message of its own.
    pub limit: Option<i64>,
    /// Where `SELECT` stands.
    pub at: At,
}

/// What `SELECT` returns.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `expression [AS alias]`
    Expr {
        /// The value.
        expr: Expr,
        /// The column's name.
        alias: Option<Name>,
    },
    /// `*`, `source.*`
    All {
        /// What stands before the point.
        source: Option<Name>,
        /// Where it stands.
        at: At,
    },
    /// `struct->*`
    AllFields {
        /// The struct.
        base: Expr,
    },
}

/// A stream or table in `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// The stream or table.
    pub name: Name,
    /// What it is called in the query.
    pub alias: Option<Name>,
}

/// `JOIN`
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// What becomes of rows without a match.
    pub kind: JoinKind,
    /// The right side.
    pub right: Relation,
    /// `WITHIN`
    pub within: Option<Within>,
    /// `ON`
    pub on: Expr,
    /// Where the clause begins.
    pub at: At,
}

/// Which rows without a match a join keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// None.
    Inner,
    /// Those of the left side.
    Left,
    /// Those of the right side.
    Right,
    /// All.
    Full,
}

/// How far apart in time the two sides of a match may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    /// How much older the right side may be.
    pub before: Span,
    /// How much younger; as much as `before` if it is not given.
    pub after: Option<Span>,
    /// `GRACE PERIOD`
    pub grace: Option<Span>,
}

/// `EMIT`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emit {
    /// Every change.
    Changes,
    /// The last state of each window.
    Final,
}

/// `ORDER BY`
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// What is compared, the first thing first.
    pub items: Vec<OrderItem>,
    /// Where `BY` stands: what ksqlDB, to which `ORDER` is an alias, takes offence at.
    pub at: At,
}

/// An expression of `ORDER BY`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What is compared.
    pub expr: Expr,
    /// `DESC`
    pub descending: bool,
}
