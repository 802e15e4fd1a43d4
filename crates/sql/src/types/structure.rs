//! STRUCT: named fields in their order.
use std::fmt;
use std::sync::Arc;

use super::SqlType;

/// A field of a STRUCT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name, in the case that it has.
    pub name: Arc<str>,
    /// Its type.
    pub kind: SqlType,
}

/// The fields of a STRUCT. Values of it are lists in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StructType {
    fields: Box<[Field]>,
}

impl StructType {
    /// A STRUCT of these fields.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields: fields.into() }
    }

    /// The fields, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Where the field of exactly this name is.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }
}

impl fmt::Display for StructType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("STRUCT<")?;
        for (index, Field { name, kind }) in self.fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}`{}` {kind}", name.replace('`', "``"))?;
        }
        f.write_str(">")
    }
}
