//! The SQL types, and the words in which they are written and printed.
mod decimal;
mod structure;
mod widening;

use std::fmt;
use std::sync::Arc;

pub use decimal::DecimalType;
pub use structure::{Field, StructType};
pub use widening::{NoCommonType, common_type};

/// The type of a column or an expression. NULL has none of its own: what may be NULL is an `Option<SqlType>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// True or false.
    Boolean,
    /// 32 bits, signed. Also written INT.
    Integer,
    /// 64 bits, signed.
    Bigint,
    /// IEEE 754, 64 bits.
    Double,
    /// A decimal number with a fixed number of digits.
    Decimal(DecimalType),
    /// Unicode text. Also written VARCHAR.
    String,
    /// Bytes.
    Bytes,
    /// A day of the proleptic Gregorian calendar, kept as days since 1970-01-01.
    Date,
    /// A time of day in milliseconds, without a zone.
    Time,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// A list of values of one type.
    Array(Arc<SqlType>),
    /// Keys to values.
    Map(Arc<SqlType>, Arc<SqlType>),
    /// Named fields.
    Struct(Arc<StructType>),
}

impl SqlType {
    /// `ARRAY<element>`.
    pub fn array(element: Self) -> Self {
        Self::Array(Arc::new(element))
    }

    /// `MAP<key, value>`.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// `STRUCT<fields>`.
    pub fn structure<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        let fields = fields.into_iter().map(|(name, kind)| Field { name: name.into(), kind }).collect();
        Self::Struct(Arc::new(StructType::new(fields)))
    }

    /// `DECIMAL(precision, scale)`; `None` for digits that no decimal has.
    pub fn decimal(precision: u32, scale: u32) -> Option<Self> {
        DecimalType::new(precision, scale).map(Self::Decimal)
    }

    /// INTEGER, BIGINT, DECIMAL or DOUBLE.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Bigint | Self::Double | Self::Decimal(_))
    }

    /// DATE, TIME or TIMESTAMP.
    pub fn is_temporal(&self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::Timestamp)
    }

    /// ARRAY, MAP or STRUCT.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Map(..) | Self::Struct(_))
    }

    /// The name without parameters: `DECIMAL` of `DECIMAL(4, 2)`, `ARRAY` of `ARRAY<INTEGER>`.
    pub fn base_name(&self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Integer => "INTEGER",
            Self::Bigint => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Decimal(_) => "DECIMAL",
            Self::String => "STRING",
            Self::Bytes => "BYTES",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Timestamp => "TIMESTAMP",
            Self::Array(_) => "ARRAY",
            Self::Map(..) => "MAP",
            Self::Struct(_) => "STRUCT",
        }
    }

    /// The type of this name, if it is one without parameters; in any case, synonyms included.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "BOOLEAN" => Self::Boolean,
            "INT" | "INTEGER" => Self::Integer,
            "BIGINT" => Self::Bigint,
            "DOUBLE" => Self::Double,
            "STRING" | "VARCHAR" => Self::String,
            "BYTES" => Self::Bytes,
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "TIMESTAMP" => Self::Timestamp,
            _ => return None,
        })
    }
}

/// As ksqlDB prints types in its messages: `DECIMAL(4, 2)`, `MAP<STRING, INTEGER>`, ``STRUCT<`F0` STRING>``.
impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal(decimal) => write!(f, "{decimal}"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Struct(structure) => write!(f, "{structure}"),
            simple => f.write_str(simple.base_name()),
        }
    }
}
