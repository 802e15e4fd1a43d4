//! Types of columns and casts.
use super::Name;

/// A type as it is written. Whether a custom type exists, and whether a decimal's figures make sense, is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `BOOLEAN`
    Boolean,
    /// `INT`, `INTEGER`
    Integer,
    /// `BIGINT`
    Bigint,
    /// `DOUBLE`
    Double,
    /// `STRING`, `VARCHAR`
    String,
    /// `BYTES`
    Bytes,
    /// `DATE`
    Date,
    /// `TIME`
    Time,
    /// `TIMESTAMP`
    Timestamp,
    /// `DECIMAL(precision, scale)`
    Decimal {
        /// Digits in all.
        precision: i32,
        /// Digits after the point.
        scale: i32,
    },
    /// `ARRAY<element>`
    Array(Box<DataType>),
    /// `MAP<key, value>`
    Map(Box<DataType>, Box<DataType>),
    /// `STRUCT<field type, ...>`
    Struct(Vec<StructField>),
    /// A custom type.
    Named(Name),
}

/// A field of a `STRUCT` type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructField {
    /// The field.
    pub name: Name,
    /// Its type.
    pub data_type: DataType,
}

impl DataType {
    /// The type without parameters that has this name, in any case.
    pub fn primitive(name: &str) -> Option<Self> {
        const PRIMITIVES: [(&str, DataType); 11] = [
            ("BOOLEAN", DataType::Boolean),
            ("INT", DataType::Integer),
            ("INTEGER", DataType::Integer),
            ("BIGINT", DataType::Bigint),
            ("DOUBLE", DataType::Double),
            ("STRING", DataType::String),
            ("VARCHAR", DataType::String),
            ("BYTES", DataType::Bytes),
            ("DATE", DataType::Date),
            ("TIME", DataType::Time),
            ("TIMESTAMP", DataType::Timestamp),
        ];
        PRIMITIVES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, found)| found)
    }
}
