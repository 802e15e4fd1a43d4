//! A JSON object as a row of a stream or table, and as the record that it is.
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic::NewRecord;
use lentic::types::TopicName;
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::cast::Cast;
use lentic_sql::catalog::{Place, Source, SourceKind};
use lentic_sql::serde::{RowSchema, Serializer};
use lentic_sql::statement::Session;
use lentic_sql::{SqlType, Value};
use serde_json::{Map, Value as Json};

use crate::ksql::Ksql;

/// What a line is answered that is no JSON object.
pub(super) const NO_JSON: &str = "Invalid JSON in inserts stream";

/// Where rows go.
pub(super) struct Target {
    source: Arc<Source>,
    topic: TopicName,
    key: Serializer,
    value: Serializer,
}

impl Target {
    /// The stream or table of this name.
    pub(super) fn find(ksql: &Ksql, session: &Session, name: &str) -> Result<Self, ErrorBody> {
        let bad = |message: String| ErrorBody::new(ErrorCode::BAD_STATEMENT, message);
        if !session.settings.is_on("ksql.insert.into.values.enabled", true) {
            let message = "The server has disabled INSERT INTO ... VALUES functionality.";
            return Err(ErrorBody::new(ErrorCode::BAD_REQUEST, message));
        }
        let written = identifier(name).ok_or_else(|| bad(format!("Invalid target name: {name}")))?;
        let state = ksql.state();
        let found = state.catalog().source(&written).cloned();
        let source = found
            .ok_or_else(|| bad(format!("Cannot insert values into an unknown stream/table: {written}")))?;
        if source.properties.window.is_some() {
            return Err(bad("Cannot insert values into windowed stream/table".to_owned()));
        }
        let topic = source.properties.topic.clone().unwrap_or_default();
        if source.is_read_only() {
            return Err(bad(format!("Cannot insert values into read-only topic: {topic}")));
        }
        if source.schema.headers().next().is_some() {
            return Err(bad("Cannot insert into HEADER columns".to_owned()));
        }
        let serializer =
            |format, columns| Serializer::new(format, columns).map_err(|error| bad(error.to_string()));
        let formats = &source.formats;
        Ok(Self {
            topic: TopicName::new(&topic).map_err(|error| bad(error.to_string()))?,
            key: serializer(&formats.key, &formats.key_columns)?,
            value: serializer(&formats.value, &formats.value_columns)?,
            source,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.source.name
    }

    /// The record of a line.
    pub(super) fn record(&self, line: &[u8], now: i64) -> Result<NewRecord, ErrorBody> {
        let bad = |message: String| ErrorBody::new(ErrorCode::BAD_REQUEST, message);
        let object: Map<String, Json> = serde_json::from_slice(line).map_err(|_| bad(NO_JSON.to_owned()))?;
        let (mut row, mut at) = (BTreeMap::new(), now);
        for (name, json) in &object {
            let name = identifier(name).ok_or_else(|| bad(format!("Invalid column name: {name}")))?;
            if name == "ROWTIME" {
                at = json
                    .as_i64()
                    .filter(|at| *at >= 0)
                    .ok_or_else(|| bad("ROWTIME is no time in milliseconds".to_owned()))?;
                continue;
            }
            let Some(column) = self.source.schema.find(&name) else {
                return Err(bad(format!("Column name `{name}` does not exist.")));
            };
            let value = value(json, &column.kind).ok_or_else(|| {
                bad(format!(
                    "Can't coerce a field of type {} ({json}) into type {}",
                    json_kind(json),
                    column.kind
                ))
            })?;
            row.insert(Arc::clone(&column.name), value);
        }
        for column in self.source.schema.columns() {
            let is_missing = row.get(&column.name).is_none_or(Value::is_null);
            if column.place == Place::Key && self.source.kind == SourceKind::Table && is_missing {
                return Err(bad(format!("Key field must be specified: {}", column.name)));
            }
        }
        let formats = &self.source.formats;
        let side = |serializer: &Serializer, columns: &RowSchema| {
            let values: Vec<Value> = columns
                .columns
                .iter()
                .map(|column| row.get(&column.name).cloned().unwrap_or_default())
                .collect();
            serializer.serialize(&values).map_err(|error| bad(format!("Could not serialize row: {error}")))
        };
        let key = side(&self.key, &formats.key_columns)?;
        let value = side(&self.value, &formats.value_columns)?;
        Ok(super::new_record(&self.topic, key, value, at))
    }
}

/// A name as SQL means it: in upper case unless it is quoted.
fn identifier(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix('`') {
        return rest.strip_suffix('`').map(|name| name.replace("``", "`"));
    }
    let is_plain =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '$'));
    is_plain.then(|| name.to_uppercase())
}

