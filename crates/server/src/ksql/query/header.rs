//! The columns of an answer.
use std::sync::Arc;

use lentic_ksql_api::Column;
use lentic_sql::SqlType;
use lentic_sql::types::Field;

/// Columns as rows are written by them.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) fields: Arc<[Field]>,
    pub(crate) columns: Arc<[Column]>,
}

impl Columns {
    /// Name, type, and whether the header calls it a key.
    pub(crate) fn new<'a>(columns: impl Iterator<Item = (&'a Arc<str>, &'a SqlType, bool)>) -> Self {
        let (fields, columns) = columns
            .map(|(name, kind, is_key)| {
                let field = Field { name: Arc::clone(name), kind: kind.clone() };
                (field, Column { name: name.to_string(), kind: kind.to_string(), is_key })
            })
            .unzip::<_, _, Vec<_>, Vec<_>>();
        Self { fields: fields.into(), columns: columns.into() }
    }
}

/// The columns of a push query, none of which is called a key.
pub(crate) fn header_columns(schema: &lentic_sql::catalog::Schema) -> Columns {
    Columns::new(schema.columns().iter().map(|column| (&column.name, &column.kind, false)))
}
