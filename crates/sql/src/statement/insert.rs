//! `INSERT INTO ... VALUES`: a row becomes a record.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_sql_syntax::ast::{InsertValues, Name};

use super::prepare::preparing;
use super::source::quoted;
use super::{Constants, Context, Executed, Session, State};
use crate::Refusal;
use crate::catalog::{Catalog, Source, kind_name};
use crate::serde::Serializer;
use crate::types::SqlType;
use crate::value::Value;
use lentic_sql_syntax::nearest;

/// The column that is the record's time.
const ROWTIME: &str = "ROWTIME";
/// What records have, too, but from the log only.
const FROM_THE_LOG: [&str; 2] = ["ROWPARTITION", "ROWOFFSET"];

/// A record to be written.
#[derive(Clone, Debug)]
pub struct InsertedRecord {
    /// The stream or table that it is inserted into.
    pub source: Arc<Source>,
    /// Where it goes.
    pub topic: String,
    /// The bytes of the key.
    pub key: Option<Vec<u8>>,
    /// The bytes of the value.
    pub value: Option<Vec<u8>>,
    /// ROWTIME if it was given, else the clock, in milliseconds.
    pub timestamp: i64,
}

impl State {
    pub(super) fn insert_values(
        &self,
        context: &Context<'_>,
        session: &Session,
        insert: &InsertValues,
    ) -> Result<Executed, Refusal> {
        if !session.settings.is_on("ksql.insert.into.values.enabled", true) {
            return Err(Refusal::new(
                "The server has disabled INSERT INTO ... VALUES functionality. To enable it, restart your ksqlDB server with \
                 'ksql.insert.into.values.enabled'=true",
            ));
        }
        let source = self.target(&insert.into)?;
        let columns = columns(insert, source)?;
        let mut row = BTreeMap::new();
        let constants = Constants { planner: &context.planner, catalog: &self.catalog };
        for ((name, kind), expr) in columns.iter().zip(&insert.values) {
            let value =
                constants.value(expr, kind).map_err(|refusal| preparing_unless_type(refusal, name))?;
            row.insert(name.as_str(), value);
        }
        let record = record(source, &row, || context.planner.world.now_ms());
        let failed = |refusal: Refusal| {
            refusal.after(&format!("Failed to insert values into '{}'. ", source.name)).at(insert.into.at.0)
        };
        record.map(|record| Executed::Insert(Box::new(record))).map_err(failed)
    }

    fn target(&self, name: &Name) -> Result<&Arc<Source>, Refusal> {
        let refused = |text: String| Refusal::new(text).at(name.at.0);
        let Some(source) = self.catalog.source(&name.text) else {
            let hint = hint(&self.catalog, &name.text);
            let near = hint.is_empty().then(|| self.catalog.near_source(&name.text)).flatten();
            let text = format!("Cannot insert values into an unknown stream/table: {}{hint}", quoted(name));
            return Err(refused(text).near(near));
        };
        if source.is_read_only() {
            let kind = kind_name(source.kind);
            return Err(refused(format!("Cannot insert values into read-only {kind}: {}", source.name)));
        }
        if source.properties.window.is_some() {
            return Err(refused("Cannot insert values into windowed stream/table!".to_owned()));
        }
        Ok(source)
    }
}

/// A name that differs only in its case.
pub(super) fn hint(catalog: &Catalog, wanted: &str) -> String {
    let near = catalog.sources().find(|source| source.name.eq_ignore_ascii_case(wanted));
    match near.map(|source| Name::new(&*source.name)) {
        Some(near) if near.needs_quotes() => format!(
            "\nDid you mean \"{}\"? Hint: wrap the source name in double quotes to make it case-sensitive.",
            near.text
        ),
        Some(near) => {
            format!("\nDid you mean {}? Hint: try removing double quotes from the source name.", near.text)
        }
        None => String::new(),
    }
}

