//! The columns of an answer.
use std::sync::Arc;

use lentic_ksql_api::Column;
use lentic_sql::SqlType;
use lentic_sql::catalog::Place;
use lentic_sql::types::Field;

/// Columns as rows are written by them.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) fields: Arc<[Field]>,
    pub(crate) columns: Arc<[Column]>,
}

impl Columns {
    /// Name, type, and what the header says of its place.
    pub(crate) fn new<'a>(columns: impl Iterator<Item = (&'a Arc<str>, &'a SqlType, &'a Place)>) -> Self {
        let (fields, columns) = columns
            .map(|(name, kind, place)| {
                let field = Field { name: Arc::clone(name), kind: kind.clone() };
                let column = Column::value(name.to_string(), kind.to_string());
                let column = match place {
                    Place::Value => column,
                    Place::Key => Column { is_key: true, ..column },
                    Place::Headers | Place::Header(_) => column.of_headers(Some(place.to_string())),
                };
                (field, column)
            })
            .unzip::<_, _, Vec<_>, Vec<_>>();
        Self { fields: fields.into(), columns: columns.into() }
    }
}

/// The columns of a push query, none of which is called a key.
pub(crate) fn header_columns(schema: &lentic_sql::catalog::Schema) -> Columns {
    Columns::new(schema.columns().iter().map(|column| (&column.name, &column.kind, &Place::Value)))
}
