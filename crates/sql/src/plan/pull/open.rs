//! Plans that hold whatever key is asked for.
use lentic_sql_syntax::ast::{BinaryOp, Expr, ExprNode, Literal, Query};
use lentic_sql_syntax::{At, Cut, Position};

use super::lookup::{key_of, names_key};
use super::{Lookup, TablePull};
use crate::plan::flow::Flow;
use crate::plan::row::Key;
use crate::{SqlType, Value};

/// The one key that a plan looks up: where it stands in the text, and its column's type. Nothing else in the plan is decided by it:
/// the lookup alone sees to it, WHERE has only what else was said.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Open {
    at: Position,
    kind: SqlType,
}

impl Open {
    /// Of a WHERE that compares the key with one value and says other things of other columns, with these.
    pub(super) fn of(query: &Query, flow: &Flow, lookup: &Lookup) -> Option<(Self, Option<Expr>)> {
        let ([column], Lookup::Keys(keys)) = (flow.key.as_slice(), lookup) else { return None };
        if keys.len() != 1 || !matches!(column.kind, SqlType::String | SqlType::Integer | SqlType::Bigint) {
            return None;
        }
        let (mut said, scope) = (Vec::new(), flow.scope());
        conjuncts(query.filter.as_ref()?, &mut said);
        let (of_key, others): (Vec<_>, Vec<_>) =
            said.into_iter().partition(|part| names_key(part, flow, &scope));
        let [Expr { node: ExprNode::Binary { op: BinaryOp::Equal, left, right }, .. }] = of_key.as_slice()
        else {
            return None;
        };
        key_of(left, flow, &scope)?;
        let ExprNode::Literal(_) = &right.node else { return None };
        let At(at) = right.at;
        let both = |left: Expr, right: Expr| {
            let at = left.at;
            ExprNode::Binary { op: BinaryOp::And, left: Box::new(left), right: Box::new(right) }.at(at)
        };
        let others = others.into_iter().cloned().reduce(both);
        Some((Self { at, kind: column.kind.clone() }, others))
    }
}

fn conjuncts<'e>(expr: &'e Expr, all: &mut Vec<&'e Expr>) {
    match &expr.node {
        ExprNode::Binary { op: BinaryOp::And, left, right } => {
            conjuncts(left, all);
            conjuncts(right, all);
        }
        _ => all.push(expr),
    }
}

impl TablePull {
    /// Whether the plan holds for each text that differs from its own in this value alone.
    pub fn is_open_at(&self, cut: &Cut<'_>) -> bool {
        self.open.as_ref().is_some_and(|open| open.at == cut.at)
    }

    /// The bytes of the key that such a text asks for; `None`: the value is none of the key's type, or is no key.
    pub fn key_of(&self, cut: &Cut<'_>) -> Option<Vec<u8>> {
        let value = match (&self.open.as_ref()?.kind, &cut.value) {
            (SqlType::String, Literal::String(text)) => Value::String(text.as_str().into()),
            (SqlType::Integer, Literal::Integer(number)) => Value::Integer(*number),
            (SqlType::Bigint, Literal::Integer(number)) => Value::Bigint(i64::from(*number)),
            (SqlType::Bigint, Literal::Bigint(number)) => Value::Bigint(*number),
            _ => return None,
        };
        self.view.key_bytes(&Key::new(vec![value])).ok()?
    }
}