/// The columns that get values, and their types.
fn columns(insert: &InsertValues, source: &Source) -> Result<Vec<(String, SqlType)>, Refusal> {
    let (given, values) = (insert.columns.len(), insert.values.len());
    if given > 0 && given != values {
        let text = format!("Expected number columns and values to match: {given}, {values}");
        return Err(preparing(Refusal::new(text).at(insert.into.at.0)));
    }
    let is_meant = |name: &str| given == 0 || insert.columns.iter().any(|column| column.text == name);
    let headers: Vec<&str> =
        source.schema.headers().map(|column| &*column.name).filter(|name| is_meant(name)).collect();
    if !headers.is_empty() {
        return Err(Refusal::new(format!("Cannot insert into HEADER columns: {}", headers.join(", "))));
    }
    if given == 0 {
        let all: Vec<_> = source.schema.columns().iter().collect();
        if all.len() != values {
            let names: Vec<_> = all.iter().map(|column| format!("`{}`", column.name)).collect();
            let values: Vec<_> = insert.values.iter().map(ToString::to_string).collect();
            return Err(Refusal::new(format!(
                "Failed to insert values into '{}'. Expected a value for each column. Expected Columns: [{}]. Got [{}]",
                source.name,
                names.join(", "),
                values.join(", ")
            )));
        }
        return Ok(all.into_iter().map(|column| (column.name.to_string(), column.kind.clone())).collect());
    }
    insert.columns.iter().map(|name| Ok((name.text.clone(), kind_of(name, source)?))).collect()
}

fn kind_of(name: &Name, source: &Source) -> Result<SqlType, Refusal> {
    let refused = |text: String| Refusal::new(text).at(name.at.0);
    if FROM_THE_LOG.contains(&name.text.as_str()) {
        return Err(refused(format!("Inserting into column {} is not allowed.", quoted(name))));
    }
    if name.text == ROWTIME {
        return Ok(SqlType::Bigint);
    }
    match source.schema.find(&name.text) {
        Some(column) => Ok(column.kind.clone()),
        None => {
            let names = source.schema.columns().iter().map(|column| &*column.name);
            let text = format!(
                "Failed to insert values into '{}'. Column name {} does not exist.",
                source.name,
                quoted(name)
            );
            Err(refused(text).near(nearest(&name.text, names)))
        }
    }
}

/// A name that means nothing is found before the statement is executed; a value of another type only then.
fn preparing_unless_type(refusal: Refusal, column: &str) -> Refusal {
    if refusal.to_string().starts_with("Expected type") {
        return Refusal::new(refusal.to_string().replace("for field", &format!("for field `{column}`")));
    }
    preparing(refusal)
}

fn record(
    source: &Arc<Source>,
    row: &BTreeMap<&str, Value>,
    now: impl FnOnce() -> i64,
) -> Result<InsertedRecord, Refusal> {
    if source.kind == crate::catalog::SourceKind::Table {
        let missing: Vec<&str> = source
            .schema
            .key()
            .map(|column| &*column.name)
            .filter(|name| row.get(name).is_none_or(Value::is_null))
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::new(format!(
                "Value for primary key column(s) {} is required for tables",
                missing.join(", ")
            )));
        }
    }
    let timestamp = row.get(ROWTIME).and_then(Value::as_bigint).unwrap_or_else(now);
    if timestamp < 0 {
        return Err(Refusal::new(format!("Negative timestamp: {timestamp}. ROWTIME counts from 1970 on.")));
    }
    let formats = &source.formats;
    let side = |format, columns: &crate::serde::RowSchema| {
        let values: Vec<Value> = columns
            .columns
            .iter()
            .map(|column| row.get(&*column.name).cloned().unwrap_or_default())
            .collect();
        let serializer = Serializer::new(format, columns).map_err(|error| Refusal::new(error.to_string()))?;
        serializer
            .serialize(&values)
            .map_err(|error| Refusal::new(format!("Could not serialize row: {error}")))
    };
    Ok(InsertedRecord {
        source: Arc::clone(source),
        topic: source.properties.topic.clone().unwrap_or_default(),
        key: side(&formats.key, &formats.key_columns)?,
        value: side(&formats.value, &formats.value_columns)?,
        timestamp,
    })
}
