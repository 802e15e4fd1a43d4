//! Operators of logic and arithmetic.
use lentic_sql_syntax::ast::{BinaryOp, Expr};

use super::Checker;
use crate::arithmetic::{Arithmetic, Operator};
use crate::compare::Comparison;
use crate::expr::error::Checked;
use crate::expr::node::Node;
use crate::expr::typed::Typed;
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::double_of_decimal;

impl Checker<'_> {
    pub(super) fn binary(&mut self, expr: &Expr, op: BinaryOp, left: &Expr, right: &Expr) -> Checked<Typed> {
        let comparison = match op {
            BinaryOp::Or => {
                let pair = Box::new([self.condition(left, "OR")?, self.condition(right, "OR")?]);
                return Ok(Typed::boolean(Node::Or(pair).folded()));
            }
            BinaryOp::And => {
                let pair = Box::new([self.condition(left, "AND")?, self.condition(right, "AND")?]);
                return Ok(Typed::boolean(Node::And(pair).folded()));
            }
            BinaryOp::Add => return self.arithmetic(expr, Operator::Add, left, right),
            BinaryOp::Subtract => return self.arithmetic(expr, Operator::Subtract, left, right),
            BinaryOp::Multiply => return self.arithmetic(expr, Operator::Multiply, left, right),
            BinaryOp::Divide => return self.arithmetic(expr, Operator::Divide, left, right),
            BinaryOp::Modulo => return self.arithmetic(expr, Operator::Remainder, left, right),
            BinaryOp::Equal => Comparison::Equal,
            BinaryOp::NotEqual => Comparison::NotEqual,
            BinaryOp::Less => Comparison::Less,
            BinaryOp::LessOrEqual => Comparison::LessOrEqual,
            BinaryOp::Greater => Comparison::Greater,
            BinaryOp::GreaterOrEqual => Comparison::GreaterOrEqual,
            BinaryOp::IsDistinctFrom => Comparison::Distinct,
        };
        let (left_typed, right_typed) = (self.typed(left)?, self.typed(right)?);
        let (comparer, pair) = self.compared(expr, comparison, (left, left_typed), (right, right_typed))?;
        Ok(Typed::boolean(Node::Compare(comparer, pair).folded()))
    }

    pub(super) fn not(&mut self, operand: &Expr) -> Checked<Typed> {
        Ok(Typed::boolean(Node::Not(Box::new(self.condition(operand, "NOT")?)).folded()))
    }

    /// An operand that must be a BOOLEAN, or NULL.
    fn condition(&mut self, expr: &Expr, operator: &str) -> Checked<Node> {
        let typed = self.typed(expr)?;
        match &typed.kind {
            None | Some(SqlType::Boolean) => self.finished(expr, typed),
            Some(kind) => {
                let text =
                    format!("Operands of {operator} must be BOOLEAN but {} is {kind}.", self.show(expr));
                Err(self.type_error(expr, text))
            }
        }
    }

    fn arithmetic(&mut self, expr: &Expr, operator: Operator, left: &Expr, right: &Expr) -> Checked<Typed> {
        let (left_typed, right_typed) = (self.typed(left)?, self.typed(right)?);
        let arithmetic = match (&left_typed.kind, &right_typed.kind) {
            (Some(left), Some(right)) => {
                Arithmetic::new(operator, left, right).map_err(|error| error.to_string())
            }
            _ => {
                let (left, right) = (left_typed.kind_text(), right_typed.kind_text());
                Err(format!("Arithmetic on types {left} and {right} are not supported."))
            }
        };
        let arithmetic = arithmetic.map_err(|reason| {
            self.type_error(expr, format!("Error processing expression: {}. {reason}", self.show(expr)))
        })?;
        let result = arithmetic.result();
        let left = among_doubles(self.finished(left, left_typed)?, &result);
        let right = among_doubles(self.finished(right, right_typed)?, &result);
        Ok(Typed::node(Node::Arithmetic(arithmetic, Box::new([left, right])).folded(), result))
    }

    pub(super) fn sign(&mut self, expr: &Expr, operand: &Expr, negative: bool) -> Checked<Typed> {
        let typed = self.typed(operand)?;
        match typed.kind.clone() {
            Some(kind) if kind.is_number() => {
                let node = self.finished(operand, typed)?;
                let node = if negative { Node::Negate(Box::new(node)).folded() } else { node };
                Ok(Typed::node(node, kind))
            }
            _ => {
                let text = format!(
                    "Error processing expression: {}. Unsupported arithmetic type {}",
                    self.show(expr),
                    typed.kind_text()
                );
                Err(self.type_error(expr, text))
            }
        }
    }
}

/// A constant DECIMAL in an operation on DOUBLEs is turned into one here and not with every row.
fn among_doubles(node: Node, result: &SqlType) -> Node {
    match (result, &node) {
        (SqlType::Double, Node::Constant(Value::Decimal(number))) => {
            Node::Constant(Value::Double(double_of_decimal(number)))
        }
        _ => node,
    }
}
