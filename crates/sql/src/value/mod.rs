//! Values, NULL included. Cloning one costs a count at most.
pub mod calendar;
pub mod decimal;
pub mod double;
mod equality;
mod map;
mod print;
pub mod temporal;

use std::sync::Arc;

use bigdecimal::BigDecimal;

pub use map::MapValue;
pub use print::print;

/// A value of any [`crate::SqlType`]. Which type it has is known from where it stands, so a STRUCT carries no names and a
/// DECIMAL no precision.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// BOOLEAN.
    Boolean(bool),
    /// INTEGER.
    Integer(i32),
    /// BIGINT.
    Bigint(i64),
    /// DOUBLE.
    Double(f64),
    /// DECIMAL, with exactly as many digits behind the point as its type has.
    Decimal(Arc<BigDecimal>),
    /// STRING.
    String(Arc<str>),
    /// BYTES.
    Bytes(Arc<[u8]>),
    /// DATE: days since 1970-01-01.
    Date(i32),
    /// TIME: milliseconds since midnight.
    Time(i32),
    /// TIMESTAMP: milliseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// ARRAY.
    Array(Arc<[Value]>),
    /// MAP.
    Map(Arc<MapValue>),
    /// STRUCT: the values of its fields, in the order of its type.
    Struct(Arc<[Value]>),
}

impl Value {
    /// A STRING.
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    /// BYTES.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(Arc::from(bytes.as_ref()))
    }

    /// A DECIMAL.
    pub fn decimal(decimal: BigDecimal) -> Self {
        Self::Decimal(Arc::new(decimal))
    }

    /// An ARRAY.
    pub fn array(values: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(values.into_iter().collect())
    }

    /// A MAP; of entries with the same key the last one counts.
    pub fn map(entries: impl IntoIterator<Item = (Self, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// A STRUCT.
    pub fn structure(fields: impl IntoIterator<Item = Self>) -> Self {
        Self::Struct(fields.into_iter().collect())
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth of a BOOLEAN.
    pub fn as_boolean(&self) -> Option<bool> {
        if let Self::Boolean(truth) = self { Some(*truth) } else { None }
    }

    /// The number of an INTEGER.
    pub fn as_integer(&self) -> Option<i32> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The number of an INTEGER or a BIGINT.
    pub fn as_bigint(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(i64::from(*number)),
            Self::Bigint(number) => Some(*number),
            _ => None,
        }
    }

    /// The number of a DOUBLE, or what a whole number widens to.
    pub fn as_double(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(f64::from(*number)),
            Self::Bigint(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// The number of a DECIMAL.
    pub fn as_decimal(&self) -> Option<&BigDecimal> {
        if let Self::Decimal(number) = self { Some(number) } else { None }
    }

    /// The text of a STRING.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The bytes of BYTES.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The elements of an ARRAY.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(values) = self { Some(values) } else { None }
    }

    /// The entries of a MAP.
    pub fn as_map(&self) -> Option<&MapValue> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The fields of a STRUCT.
    pub fn as_struct(&self) -> Option<&[Self]> {
        if let Self::Struct(fields) = self { Some(fields) } else { None }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Bigint(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<BigDecimal> for Value {
    fn from(decimal: BigDecimal) -> Self {
        Self::decimal(decimal)
    }
}

/// `None` is NULL.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
