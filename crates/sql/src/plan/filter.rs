//! `WHERE` and `HAVING`: which rows there are.
use std::sync::Arc;

use lentic_sql_syntax::ast::Expr;
use lentic_topology::Payload;
use lentic_topology::spec::Predicate;

use super::Analysis;
use super::flow::{Flow, Handle};
use super::row::Row;
use crate::Refusal;
use crate::expr::Clause;

impl Analysis<'_> {
    /// Keeps the rows of which the condition is true. Of a table those that are not any longer are deleted, and those that
    /// never were are not heard of.
    pub(super) fn filter(&self, flow: Flow, condition: &Expr, clause: Clause) -> Result<Flow, Refusal> {
        let compiled = self.compile(condition, &flow.scope(), clause)?;
        let log = self.log.of(if clause == Clause::Where { "WhereFilter" } else { "HavingFilter" });
        let keep: Predicate = Arc::new(move |_: Option<&Payload>, value: Option<&Payload>| {
            value.is_some_and(|row| compiled.holds(row.get::<Row>(), &mut |error| log.report(error)))
        });
        let handle = match &flow.handle {
            Handle::Stream(stream) => Handle::Stream(stream.filter(Arc::clone(&keep))),
            Handle::Table(table) => Handle::Table(table.filter(Arc::clone(&keep), true)),
        };
        let view = flow.view.map(|view| view.filtered(keep));
        Ok(Flow { handle, key_only: None, view, ..flow })
    }
}