/// A value as REST has it: bytes in base64, temporal values as text.
fn value(json: &Json, kind: &SqlType) -> Option<Value> {
    if json.is_null() {
        return Some(Value::Null);
    }
    Some(match kind {
        SqlType::Boolean => Value::Boolean(json.as_bool()?),
        SqlType::Integer => Value::Integer(i32::try_from(json.as_i64()?).ok()?),
        SqlType::Bigint => Value::Bigint(json.as_i64()?),
        SqlType::Double => Value::Double(json.as_f64()?),
        SqlType::String => Value::string(json.as_str()?),
        SqlType::Bytes => Value::bytes(STANDARD.decode(json.as_str()?).ok()?),
        SqlType::Decimal(_) => {
            let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            cast(&text, kind)?
        }
        SqlType::Date | SqlType::Time | SqlType::Timestamp => cast(json.as_str()?, kind)?,
        SqlType::Array(element) => {
            let values = json.as_array()?.iter().map(|json| value(json, element));
            Value::array(values.collect::<Option<Vec<_>>>()?)
        }
        SqlType::Map(_, of) => {
            let entries =
                json.as_object()?.iter().map(|(key, json)| Some((Value::string(key), value(json, of)?)));
            Value::map(entries.collect::<Option<Vec<_>>>()?)
        }
        SqlType::Struct(structure) => {
            let object: BTreeMap<String, &Json> =
                json.as_object()?.iter().filter_map(|(name, json)| Some((identifier(name)?, json))).collect();
            let known = |name: &String| structure.position(name).is_some();
            if !object.keys().all(known) {
                return None;
            }
            let fields = structure.fields().iter().map(|field| match object.get(&*field.name) {
                Some(json) => value(json, &field.kind),
                None => Some(Value::Null),
            });
            Value::structure(fields.collect::<Option<Vec<_>>>()?)
        }
    })
}

fn cast(text: &str, kind: &SqlType) -> Option<Value> {
    Cast::new(&SqlType::String, kind).ok()?.apply(&Value::string(text)).ok()
}

fn json_kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "BOOLEAN",
        Json::Number(_) => "a number",
        Json::String(_) => "STRING",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_read_as_in_sql() {
        for (written, expected) in [
            ("id", Some("ID")),
            ("`id`", Some("id")),
            ("`a``b`", Some("a`b")),
            ("a b", None),
            ("", None),
            ("`x", None),
        ] {
            assert_eq!(identifier(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn values_have_types() {
        let structure = SqlType::structure([("A", SqlType::Integer), ("b", SqlType::String)]);
        let decimal = SqlType::decimal(4, 2).expect("a type");
        for (json, kind, expected) in [
            (json!(7), SqlType::Bigint, Some("7")),
            (json!("7"), SqlType::Bigint, None),
            (json!(7.5), SqlType::Integer, None),
            (json!(3_000_000_000_i64), SqlType::Integer, None),
            (json!(null), SqlType::Integer, Some("null")),
            (json!("1.5"), decimal.clone(), Some("1.50")),
            (json!(1.5), decimal, Some("1.50")),
            (json!("2021-01-31"), SqlType::Date, Some("2021-01-31")),
            (json!("no date"), SqlType::Date, None),
            (json!([1, null]), SqlType::array(SqlType::Integer), Some("[1, null]")),
            (json!({"a": 1, "`b`": "x"}), structure.clone(), Some("Struct")),
            (json!({"c": 1}), structure, None),
        ] {
            let found = value(&json, &kind);
            assert_eq!(found.is_some(), expected.is_some(), "{json} as {kind}: {found:?}");
        }
    }
}
