//! What turns into another type without a CAST.
use std::fmt;

use crate::cast::cast;
use crate::error::Result;
use crate::types::{DecimalType, NoCommonType, SqlType, common_type};
use crate::value::Value;
use crate::value::decimal::parse_decimal;

/// How much may be coerced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For columns and expressions: numbers to wider ones, text to DATE, TIME and TIMESTAMP, DATE to TIMESTAMP.
    Strict,
    /// For literals: besides, everything to text, and text to numbers and BOOLEANs.
    Lax,
}

/// Whether values of a type may stand where another is wanted. Nested types go element by element; a STRUCT by the fields
/// that both have.
pub fn can_coerce(from: &SqlType, to: &SqlType, mode: Mode) -> bool {
    use SqlType::{Array, Bigint, Boolean, Date, Decimal, Double, Integer, Map, String, Struct, Timestamp};
    match (from, to) {
        (Integer, Bigint | Double) | (Bigint | Decimal(_), Double) | (Date, Timestamp) => true,
        (Integer | Bigint | Decimal(_), Decimal(to)) => {
            DecimalType::of(from).is_some_and(|from| from.whole() <= to.whole() && from.scale() <= to.scale())
        }
        (String, to) if to.is_temporal() => true,
        (String, Boolean) => mode == Mode::Lax,
        (String, to) if to.is_number() => mode == Mode::Lax,
        (from, String) if !from.is_nested() => mode == Mode::Lax || from == to,
        (Array(from), Array(to)) => can_coerce(from, to, mode),
        (Map(fk, fv), Map(tk, tv)) => can_coerce(fk, tk, mode) && can_coerce(fv, tv, mode),
        (Struct(from), Struct(to)) => from.fields().iter().all(|field| {
            let found = to.position(&field.name).map(|at| &to.fields()[at].kind);
            found.is_some_and(|kind| can_coerce(&field.kind, kind, mode))
        }),
        _ => from == to,
    }
}

/// Coerces a value by a rule that [`can_coerce`] allows. An error is text that is none of the wanted type, in the words that
/// ksqlDB shares with PostgreSQL.
pub fn coerce(value: &Value, from: &SqlType, to: &SqlType, mode: Mode) -> Result<Value> {
    if mode == Mode::Lax
        && *to == SqlType::Boolean
        && let Value::String(text) = value
    {
        let error = || format!("invalid input syntax for type BOOLEAN: \"{text}\"");
        return parse_boolean(text).map(Value::Boolean).ok_or_else(|| crate::EvaluationError::new(error()));
    }
    cast(value, from, to)
}

/// `true`, `false`, `yes`, `no` or a beginning of one of them, in any case.
pub fn parse_boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |words: [&str; 2]| !text.is_empty() && words.iter().any(|word| word.starts_with(&text));
    begins(["true", "yes"]).then_some(true).or_else(|| begins(["false", "no"]).then_some(false))
}

/// The narrowest numeric type that holds the number in a text: INTEGER, BIGINT or DECIMAL for plain digits, DOUBLE for an
/// exponent.
pub fn number_type(text: &str) -> Option<SqlType> {
    let text = text.trim();
    if text.parse::<i32>().is_ok() {
        return Some(SqlType::Integer);
    }
    if text.parse::<i64>().is_ok() {
        return Some(SqlType::Bigint);
    }
    if text.contains(['e', 'E']) {
        return crate::value::double::parse_double(text).map(|_| SqlType::Double);
    }
    let decimal = parse_decimal(text)?;
    let scale = u32::try_from(decimal.fractional_digit_count().max(0)).ok()?;
    let precision = u32::try_from(decimal.digits()).ok()?.max(scale);
    SqlType::decimal(precision, scale)
}

/// An element of a list whose elements take one type: IN, ARRAY\[..\], MAP(..), CASE, COALESCE.
#[derive(Clone, Copy, Debug)]
pub enum Element<'a> {
    /// A literal NULL.
    Null,
    /// An expression.
    Typed(&'a SqlType),
    /// A literal text.
    Text(&'a str),
    /// Any other literal.
    Literal(&'a SqlType),
}

/// Elements without a common type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoListType {
    /// Which element does not fit, counted from zero.
    pub index: usize,
    /// Why.
    pub reason: ListMismatch,
}

/// Why an element does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListMismatch {
    /// Its type is another one.
    Type(NoCommonType),
    /// A literal that is not of the type of the others.
    Syntax {
        /// Of the others.
        kind: SqlType,
        /// The literal.
        text: String,
    },
}

