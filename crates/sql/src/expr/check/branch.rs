//! CASE.
use lentic_sql_syntax::ast::Expr;

use super::Checker;
use crate::coercion::ListMismatch;
use crate::compare::Comparison;
use crate::expr::comparer::Comparer;
use crate::expr::error::Checked;
use crate::expr::list::{list_kind, words};
use crate::expr::node::{Node, Switch};
use crate::expr::typed::Typed;
use crate::types::SqlType;

impl Checker<'_> {
    pub(super) fn searched_case(
        &mut self,
        expr: &Expr,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Checked<Typed> {
        let mut conditions = Vec::with_capacity(branches.len());
        for (when, _) in branches {
            let typed = self.typed(when)?;
            if typed.kind.as_ref().is_some_and(|kind| *kind != SqlType::Boolean) {
                let text = format!(
                    "WHEN operand type should be boolean.\nType for '{}' is {}",
                    self.show(when),
                    typed.kind_text()
                );
                return Err(self.type_error(when, text));
            }
            conditions.push(self.finished(when, typed)?);
        }
        let (results, otherwise, kind) = self.results(expr, branches, otherwise)?;
        let branches = conditions.into_iter().zip(results).collect();
        Ok(Typed::node(Node::Case { branches, otherwise: Box::new(otherwise) }.folded(), kind))
    }

    /// The operand is evaluated once, and compared until it equals something.
    pub(super) fn simple_case(
        &mut self,
        expr: &Expr,
        operand: &Expr,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Checked<Typed> {
        let operand_typed = self.typed(operand)?;
        let operand_kind = operand_typed.kind.clone();
        let mut values = Vec::with_capacity(branches.len());
        for (when, _) in branches {
            let typed = self.typed(when)?;
            let comparer = match (&operand_kind, &typed.kind) {
                (Some(left), Some(right)) if Comparison::Equal.accepts(left, right) => {
                    Comparer::new(Comparison::Equal, left, right)
                }
                (Some(left), Some(right)) => {
                    let (operand, when_text) = (self.show(operand), self.show(when));
                    let text =
                        format!("Cannot compare {operand} ({left}) to {when_text} ({right}) with EQUAL.");
                    return Err(self.type_error(when, text));
                }
                // NULL equals nothing.
                _ => Comparer::new(Comparison::Equal, &SqlType::Boolean, &SqlType::Boolean),
            };
            values.push((comparer, self.finished(when, typed)?));
        }
        let operand = self.finished(operand, operand_typed)?;
        let (results, otherwise, kind) = self.results(expr, branches, otherwise)?;
        let branches = values.into_iter().zip(results);
        let branches = branches.map(|((comparer, when), then)| (comparer, when, then)).collect();
        Ok(Typed::node(Node::Switch(Box::new(Switch { operand, branches, otherwise })).folded(), kind))
    }

    /// The results, which take one type; at least one of them must have one.
    fn results(
        &mut self,
        expr: &Expr,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Checked<(Vec<Node>, Node, SqlType)> {
        let mut typed = Vec::with_capacity(branches.len() + 1);
        for (_, then) in branches {
            typed.push(self.typed(then)?);
        }
        typed.push(otherwise.map_or_else(|| Ok(Typed::null()), |otherwise| self.typed(otherwise))?);
        let kind = list_kind(&typed).map_err(|(index, mismatch)| {
            let text = match branches.get(index) {
                None => format!(
                    "Type for the default clause should be the same as for 'THEN' clauses.\n\
                     THEN type: {}.\nDEFAULT type: {}.",
                    common(&mismatch),
                    typed[index].kind_text()
                ),
                Some((when, then)) => format!(
                    "Type for all 'THEN' clauses should be the same.\n\
                     THEN expression 'WHEN {} THEN {}' has type: {}.\nPrevious THEN expression(s) type: {}.",
                    self.show(when),
                    self.show(then),
                    typed[index].kind_text(),
                    common(&mismatch)
                ),
            };
            self.type_error(expr, format!("Invalid Case expression. {text}"))
        })?;
        let Some(kind) = kind else {
            let text = "Invalid Case expression. All case branches have a NULL type";
            return Err(self.type_error(expr, text));
        };
        let mut nodes = Vec::with_capacity(typed.len());
        for typed in typed {
            nodes.push(self.coerced(expr, typed, &kind)?);
        }
        let otherwise = nodes.pop().unwrap_or(Node::Constant(crate::Value::Null));
        Ok((nodes, otherwise, kind))
    }

    /// Items that take one type, in that type; `None` if all are NULL.
    pub(super) fn list(&self, exprs: &[&Expr], items: &[&Typed]) -> Checked<Option<SqlType>> {
        list_kind(items.iter().copied()).map_err(|(index, mismatch)| {
            let expr = exprs[index];
            self.type_error(expr, words(&mismatch, &self.show(expr)))
        })
    }
}

/// The type that the results before had in common.
fn common(mismatch: &ListMismatch) -> &SqlType {
    match mismatch {
        ListMismatch::Type(types) => &types.left,
        ListMismatch::Syntax { kind, .. } => kind,
    }
}
