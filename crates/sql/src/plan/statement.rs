//! The statement as ksqlDB's messages show it: with every column qualified and every expression named.
use lentic_sql_syntax::ast::{CreateAs, Emit, Expr, InsertQuery, Query, Relation, SelectItem};

use super::flow::Flow;
use super::select::{Item, qualified};
use super::{Analysis, Target};
use crate::Refusal;

impl Analysis<'_> {
    /// Remembers what the statement says, now that its names are known.
    pub(super) fn show_statement(&self, items: &[Item], flow: &Flow) {
        let scope = flow.scope();
        let query = self.query();
        let expr = |expr: &Expr| qualified(expr, &scope);
        let exprs = |exprs: &Vec<Expr>| exprs.iter().map(expr).collect();
        let relation = |relation: &Relation| Relation {
            name: relation.name.clone(),
            alias: Some(relation.alias.clone().unwrap_or_else(|| relation.name.clone())),
        };
        let select = items
            .iter()
            .map(|item| SelectItem::Expr { expr: item.expr.clone(), alias: Some(item.alias.clone()) })
            .collect();
        let joins = query.joins.iter().map(|join| lentic_sql_syntax::ast::Join {
            right: relation(&join.right),
            on: expr(&join.on),
            ..join.clone()
        });
        let shown = Query {
            select,
            from: relation(&query.from),
            joins: joins.collect(),
            filter: query.filter.as_ref().map(expr),
            group_by: query.group_by.as_ref().map(exprs),
            partition_by: query.partition_by.as_ref().map(exprs),
            having: query.having.as_ref().map(expr),
            emit: query.emit.or(Some(Emit::Changes)),
            ..query.clone()
        };
        let text = match self.request.target {
            Target::Create(create) => {
                let create = CreateAs { query: shown, ..create.clone() };
                lentic_sql_syntax::ast::Statement::CreateAs(create).to_string()
            }
            Target::Insert(insert) => {
                let insert = InsertQuery { query: shown, ..insert.clone() };
                lentic_sql_syntax::ast::Statement::InsertQuery(insert).to_string()
            }
            Target::Client(_) => shown.to_string(),
        };
        *self.shown.borrow_mut() = text;
    }

    /// A refusal of the whole statement, with its text.
    pub(super) fn with_statement(&self, refusal: &Refusal) -> Refusal {
        refusal.clone().before(&format!("\nStatement: {}", self.shown.borrow()))
    }

    /// What was refused inside of the query, unless the result is refused for the same.
    pub(super) fn defer<T>(&self, found: Result<T, Refusal>, instead: impl FnOnce() -> T) -> T {
        found.unwrap_or_else(|refusal| {
            self.deferred.borrow_mut().get_or_insert(refusal);
            instead()
        })
    }
}