impl fmt::Display for ListMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(types) => write!(f, "{types}"),
            Self::Syntax { kind, text } => write!(f, "invalid input syntax for type {kind}: \"{text}\"."),
        }
    }
}

impl fmt::Display for NoListType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for NoListType {}

/// The common type of a list, set by its first element that is not NULL and widened by the others: text takes literals of
/// any type, numbers take texts that are numbers, BOOLEANs texts that are truths. `None` if all are NULL.
pub fn list_type(elements: &[Element<'_>]) -> Result<Option<SqlType>, NoListType> {
    let mut common: Option<SqlType> = None;
    for (index, element) in elements.iter().enumerate() {
        let so_far = common.take();
        let widened = match (so_far, element) {
            (common, Element::Null) => Ok(common),
            (None, Element::Text(_)) => Ok(Some(SqlType::String)),
            (None, Element::Typed(kind) | Element::Literal(kind)) => Ok(Some((*kind).clone())),
            (Some(common), element) => widen(common, element).map(Some),
        };
        common = widened.map_err(|reason| NoListType { index, reason })?;
    }
    Ok(common)
}

fn widen(common: SqlType, element: &Element<'_>) -> Result<SqlType, ListMismatch> {
    match element {
        Element::Null => Ok(common),
        Element::Text(text) => {
            let kind = match &common {
                SqlType::Boolean => parse_boolean(text).map(|_| SqlType::Boolean),
                number if number.is_number() => {
                    number_type(text).and_then(|kind| common_type(number, &kind).ok())
                }
                temporal if temporal.is_temporal() => Some(temporal.clone()),
                _ => return common_type(&common, &SqlType::String).map_err(ListMismatch::Type),
            };
            kind.ok_or_else(|| ListMismatch::Syntax { kind: common, text: (*text).to_owned() })
        }
        Element::Literal(kind) if common == SqlType::String && !kind.is_nested() => Ok(common),
        Element::Literal(kind) | Element::Typed(kind) => {
            common_type(&common, kind).map_err(ListMismatch::Type)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let (int, double, text) = (&SqlType::Integer, &SqlType::Double, &SqlType::String);
        for (elements, expected) in [
            (&[Element::Null, Element::Null][..], "none"),
            (&[Element::Null, Element::Typed(int), Element::Literal(double)], "DOUBLE"),
            (&[Element::Typed(int), Element::Text("100"), Element::Text("12345678901")], "BIGINT"),
            (&[Element::Typed(int), Element::Text("3e2")], "DOUBLE"),
            (&[Element::Typed(int), Element::Text("1.50")], "DECIMAL(12, 2)"),
            (&[Element::Typed(text), Element::Literal(int)], "STRING"),
            (&[Element::Typed(text), Element::Typed(int)], "operator does not exist: STRING = INTEGER"),
            (&[Element::Typed(&SqlType::Boolean), Element::Text("ye")], "BOOLEAN"),
            (
                &[Element::Literal(int), Element::Text("hello")],
                "invalid input syntax for type INTEGER: \"hello\".",
            ),
        ] {
            let kind =
                list_type(elements).map(|kind| kind.map_or("none".to_owned(), |kind| kind.to_string()));
            assert_eq!(kind.unwrap_or_else(|error| error.to_string()), expected);
        }
    }

    #[test]
    fn truths() {
        for (text, truth) in [("t", Some(true)), ("YE", Some(true)), ("fal", Some(false)), ("N", Some(false))]
        {
            assert_eq!(parse_boolean(text), truth);
        }
        assert_eq!(parse_boolean(""), None);
        assert_eq!(parse_boolean("truer"), None);
    }

    #[test]
    fn modes() {
        let decimal = |p, s| SqlType::decimal(p, s).unwrap();
        for (from, to, strict, lax) in [
            (SqlType::Integer, SqlType::Bigint, true, true),
            (SqlType::Bigint, SqlType::Integer, false, false),
            (SqlType::Integer, decimal(10, 0), true, true),
            (SqlType::Integer, decimal(10, 2), false, false),
            (decimal(4, 2), decimal(5, 2), true, true),
            (decimal(4, 2), decimal(4, 1), false, false),
            (SqlType::String, SqlType::Integer, false, true),
            (SqlType::Integer, SqlType::String, false, true),
            (SqlType::String, SqlType::Date, true, true),
            (SqlType::array(SqlType::Integer), SqlType::array(SqlType::Double), true, true),
        ] {
            assert_eq!(can_coerce(&from, &to, Mode::Strict), strict, "{from} {to}");
            assert_eq!(can_coerce(&from, &to, Mode::Lax), lax, "{from} {to}");
        }
    }
}
