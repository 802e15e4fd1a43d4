//! Comparisons: which types go together, and how they are compared.
use lentic_sql_syntax::ast::Expr;

use super::Checker;
use crate::compare::Comparison;
use crate::expr::comparer::Comparer;
use crate::expr::error::{Checked, ExprError, Problem};
use crate::expr::node::{Like, Node, Range};
use crate::expr::pattern::Pattern;
use crate::expr::typed::Typed;
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::double_of_decimal;

/// As many digits as every DOUBLE keeps: a decimal of no more of them and the DOUBLE next to it have the same text.
const EXACT_DIGITS: u64 = 15;
/// Further behind the point DOUBLEs keep fewer digits.
const EXACT_SCALE: i64 = 290;

impl Checker<'_> {
    /// How two operands compare, and what of them is evaluated.
    pub(super) fn compared(
        &self,
        expr: &Expr,
        comparison: Comparison,
        (left, left_typed): (&Expr, Typed),
        (right, right_typed): (&Expr, Typed),
    ) -> Checked<(Comparer, Box<[Node; 2]>)> {
        let right_typed = self.beside_time((left, left_typed.kind.as_ref()), right, right_typed)?;
        let left_typed = self.beside_time((right, right_typed.kind.as_ref()), left, left_typed)?;
        let (left_kind, right_kind) =
            self.comparable(expr, comparison, (left, &left_typed), (right, &right_typed))?;
        let left_node = self.operand(left, left_typed, &right_kind)?;
        let right_node = self.operand(right, right_typed, &left_kind)?;
        Ok(fast(comparison, (left_node, &left_kind), (right_node, &right_kind)))
    }

    fn comparable(
        &self,
        expr: &Expr,
        comparison: Comparison,
        (left, left_typed): (&Expr, &Typed),
        (right, right_typed): (&Expr, &Typed),
    ) -> Checked<(SqlType, SqlType)> {
        let (Some(left_kind), Some(right_kind)) = (&left_typed.kind, &right_typed.kind) else {
            let base = |typed: &Typed| typed.kind.as_ref().map_or("NULL", SqlType::base_name);
            let (left, right) = (base(left_typed), base(right_typed));
            let text = format!("Comparison with NULL not supported: {left} {} {right}", symbol(comparison));
            return Err(self.type_error(expr, text + "\nUse 'IS NULL' or 'IS NOT NULL' instead."));
        };
        if !comparison.accepts(left_kind, right_kind) {
            let (left, right) = (self.show(left), self.show(right));
            let text =
                format!("Cannot compare {left} ({left_kind}) to {right} ({right_kind}) with {comparison}.");
            return Err(self.type_error(expr, text));
        }
        Ok((left_kind.clone(), right_kind.clone()))
    }

    /// A literal text that stands against a DATE, TIME or TIMESTAMP is read once and not with every row.
    fn operand(&self, expr: &Expr, typed: Typed, other: &SqlType) -> Checked<Node> {
        if typed.literal_text().is_some() && other.is_temporal() {
            return typed.into_argument(other).map_err(|error| self.type_error(expr, error.to_string()));
        }
        self.finished(expr, typed)
    }

    /// `value BETWEEN low AND high`, which compares twice; NULL is between nothing.
    pub(super) fn between(&mut self, expr: &Expr, value: &Expr, low: &Expr, high: &Expr) -> Checked<Typed> {
        let value_typed = self.typed(value)?;
        let Some(kind) = value_typed.kind.clone() else {
            let text = "Comparison with NULL not supported: NULL BETWEEN\nUse 'IS NULL' instead.";
            return Err(self.type_error(expr, text));
        };
        let mut bound = |comparison, bound: &Expr| {
            let typed = self.typed(bound)?;
            let typed = self.beside_time((value, Some(&kind)), bound, typed)?;
            let other = self.comparable(expr, comparison, (value, &value_typed), (bound, &typed));
            let other = other.map_err(found_late)?.1;
            let node = self.operand(bound, typed, &kind)?;
            if let Some(double) = rounded(&node).filter(|_| kind == SqlType::Double) {
                return Ok((Comparer::rounded(comparison), double));
            }
            let other = if node.constant().is_some() && kind.is_temporal() { kind.clone() } else { other };
            Ok((Comparer::new(comparison, &kind, &other), node))
        };
        let low = bound(Comparison::GreaterOrEqual, low)?;
        let high = bound(Comparison::LessOrEqual, high)?;
        let value = self.finished(value, value_typed)?;
        Ok(Typed::boolean(Node::Between(Box::new(Range { value, low, high })).folded()))
    }

    pub(super) fn like(&mut self, value: &Expr, pattern: &Expr, escape: Option<char>) -> Checked<Typed> {
        let (value_typed, pattern_typed) = (self.typed(value)?, self.typed(pattern)?);
        if let Some(kind) = value_typed.kind.as_ref().filter(|kind| **kind != SqlType::String) {
            let text =
                format!("The column type for Like condition must be VARCHAR. The column type is {kind}");
            return Err(self.compiler.refuse(value, Problem::Like(text)));
        }
        if pattern_typed.kind.as_ref().is_some_and(|kind| *kind != SqlType::String) {
            return Err(self
                .compiler
                .refuse(pattern, Problem::Like("Like condition must be between strings".into())));
        }
        let (value, text) = (self.finished(value, value_typed)?, self.finished(pattern, pattern_typed)?);
        let pattern = Pattern::new(escape, text.constant());
        Ok(Typed::boolean(Node::Like(Box::new(Like { value, text, pattern })).folded()))
    }
}

