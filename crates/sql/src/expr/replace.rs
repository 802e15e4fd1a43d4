//! Calls in a syntax tree, found and replaced before it is compiled: aggregates and table functions are not evaluated row by
//! row, and the planner puts a column in their place.
use lentic_sql_syntax::ast::{Expr, ExprNode, Name};

/// Visits the outermost calls for whose name `is` holds; what is inside of them is left to the visitor.
pub fn visit_calls<'e>(expr: &'e Expr, is: &mut dyn FnMut(&Name) -> bool, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.node {
        ExprNode::Call { name, .. } if is(name) => visit(expr),
        _ => expr.for_each_child(|child| visit_calls(child, is, visit)),
    }
}

/// Replaces every outermost expression for which there is a replacement: an aggregate call by the column with its result, an
/// expression of GROUP BY by the key column.
pub fn replace(expr: &mut Expr, with: &mut dyn FnMut(&Expr) -> Option<Expr>) {
    match with(expr) {
        Some(replacement) => *expr = replacement,
        None => expr.for_each_child_mut(|child| replace(child, with)),
    }
}
