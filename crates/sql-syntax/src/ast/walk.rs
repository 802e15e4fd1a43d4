//! Going through expressions.
use super::{Args, Expr, ExprNode};

macro_rules! children {
    ($node:expr, $visit:expr, $iter:ident) => {
        match $node {
            ExprNode::Literal(_)
            | ExprNode::Typed { .. }
            | ExprNode::Column { .. }
            | ExprNode::Unit { .. } => {}
            ExprNode::Call { args: Args::Star, .. } => {}
            ExprNode::Not(operand) | ExprNode::Negate(operand) | ExprNode::Plus(operand) => $visit(operand),
            ExprNode::IsNull { value, .. } | ExprNode::Cast { value, .. } => $visit(value),
            ExprNode::Field { base, .. } => $visit(base),
            ExprNode::Lambda { body, .. } => $visit(body),
            ExprNode::Binary { left, right, .. } => {
                $visit(left);
                $visit(right);
            }
            ExprNode::Like { value, pattern, .. } => {
                $visit(value);
                $visit(pattern);
            }
            ExprNode::Subscript { base, index } => {
                $visit(base);
                $visit(index);
            }
            ExprNode::Between { value, low, high } => {
                $visit(value);
                $visit(low);
                $visit(high);
            }
            ExprNode::In { value, items } => {
                $visit(value);
                items.$iter().for_each($visit);
            }
            ExprNode::Call { args: Args::List(items), .. } | ExprNode::Array(items) => {
                items.$iter().for_each($visit);
            }
            ExprNode::Case { operand, branches, otherwise } => {
                if let Some(operand) = operand {
                    $visit(operand);
                }
                for (condition, result) in branches {
                    $visit(condition);
                    $visit(result);
                }
                if let Some(otherwise) = otherwise {
                    $visit(otherwise);
                }
            }
            ExprNode::Map(entries) => {
                for (key, value) in entries {
                    $visit(key);
                    $visit(value);
                }
            }
            ExprNode::Struct(fields) => fields.$iter().for_each(|(_, value)| $visit(value)),
        }
    };
}

impl Expr {
    /// The expressions right below this one, in the order in which they are written.
    pub fn for_each_child<'a>(&'a self, mut visit: impl FnMut(&'a Expr)) {
        let mut visit = |child: &'a Expr| visit(child);
        children!(&self.node, visit, iter);
    }

    /// The same, to change them.
    pub fn for_each_child_mut(&mut self, mut visit: impl FnMut(&mut Expr)) {
        let mut visit = |child: &mut Expr| visit(child);
        children!(&mut self.node, visit, iter_mut);
    }

    /// Whether `is` holds of this expression or of one below it.
    pub fn any(&self, is: &mut impl FnMut(&Expr) -> bool) -> bool {
        let mut found = is(self);
        self.for_each_child(|child| found = found || child.any(is));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_expr;

    const TEXT: &str = "F(-A, B IN (C, +D), CASE A WHEN B THEN C ELSE D END, CAST(A AS INT), \
                        MAP(A := B), STRUCT(A := C), ARRAY[D], A[B], A LIKE B, A BETWEEN B AND C, NOT A IS NULL, \
                        COUNT(*), DAYS, DATE '1', 1, (X) => X->E)";

    #[test]
    fn every_column_is_seen_once_in_order() {
        fn columns(expr: &Expr, found: &mut String) {
            if let ExprNode::Column { name, .. } = &expr.node {
                found.push_str(&name.text);
            }
            expr.for_each_child(|child| columns(child, found));
        }
        let mut found = String::new();
        columns(&parse_expr(TEXT).unwrap(), &mut found);
        assert_eq!(found, "ABCDABCDAABCDABABABCAX");
    }

    #[test]
    fn every_column_can_be_replaced() {
        fn rename(expr: &mut Expr) {
            if let ExprNode::Column { name, .. } = &mut expr.node {
                name.text = "Z".to_owned();
            }
            expr.for_each_child_mut(rename);
        }
        let mut expr = parse_expr(TEXT).unwrap();
        rename(&mut expr);
        assert!(!expr.any(&mut |one| matches!(&one.node, ExprNode::Column { name, .. } if name.text != "Z")));
        assert!(expr.any(&mut |one| matches!(one.node, ExprNode::Unit { .. })));
    }
}
