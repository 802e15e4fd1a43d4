//! What `ORDER BY` in a pull query names.
use lentic_sql_syntax::ast::{Expr, ExprNode, Literal};

use crate::Refusal;
use crate::plan::select::Item;

/// The column of the answer that an expression of `ORDER BY` stands for, by its name or its position from 1; `None`: it is
/// an expression over the rows that are read.
pub(super) fn item<'i>(by: &Expr, answer: &'i [Item]) -> Result<Option<&'i Item>, Refusal> {
    let position = match &by.node {
        ExprNode::Column { source: None, name } => {
            return Ok(answer.iter().find(|item| item.alias == *name));
        }
        ExprNode::Literal(Literal::Integer(position)) => i64::from(*position),
        ExprNode::Literal(Literal::Bigint(position)) => *position,
        _ => return Ok(None),
    };
    let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
    index.and_then(|index| answer.get(index)).map(Some).ok_or_else(|| {
        Refusal::new(format!(
            "ORDER BY position {position} is not in the SELECT list: use 1 to {}, or the name of a column.",
            answer.len()
        ))
        .at(by.at.0)
    })
}
