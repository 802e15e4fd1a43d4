//! The meaning of expressions, told as simply as it can be: the tree is walked for every row, and nothing is known of types.
use lentic_sql::arithmetic::{Arithmetic, Operator, negate};
use lentic_sql::compare::Comparison;
use lentic_sql::value::decimal::parse_decimal;
use lentic_sql::{EvaluationError, Result, SqlType, Value};
use lentic_sql_syntax::ast::{BinaryOp, Expr, ExprNode, Literal};

pub fn evaluate(expr: &Expr, column: &dyn Fn(&str) -> Value) -> Result<Value> {
    let eval = |expr: &Expr| evaluate(expr, column);
    Ok(match &expr.node {
        ExprNode::Literal(literal) => value_of(literal),
        ExprNode::Column { name, .. } => column(&name.text),
        ExprNode::Not(operand) => eval(operand)?.as_boolean().map(|truth| !truth).into(),
        ExprNode::Negate(operand) => negate(&eval(operand)?)?,
        ExprNode::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
            // The truth that decides alone.
            let strong = Value::Boolean(*op == BinaryOp::Or);
            let left = eval(left)?;
            if left == strong {
                return Ok(strong);
            }
            let right = eval(right)?;
            if right == strong || left.is_null() { if right == strong { right } else { left } } else { right }
        }
        ExprNode::Binary { op, left, right } => {
            let (left, right) = (eval(left)?, eval(right)?);
            match (comparison(*op), arithmetic(*op)) {
                (Some(comparison), _) => comparison.holds(&left, &right)?.into(),
                (None, Some(_)) if left.is_null() || right.is_null() => Value::Null,
                (None, Some(operator)) => {
                    Arithmetic::new(operator, &kind(&left), &kind(&right)).unwrap().apply(&left, &right)?
                }
                (None, None) => panic!("{op:?}"),
            }
        }
        ExprNode::Between { value, low, high } => {
            let value = eval(value)?;
            let above = Comparison::GreaterOrEqual.holds(&value, &eval(low)?)?;
            (above && Comparison::LessOrEqual.holds(&value, &eval(high)?)?).into()
        }
        ExprNode::In { value, items } => {
            let value = eval(value)?;
            // Constants first: they cost nothing and cannot fail.
            let (constants, others): (Vec<_>, Vec<_>) =
                items.iter().partition(|item| matches!(item.node, ExprNode::Literal(_)));
            for item in constants.into_iter().chain(others) {
                if !value.is_null() && Comparison::Equal.holds(&value, &eval(item)?)? {
                    return Ok(true.into());
                }
            }
            false.into()
        }
        ExprNode::IsNull { value, negated } => (eval(value)?.is_null() != *negated).into(),
        ExprNode::Like { value, pattern, .. } => {
            let (value, pattern) = (eval(value)?, eval(pattern)?);
            value.as_str().zip(pattern.as_str()).map(|(value, pattern)| like(value, pattern)).into()
        }
        ExprNode::Case { operand, branches, otherwise } => {
            let operand = operand.as_deref().map(eval).transpose()?;
            for (when, then) in branches {
                let when = eval(when)?;
                let holds = match &operand {
                    Some(operand) => Comparison::Equal.holds(operand, &when)?,
                    None => when == Value::Boolean(true),
                };
                if holds {
                    return eval(then);
                }
            }
            otherwise.as_deref().map_or(Ok(Value::Null), eval)?
        }
        ExprNode::Subscript { base, index } => {
            let (base, index) = (eval(base)?, eval(index)?);
            let values = base.as_array().unwrap_or_default();
            let places = index
                .as_integer()
                .map(|index| if index < 0 { index + values.len() as i32 } else { index - 1 });
            places.and_then(|at| values.get(usize::try_from(at).ok()?)).cloned().unwrap_or_default()
        }
        other => return Err(EvaluationError::new(format!("{other:?}"))),
    })
}

fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Boolean(truth) => Value::Boolean(*truth),
        Literal::Integer(number) => Value::Integer(*number),
        Literal::Bigint(number) => Value::Bigint(*number),
        Literal::Decimal(digits) => Value::decimal(parse_decimal(digits).unwrap()),
        Literal::Double(number) => Value::Double(*number),
        Literal::String(text) => Value::string(text),
    }
}

fn kind(value: &Value) -> SqlType {
    match value {
        Value::Integer(_) => SqlType::Integer,
        Value::Bigint(_) => SqlType::Bigint,
        Value::Double(_) => SqlType::Double,
        Value::String(_) => SqlType::String,
        other => panic!("{other:?}"),
    }
}

fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Equal => Comparison::Equal,
        BinaryOp::NotEqual => Comparison::NotEqual,
        BinaryOp::Less => Comparison::Less,
        BinaryOp::LessOrEqual => Comparison::LessOrEqual,
        BinaryOp::Greater => Comparison::Greater,
        BinaryOp::GreaterOrEqual => Comparison::GreaterOrEqual,
        BinaryOp::IsDistinctFrom => Comparison::Distinct,
        _ => return None,
    })
}

fn arithmetic(op: BinaryOp) -> Option<Operator> {
    Some(match op {
        BinaryOp::Add => Operator::Add,
        BinaryOp::Subtract => Operator::Subtract,
        BinaryOp::Multiply => Operator::Multiply,
        BinaryOp::Divide => Operator::Divide,
        BinaryOp::Modulo => Operator::Remainder,
        _ => return None,
    })
}

fn like(text: &str, pattern: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = chars.as_str();
            text.char_indices().any(|(at, _)| like(&text[at..], rest)) || like("", rest)
        }
        Some(wanted) => {
            let mut given = text.chars();
            given
                .next()
                .is_some_and(|c| (wanted == '_' || wanted == c) && like(given.as_str(), chars.as_str()))
        }
    }
}
