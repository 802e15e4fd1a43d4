//! What may not stand beside GROUP BY.
use lentic_sql_syntax::ast::{Expr, ExprNode, Name};

use super::{Grouping, RESULT};
use crate::Refusal;
use crate::expr::visit_calls;
use crate::plan::Analysis;
use crate::plan::flow::Flow;
use crate::plan::select::Item;

/// The columns of an expression that are neither groups nor results nor bounds of windows.
pub(super) fn strangers<'e>(
    expr: &'e Expr,
    grouping: &Grouping,
    bound: &mut Vec<&'e Name>,
    found: &mut Vec<Expr>,
) {
    match &expr.node {
        ExprNode::Column { source, name } => {
            let is_result = source.is_none() && name.text.starts_with(RESULT);
            let is_group = grouping.exprs.contains(expr)
                || source.is_none() && grouping.key.iter().any(|key| *key.name == *name.text);
            let is_known =
                is_result || is_group || is_bound(name) || source.is_none() && bound.contains(&name);
            if !is_known && !found.contains(expr) {
                found.push(expr.clone());
            }
        }
        ExprNode::Lambda { params, body } => {
            let before = bound.len();
            bound.extend(params);
            strangers(body, grouping, bound, found);
            bound.truncate(before);
        }
        _ => expr.for_each_child(|child| strangers(child, grouping, bound, found)),
    }
}

fn is_bound(name: &Name) -> bool {
    matches!(name.text.as_str(), "WINDOWSTART" | "WINDOWEND")
}

impl Analysis<'_> {
    /// The bounds of the windows that a query makes are known only when it has made them.
    pub(super) fn refuse_bounds(
        &self,
        exprs: &[Expr],
        items: &[Item],
        having: Option<&Expr>,
        flow: &Flow,
    ) -> Result<(), Refusal> {
        if flow.window.is_some() || self.query().window.is_none() {
            return Ok(());
        }
        let refuse = |expr: &Expr| {
            let mut found = None;
            expr.any(&mut |part| {
                if let ExprNode::Column { name, .. } = &part.node
                    && is_bound(name)
                    && found.is_none()
                {
                    found = Some((name.text.clone(), part.at.0));
                }
                false
            });
            let Some((name, at)) = found else { return Ok(()) };
            Err(Refusal::new(format!(
                "Window bounds column {name} can only be used in the SELECT clause of windowed aggregations and can not be passed \
                 to aggregate functions."
            ))
            .at(at))
        };
        exprs.iter().try_for_each(refuse)?;
        having.into_iter().try_for_each(refuse)?;
        for item in items {
            let mut calls = Vec::new();
            let registry = &self.planner.registry;
            visit_calls(&item.expr, &mut |name| registry.is_aggregate(&name.text), &mut |call| {
                calls.push(call)
            });
            calls.into_iter().try_for_each(refuse)?;
        }
        Ok(())
    }
}
