//! `ON`: what the two sides of a join have in common.
use std::collections::BTreeSet;
use std::sync::Arc;

use lentic_sql_syntax::ast::{BinaryOp, Expr, ExprNode, Join, Name};

use super::braced;
use crate::expr::{Clause, Compiled, Scope};
use crate::plan::Analysis;
use crate::plan::flow::Flow;
use crate::plan::select::qualified;
use crate::{Refusal, SqlType};

/// Two expressions that must be equal.
pub(super) struct Criterion {
    /// Over rows of the left side.
    pub(super) left: Side,
    /// Over rows of the right side.
    pub(super) right: Side,
    pub(super) kind: SqlType,
    /// As it was written: `L.A = R.A`.
    pub(super) shown: String,
}

/// One of the two expressions.
pub(super) struct Side {
    /// Qualified.
    pub(super) expr: Expr,
    pub(super) compiled: Arc<Compiled>,
}

impl Analysis<'_> {
    /// Refuses what is wrong with a criterion whatever the kinds of its sources.
    pub(super) fn check_criterion(&self, join: &Join, all: &Scope, new: &Name) -> Result<(), Refusal> {
        let mut unknown = None;
        join.on.any(&mut |part| {
            if let ExprNode::Column { source: Some(source), .. } = &part.node
                && unknown.is_none()
                && self.sources.iter().all(|known| known.alias != *source)
            {
                unknown = Some(part.clone());
            }
            false
        });
        if let Some(unknown) = unknown {
            self.compile(&unknown, all, Clause::JoinOn)?;
        }
        let on = qualified(&join.on, all);
        let ExprNode::Binary { op, left: one, right: other } = &on.node else {
            return Err(only_equality(&on));
        };
        if *op == BinaryOp::And {
            return Err(Refusal::new(format!(
                "Invalid join condition: joins on multiple conditions are not yet supported. Got {on}."
            )));
        }
        if *op != BinaryOp::Equal {
            return Err(only_equality(&on));
        }
        let one_source = self.only_source(one, &on, all)?;
        let other_source = self.only_source(other, &on, all)?;
        if one_source == other_source {
            return Err(Refusal::new(format!(
                "Each side of the join must reference exactly one source and not the same source. Left side references `{}` and \
                 right references `{}`",
                one_source.text, other_source.text
            )));
        }
        if one_source != *new && other_source != *new {
            return Err(Refusal::new(format!(
                "A join criteria is expected to reference the source (`{}`) in the FROM clause, instead the right source references \
                 `{}` and the left source references `{}`",
                new.text, other_source.text, one_source.text
            )));
        }
        Ok(())
    }

    pub(super) fn criterion(
        &self,
        join: &Join,
        left: &Flow,
        right: &Flow,
        new: &Name,
    ) -> Result<Criterion, Refusal> {
        let (left_scope, right_scope) = (left.scope(), right.scope());
        let both = Scope::new(left_scope.columns().iter().chain(right_scope.columns()).cloned());
        let on = qualified(&join.on, &both);
        let ExprNode::Binary { left: one, right: other, .. } = &on.node else {
            return Err(only_equality(&on));
        };
        let is_new = self.only_source(one, &on, &both)? == *new;
        let (first, second) = if is_new { (other, one) } else { (one, other) };
        let (left_expr, right_expr) = (Expr::clone(first), Expr::clone(second));
        let first = self.compile(first, &left_scope, Clause::JoinOn)?;
        let second = self.compile(second, &right_scope, Clause::JoinOn)?;
        let shown = format!("{one} = {other}");
        if first.kind() != second.kind() {
            let (one_kind, other_kind) =
                if is_new { (second.kind(), first.kind()) } else { (first.kind(), second.kind()) };
            return Err(Refusal::new(format!(
                "Invalid join condition: types don't match. Got {one}{} = {other}{}.",
                braced(one_kind),
                braced(other_kind)
            )));
        }
        let kind = first.kind().cloned().ok_or_else(|| Refusal::new("A join on NULL is not supported."))?;
        let left = Side { expr: left_expr, compiled: Arc::new(first) };
        let right = Side { expr: right_expr, compiled: Arc::new(second) };
        Ok(Criterion { left, right, kind, shown })
    }

    /// The one source that an expression speaks of.
    fn only_source(&self, expr: &Expr, on: &Expr, all: &Scope) -> Result<Name, Refusal> {
        let mut sources = Vec::new();
        expr.any(&mut |part| {
            if let ExprNode::Column { source: Some(source), .. } = &part.node
                && !sources.contains(source)
            {
                sources.push(source.clone());
            }
            false
        });
        // The key that a join before has made is of the first source of that join.
        let synthetic = expr.any(&mut |part| {
            matches!(&part.node, ExprNode::Column { source: None, name } if name.text.starts_with("ROWKEY"))
        });
        if sources.is_empty() && synthetic {
            sources.push(self.sources[0].alias.clone());
        }
        let distinct: BTreeSet<&str> = sources.iter().map(|name| name.text.as_str()).collect();
        match (distinct.len(), sources.first().cloned()) {
            (1, Some(source)) => Ok(source),
            _ if expr.any(&mut |part| matches!(part.node, ExprNode::Column { .. }))
                && distinct.is_empty() =>
            {
                self.compile(expr, all, Clause::JoinOn)?;
                Err(only_equality(on))
            }
            _ => Err(Refusal::new(format!(
                "Invalid comparison expression '{}' in join '{on}'. Each side of the join comparision must contain references from \
                 exactly one source.",
                expr.to_string().replace("NULL", "null")
            ))),
        }
    }
}

fn only_equality(on: &Expr) -> Refusal {
    Refusal::new(format!(
        "Invalid join condition: only comparisons with '=' of the two sources are supported. Got {on}."
    ))
}
