//! `GROUP BY` and aggregates in a pull query, beyond ksqlDB.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_sql_syntax::ast::{Expr, ExprNode, Literal, Query};

use crate::expr::{Clause, Compiled, Scope};
use crate::plan::analysis::Analysis;
use crate::plan::flow::Flow;
use crate::plan::group::Folding;
use crate::plan::row::Row;
use crate::plan::select::{Item, qualified};
use crate::{Refusal, Value};

/// How rows are grouped and folded.
pub(in crate::plan) struct Groups {
    by: Vec<Arc<Compiled>>,
    folding: Folding,
    having: Option<Compiled>,
    /// What the projection sees: groups and results.
    pub(super) scope: Scope,
    /// Whether there is one group, of all rows, also of none.
    is_whole: bool,
}

/// The groups so far.
pub(super) type States = BTreeMap<Vec<Value>, Row>;

impl Analysis<'_> {
    pub(super) fn groups(&self, query: &Query, flow: &Flow, items: &mut [Item]) -> Result<Groups, Refusal> {
        let everything = [ExprNode::Literal(Literal::Integer(0)).into()];
        let exprs: &[Expr] = query.group_by.as_deref().unwrap_or(&everything);
        let mut having = query.having.as_ref().map(|having| qualified(having, &flow.scope()));
        let grouping = self.grouping(flow, exprs, items)?;
        let calls = self.aggregate_calls(items, having.as_ref())?;
        let folding = self.folding(flow, &calls, false)?;
        self.rewrite(items, &mut having, &grouping, &calls, flow)?;
        let by = grouping.compiled.clone();
        let (columns, _) = grouping.columns(&folding, &calls);
        let grouped = Flow { columns, ..flow.clone() };
        let scope = grouped.scope();
        let having = having.map(|having| self.compile(&having, &scope, Clause::Having)).transpose()?;
        Ok(Groups { by, folding, having, scope, is_whole: query.group_by.is_none() })
    }
}

impl Groups {
    /// Adds a row to its group.
    pub(super) fn add(&self, row: &Row, sequence: i64, states: &mut States) {
        let key: Vec<Value> = self.by.iter().map(|by| by.evaluate(row, &mut |_| {})).collect();
        let state = states.entry(key).or_default();
        self.folding.add_row(state, row, sequence);
    }

    /// The rows of the groups: what they are grouped by, and the results.
    pub(super) fn rows(&self, mut states: States) -> Vec<Row> {
        if self.is_whole && states.is_empty() {
            states.insert(vec![Value::Integer(0)], self.folding.initial());
        }
        let rows = states.into_iter().map(|(mut row, state)| {
            self.folding.append_plain_results(&state, &mut row);
            row
        });
        rows.filter(|row| self.having.as_ref().is_none_or(|having| having.holds(row, &mut |_| {}))).collect()
    }
}
