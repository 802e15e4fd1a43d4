//! WHERE as a disjunction of conjunctions.
use lentic_sql_syntax::ast::{BinaryOp, Expr, ExprNode};

/// More than this many disjuncts are not looked at one by one: the table is scanned.
const MOST: usize = 1000;

/// The disjuncts, each with what must hold in it; `None`: too many.
pub(super) fn disjuncts(expr: &Expr) -> Option<Vec<Vec<Expr>>> {
    of(expr, false)
}

fn of(expr: &Expr, negated: bool) -> Option<Vec<Vec<Expr>>> {
    match &expr.node {
        ExprNode::Not(inner) => of(inner, !negated),
        ExprNode::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
            let (left, right) = (of(left, negated)?, of(right, negated)?);
            if (*op == BinaryOp::Or) != negated {
                return limited([left, right].concat());
            }
            let both =
                left.iter().flat_map(|one| right.iter().map(move |other| [one.as_slice(), other].concat()));
            limited(both.take(MOST + 1).collect())
        }
        // `IN` is a disjunction of equalities.
        ExprNode::In { value, items } if !negated => {
            let equal = |item: &Expr| {
                let (left, right) = (value.clone(), Box::new(item.clone()));
                vec![ExprNode::Binary { op: BinaryOp::Equal, left, right }.at(expr.at)]
            };
            limited(items.iter().map(equal).collect())
        }
        ExprNode::Between { value, low, high } if !negated => {
            let compared = |op, right: &Expr| {
                ExprNode::Binary { op, left: value.clone(), right: Box::new(right.clone()) }.at(expr.at)
            };
            Some(vec![vec![compared(BinaryOp::GreaterOrEqual, low), compared(BinaryOp::LessOrEqual, high)]])
        }
        _ if negated => Some(vec![vec![ExprNode::Not(Box::new(expr.clone())).at(expr.at)]]),
        _ => Some(vec![vec![expr.clone()]]),
    }
}

fn limited(disjuncts: Vec<Vec<Expr>>) -> Option<Vec<Vec<Expr>>> {
    (disjuncts.len() <= MOST).then_some(disjuncts)
}

#[cfg(test)]
mod tests {
    use lentic_sql_syntax::parse_expr;

    use super::*;

    #[test]
    fn conditions_become_disjuncts() {
        for (text, expected) in [
            ("a = 1", "(A = 1)"),
            ("a = 1 AND (b = 2 OR c = 3)", "(A = 1) & (B = 2) | (A = 1) & (C = 3)"),
            ("a IN (1, 2)", "(A = 1) | (A = 2)"),
            ("NOT (a = 1 OR b = 2)", "(NOT (A = 1)) & (NOT (B = 2))"),
            ("a BETWEEN 1 AND 2", "(A >= 1) & (A <= 2)"),
            ("NOT a IN (1, 2)", "(NOT (A IN (1, 2)))"),
        ] {
            let disjuncts = disjuncts(&parse_expr(text).expect(text)).expect(text);
            let texts: Vec<String> = disjuncts
                .iter()
                .map(|one| one.iter().map(ToString::to_string).collect::<Vec<_>>().join(" & "))
                .collect();
            assert_eq!(texts.join(" | "), expected, "{text}");
        }
    }
}
