//! Literals, and casts, which are literals where they convert one.
use lentic_sql_syntax::ast::{DataType, Expr, Literal, Name};

use super::Checker;
use crate::cast::Cast;
use crate::coercion::number_type;
use crate::expr::error::Checked;
use crate::expr::node::Node;
use crate::expr::typed::Typed;
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::parse_decimal;

impl Checker<'_> {
    pub(super) fn literal(&self, expr: &Expr, literal: &Literal) -> Checked<Typed> {
        let (value, kind) = match literal {
            Literal::Null => return Ok(Typed::null()),
            Literal::Boolean(truth) => (Value::Boolean(*truth), SqlType::Boolean),
            Literal::Integer(number) => (Value::Integer(*number), SqlType::Integer),
            Literal::Bigint(number) => (Value::Bigint(*number), SqlType::Bigint),
            Literal::Double(number) => (Value::Double(*number), SqlType::Double),
            Literal::String(text) => (Value::string(text), SqlType::String),
            Literal::Decimal(digits) => match (parse_decimal(digits), number_type(digits)) {
                (Some(number), Some(kind @ SqlType::Decimal(_))) => (Value::decimal(number), kind),
                _ => return Err(self.type_error(expr, format!("Invalid numeric literal: {digits}"))),
            },
        };
        Ok(Typed::literal(value, kind))
    }

    /// `DATE '2020-01-01'`
    pub(super) fn typed_text(&self, expr: &Expr, type_name: &Name, text: &str) -> Checked<Typed> {
        let kind = SqlType::named(&type_name.text)
            .ok_or_else(|| self.type_error(expr, format!("Cannot resolve unknown type: {type_name}")))?;
        let value = Typed::literal(Value::string(text), SqlType::String);
        Ok(Typed::node(self.coerced(expr, value, &kind)?, kind))
    }

    pub(super) fn cast(&mut self, expr: &Expr, value: &Expr, data_type: &DataType) -> Checked<Typed> {
        let to = (self.compiler.environment.types)(data_type);
        let to = to.map_err(|text| self.type_error(expr, text))?;
        let typed = self.typed(value)?;
        let Some(from) = typed.kind.clone() else {
            return Ok(Typed::node(Node::Constant(Value::Null), to));
        };
        let node = self.finished(value, typed)?;
        if from == to {
            return Ok(Typed::node(node, to));
        }
        let cast = Cast::new(&from, &to).map_err(|error| self.conversion_error(expr, error.to_string()))?;
        Ok(Typed::node(Node::Cast(Box::new(cast), Box::new(node)).folded(), to))
    }
}
