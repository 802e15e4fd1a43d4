//! The columns of a declaration.
use lentic_sql_syntax::ast::{self, ColumnPlace, SourceKind};

use super::{Catalog, Column, Place, Schema, sql_type};
use crate::Refusal;
use crate::types::SqlType;

/// Names that no column may have: each record has them already.
pub const RESERVED: [&str; 5] = ["ROWTIME", "ROWPARTITION", "ROWOFFSET", "WINDOWSTART", "WINDOWEND"];

impl Schema {
    /// Of a declaration. Key columns come first.
    pub fn of(written: &[ast::Column], kind: SourceKind, catalog: &Catalog) -> Result<Self, Refusal> {
        let mut columns = Vec::with_capacity(written.len());
        for column in written {
            columns.push(one(column, catalog).map_err(|refusal| refusal.within(column.name.at.0))?);
        }
        if kind == SourceKind::Table && !columns.iter().any(|column| column.place == Place::Key) {
            return Err(Refusal::new("Tables require a PRIMARY KEY. Please define the PRIMARY KEY."));
        }
        check_headers(&columns)?;
        columns.sort_by_key(|column| column.place != Place::Key);
        Self::new(columns)
    }
}

/// All headers are in one column, or some of them in one column each.
fn check_headers(columns: &[Column]) -> Result<(), Refusal> {
    let headers: Vec<_> =
        columns.iter().filter(|column| matches!(column.place, Place::Headers | Place::Header(_))).collect();
    if headers.len() > 1 && headers.iter().any(|column| column.place == Place::Headers) {
        return Err(Refusal::new("Schema already contains a HEADERS column."));
    }
    for (index, column) in headers.iter().enumerate() {
        if let Place::Header(key) = &column.place
            && headers[..index].iter().any(|before| before.place == column.place)
        {
            return Err(Refusal::new(format!("Schema already contains a HEADER('{key}') column.")));
        }
    }
    Ok(())
}

/// One of them.
pub(super) fn one(written: &ast::Column, catalog: &Catalog) -> Result<Column, Refusal> {
    let name = written.name.text.as_str();
    if RESERVED.contains(&name) {
        let text = format!("'{name}' is a reserved column name. You cannot use it as a name for a column.");
        return Err(Refusal::new(text));
    }
    let kind = sql_type(&written.data_type, catalog)?;
    let place = match &written.place {
        ColumnPlace::Value => Place::Value,
        ColumnPlace::Key | ColumnPlace::PrimaryKey => Place::Key,
        ColumnPlace::Headers => Place::Headers,
        ColumnPlace::Header(key) => Place::Header(key.as_str().into()),
    };
    match &place {
        Place::Headers => expect(&kind, &all_headers(), "HEADERS")?,
        Place::Header(key) => expect(&kind, &SqlType::Bytes, &format!("HEADER('{key}')"))?,
        _ => {}
    }
    Ok(Column { name: name.into(), kind, place })
}

fn expect(kind: &SqlType, expected: &SqlType, what: &str) -> Result<(), Refusal> {
    if kind == expected {
        return Ok(());
    }
    let text = format!("Invalid type for {what} column: expected {expected}, got {kind}");
    Err(Refusal::new(text))
}

fn all_headers() -> SqlType {
    SqlType::array(SqlType::structure([("KEY", SqlType::String), ("VALUE", SqlType::Bytes)]))
}
