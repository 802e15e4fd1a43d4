//! Texts that stand for times beside ROWTIME, WINDOWSTART and WINDOWEND.
use lentic_sql_syntax::ast::{Expr, ExprNode};

use super::Checker;
use crate::expr::error::Checked;
use crate::expr::typed::Typed;
use crate::types::SqlType;
use crate::value::Value;
use crate::value::temporal::parse_timestamp;

impl Checker<'_> {
    /// In a filter a literal text beside an expression with the row's own time is a time itself, written as
    /// `2017-11-17T04:53:45` or a beginning of it: ksqlDB's "magic" conversion.
    pub(super) fn beside_time(
        &self,
        (other, other_kind): (&Expr, Option<&SqlType>),
        expr: &Expr,
        typed: Typed,
    ) -> Checked<Typed> {
        let Some(text) = typed.literal_text() else { return Ok(typed) };
        let of_filter = self.compiler.clause.is_filter();
        if !of_filter || !other_kind.is_some_and(SqlType::is_number) || !mentions_time(other) {
            return Ok(typed);
        }
        match parse_timestamp(text) {
            Some(ms) => Ok(Typed::literal(Value::Bigint(ms), SqlType::Bigint)),
            None => Err(self.type_error(expr, format!("Failed to parse timestamp '{text}'"))),
        }
    }
}

/// Whether the row's own time is in an expression, not counting what functions take.
fn mentions_time(expr: &Expr) -> bool {
    match &expr.node {
        ExprNode::Column { name, .. } => {
            matches!(name.text.as_str(), "ROWTIME" | "WINDOWSTART" | "WINDOWEND")
        }
        ExprNode::Call { .. } => false,
        _ => {
            let mut found = false;
            expr.for_each_child(|child| found = found || mentions_time(child));
            found
        }
    }
}
