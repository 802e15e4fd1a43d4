//! Columns and types.
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A column, or a field of a STRUCT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldInfo {
    /// Its name.
    pub name: String,
    /// Its type.
    pub schema: SchemaInfo,
    /// What else it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldType>,
    /// The key of the header that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_key: Option<String>,
}

/// What a column is, if it is no ordinary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FieldType {
    /// Of the key.
    Key,
    /// A header of the record, or all of them.
    Header,
    /// A pseudo column, as older servers list them.
    System,
}

/// A type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SchemaInfo {
    /// `BIGINT`, `STRUCT`, ...
    #[serde(rename = "type")]
    pub base: String,
    /// The fields of a STRUCT.
    pub fields: Option<Vec<FieldInfo>>,
    /// The elements of an ARRAY, or the values of a MAP.
    pub member_schema: Option<Box<Self>>,
    /// `precision` and `scale` of a DECIMAL.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
}

impl SchemaInfo {
    /// A type that has no parts.
    pub fn of(base: impl Into<String>) -> Self {
        Self { base: base.into(), ..Self::default() }
    }

    /// `DECIMAL(precision, scale)`
    pub fn decimal(precision: u32, scale: u32) -> Self {
        let parameters = [("precision", precision), ("scale", scale)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.into())).into();
        Self { parameters, ..Self::of("DECIMAL") }
    }

    /// `ARRAY<element>`
    pub fn array(element: Self) -> Self {
        Self { member_schema: Some(Box::new(element)), ..Self::of("ARRAY") }
    }

    /// `MAP<STRING, value>`
    pub fn map(value: Self) -> Self {
        Self { member_schema: Some(Box::new(value)), ..Self::of("MAP") }
    }

    /// `STRUCT<fields>`
    pub fn structure(fields: Vec<FieldInfo>) -> Self {
        Self { fields: Some(fields), ..Self::of("STRUCT") }
    }
}

impl fmt::Display for SchemaInfo {
    /// As SQL says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        match (&self.fields, &self.member_schema) {
            (Some(fields), _) => {
                f.write_str("<")?;
                for (index, field) in fields.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{} {}", field.name, field.schema)?;
                }
                f.write_str(">")
            }
            (None, Some(value)) if self.base == "MAP" => write!(f, "<STRING, {value}>"),
            (None, Some(element)) => write!(f, "<{element}>"),
            (None, None) => match (self.parameters.get("precision"), self.parameters.get("scale")) {
                (Some(precision), Some(scale)) => write!(f, "({precision}, {scale})"),
                _ => Ok(()),
            },
        }
    }
}

/// `LIST TYPES`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypeList {
    /// The types, by name.
    pub types: BTreeMap<String, SchemaInfo>,
}