/// What ksqlDB does not check of BETWEEN before it compiles it.
fn found_late(error: ExprError) -> ExprError {
    let problem = match error.problem {
        Problem::Type(text) => Problem::Conversion(text),
        problem => problem,
    };
    ExprError { problem, ..error }
}

/// The quickest way to compare. A DECIMAL that is a constant becomes a DOUBLE beside DOUBLEs: to compare digit by digit, as
/// ksqlDB does, gives the same result for so few digits.
fn fast(
    comparison: Comparison,
    (left, left_kind): (Node, &SqlType),
    (right, right_kind): (Node, &SqlType),
) -> (Comparer, Box<[Node; 2]>) {
    let doubles = match (left_kind, right_kind) {
        (SqlType::Double, SqlType::Decimal(_)) => (None, rounded(&right)),
        (SqlType::Decimal(_), SqlType::Double) => (rounded(&left), None),
        _ => (None, None),
    };
    match doubles {
        (None, Some(right)) => (Comparer::rounded(comparison), Box::new([left, right])),
        (Some(left), _) => (Comparer::rounded(comparison), Box::new([left, right])),
        (None, None) => {
            // A text that has been read is of the other's type now.
            let read = |node: &Node, own: &SqlType, other: &SqlType| match node.constant() {
                Some(Value::Date(_) | Value::Time(_) | Value::Timestamp(_)) if *own == SqlType::String => {
                    other.clone()
                }
                _ => own.clone(),
            };
            let kinds = (read(&left, left_kind, right_kind), read(&right, right_kind, left_kind));
            (Comparer::new(comparison, &kinds.0, &kinds.1), Box::new([left, right]))
        }
    }
}

/// The DOUBLE next to a constant DECIMAL, if both have the same text.
fn rounded(node: &Node) -> Option<Node> {
    let number = node.constant()?.as_decimal()?;
    let exact = number.digits() <= EXACT_DIGITS && number.fractional_digit_count() <= EXACT_SCALE;
    exact.then(|| Node::Constant(Value::Double(double_of_decimal(number))))
}

fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Distinct => "IS DISTINCT FROM",
        Comparison::NotDistinct => "IS NOT DISTINCT FROM",
    }
}
