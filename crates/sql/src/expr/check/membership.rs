//! IN.
use lentic_sql_syntax::ast::Expr;

use super::Checker;
use crate::expr::error::Checked;
use crate::expr::list::{list_kind, words};
use crate::expr::node::{Membership, Node};
use crate::expr::typed::Typed;

impl Checker<'_> {
    /// The value and the items take one type together. NULL is in no list, and no list has it.
    pub(super) fn membership(&mut self, expr: &Expr, value: &Expr, items: &[Expr]) -> Checked<Typed> {
        let mut typed = vec![self.typed(value)?];
        for item in items {
            typed.push(self.typed(item)?);
        }
        let kind = list_kind(&typed).map_err(|(index, mismatch)| {
            let item = index.checked_sub(1).and_then(|index| items.get(index)).unwrap_or(value);
            self.conversion_error(item, words(&mismatch, &self.show(item)))
        })?;
        let Some(kind) = kind else { return Ok(Typed::boolean(Node::Constant(false.into()))) };
        let mut nodes = Vec::with_capacity(typed.len());
        for typed in typed {
            let node = typed.coerced(&kind);
            nodes.push(node.map_err(|error| self.conversion_error(expr, error.to_string()))?);
        }
        let mut nodes = nodes.into_iter();
        let value = nodes.next().unwrap_or(Node::Constant(false.into()));
        let (mut constants, mut others) = (Vec::new(), Vec::new());
        for node in nodes {
            match node {
                Node::Constant(constant) if constant.is_null() => {}
                Node::Constant(constant) => constants.push(constant),
                other => others.push(other),
            }
        }
        constants.sort();
        let list = Membership { value, constants: constants.into(), others: others.into() };
        Ok(Typed::boolean(Node::In(Box::new(list)).folded()))
    }
}
