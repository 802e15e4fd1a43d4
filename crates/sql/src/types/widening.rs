//! The one type that several expressions have in common.
use std::fmt;
use std::sync::Arc;

use super::{DecimalType, Field, SqlType, StructType};

/// Two types that no one type holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCommonType {
    /// What came first.
    pub left: SqlType,
    /// What does not go with it.
    pub right: SqlType,
}

impl fmt::Display for NoCommonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operator does not exist: {} = {}", self.left, self.right)
    }
}

impl std::error::Error for NoCommonType {}

/// The type that both widen to: the wider of two numbers, element by element for nested types, and for two STRUCTs all fields
/// of both, the first one's first (ksqlDB's documentation, "Type coercion"). Literals have laxer rules: see
/// [`crate::coercion`].
pub fn common_type(left: &SqlType, right: &SqlType) -> Result<SqlType, NoCommonType> {
    use SqlType::{Array, Bigint, Decimal, Double, Integer, Map, Struct};
    if left == right {
        return Ok(left.clone());
    }
    Ok(match (left, right) {
        (Double, other) | (other, Double) if other.is_number() => Double,
        (Integer, Bigint) | (Bigint, Integer) => Bigint,
        (Decimal(_), _) | (_, Decimal(_)) => match (DecimalType::of(left), DecimalType::of(right)) {
            (Some(a), Some(b)) => Decimal(a.widest(b)),
            _ => return Err(none(left, right)),
        },
        (Array(a), Array(b)) => SqlType::array(common_type(a, b)?),
        (Map(ka, va), Map(kb, vb)) => SqlType::map(common_type(ka, kb)?, common_type(va, vb)?),
        (Struct(a), Struct(b)) => Struct(Arc::new(union(a, b)?)),
        _ => return Err(none(left, right)),
    })
}

fn none(left: &SqlType, right: &SqlType) -> NoCommonType {
    NoCommonType { left: left.clone(), right: right.clone() }
}

fn union(left: &StructType, right: &StructType) -> Result<StructType, NoCommonType> {
    let mut fields: Vec<Field> = Vec::new();
    for field in left.fields() {
        let kind = match right.position(&field.name) {
            Some(at) => common_type(&field.kind, &right.fields()[at].kind)?,
            None => field.kind.clone(),
        };
        fields.push(Field { name: field.name.clone(), kind });
    }
    fields.extend(right.fields().iter().filter(|field| left.position(&field.name).is_none()).cloned());
    Ok(StructType::new(fields))
}
