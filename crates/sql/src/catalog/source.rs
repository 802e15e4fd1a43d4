//! A stream or table.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Column, ColumnPlace, CreateSource, ExprNode, SourceKind};

use super::{Catalog, Formats, Properties, Schema, Use};
use crate::Refusal;
use crate::serde::FormatName;
use crate::types::SqlType;
use lentic_sql_syntax::nearest;

/// A stream or table: a topic, and what its records mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name, in the case that it has.
    pub name: Arc<str>,
    /// Stream or table.
    pub kind: SourceKind,
    /// Its columns, those of the key first.
    pub schema: Schema,
    /// What was said of its records; the names of formats are given.
    pub properties: Properties,
    /// How they look.
    pub formats: Formats,
    /// `ksql.persistence.wrap.single.values` when it was made.
    pub wraps_single_values: bool,
    /// The column whose values are the records' times.
    pub timestamp: Option<TimestampColumn>,
    /// Where it came from.
    pub origin: Origin,
    /// The statement that made it, as it was written.
    pub statement: Arc<str>,
}

/// Where a stream or table came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was declared over a topic that others write.
    Declared {
        /// `SOURCE`: nothing is written to it from here.
        read_only: bool,
    },
    /// A query writes it.
    Query,
}

/// The column whose values are the records' times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampColumn {
    /// A column of the schema.
    pub name: Arc<str>,
    /// How its text is read, where it is text: a pattern of Java's `DateTimeFormatter`.
    pub format: Option<String>,
}

/// The windows of a declared source whose keys are windowed. Lengths are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceWindow {
    /// `TUMBLING`
    Tumbling(i64),
    /// `HOPPING`
    Hopping(i64),
    /// `SESSION`
    Session,
}

impl SourceWindow {
    pub(super) fn new(kind: &str, size: Option<i64>) -> Result<Self, Refusal> {
        let kind = kind.to_uppercase();
        let needs = || {
            Refusal::new(format!(
                "{kind} windows require 'WINDOW_SIZE' to be provided in the WITH clause. \
                                  For example: 'WINDOW_SIZE'='10 SECONDS'"
            ))
        };
        match (kind.as_str(), size) {
            ("TUMBLING", size) => size.map(Self::Tumbling).ok_or_else(needs),
            ("HOPPING", size) => size.map(Self::Hopping).ok_or_else(needs),
            ("SESSION", None) => Ok(Self::Session),
            ("SESSION", Some(_)) => Err(Refusal::new("'WINDOW_SIZE' should not be set for SESSION windows.")),
            _ => Err(Refusal::new(format!(
                "Configuration WINDOW_TYPE is invalid: Invalid value {kind} for configuration WINDOW_TYPE: String must be one \
                 of: SESSION, HOPPING, TUMBLING, null"
            ))),
        }
    }
}

/// As a `WINDOW` clause says it.
impl std::fmt::Display for SourceWindow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, millis) = match self {
            Self::Tumbling(millis) => ("TUMBLING", *millis),
            Self::Hopping(millis) => ("HOPPING", *millis),
            Self::Session => return f.write_str("SESSION"),
        };
        let units = [
            (86_400_000, "DAYS"),
            (3_600_000, "HOURS"),
            (60_000, "MINUTES"),
            (1000, "SECONDS"),
            (1, "MILLISECONDS"),
        ];
        let whole = units.into_iter().find(|(length, _)| millis % length == 0);
        let (length, unit) = whole.unwrap_or((1, "MILLISECONDS"));
        write!(f, "{kind} (SIZE {} {unit})", millis / length)
    }
}

/// What stands in for properties that are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// `ksql.persistence.default.format.key`
    pub key_format: String,
    /// `ksql.persistence.default.format.value`
    pub value_format: Option<String>,
    /// `ksql.persistence.wrap.single.values`
    pub wraps_single_values: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { key_format: "KAFKA".to_owned(), value_format: None, wraps_single_values: true }
    }
}

impl Source {
    /// The one that `CREATE STREAM|TABLE` declares.
    pub fn declared(
        create: &CreateSource,
        statement: &str,
        catalog: &Catalog,
        defaults: &Defaults,
    ) -> Result<Self, Refusal> {
        let name = create.name.text.as_str();
        if create.or_replace && create.read_only {
            let kind = super::kind_name(create.kind);
            let text =
                format!("Cannot add {kind} '{name}': CREATE OR REPLACE is not supported on source {kind}s.");
            return Err(Refusal::new(text).at(create.name.at.0));
        }
        let mut properties = Properties::of(&create.properties, Use::Create)?;
        if properties.topic.is_none() {
            let text = "Missing required property \"KAFKA_TOPIC\" which has no default value.";
            return Err(Refusal::new(text).at(create.name.at.0));
        }
        if properties.value_format.is_none() {
            let Some(format) = &defaults.value_format else {
                return Err(Refusal::new(
                    "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. Either provide one or set a default \
                     via the 'ksql.persistence.default.format.value' config.",
                ));
            };
            properties.value_format = Some(format.clone());
        }
        // Of columns that a registry would know nothing is known here, so that there must be some.
        Formats::names(&properties)?;
        for (side, id, format) in [
            ("KEY", properties.key_schema_id, &properties.key_format),
            ("VALUE", properties.value_schema_id, &properties.value_format),
        ] {
            let Some(format) = format.as_ref().filter(|_| id.is_some()) else { continue };
            if !format.parse::<FormatName>().is_ok_and(FormatName::needs_registry) {
                return Err(Refusal::new(format!(
                    "{side}_FORMAT should support schema inference when {side}_SCHEMA_ID is provided. Current format is \
                     {format}."
                )));
            }
            let is_given = |column: &Column| matches!(column.place, ColumnPlace::Value) == (side == "VALUE");
            if create.columns.iter().any(is_given) {
                return Err(Refusal::new(format!(
                    "Table elements and {side}_SCHEMA_ID cannot both exist for create statement."
                )));
            }
        }
        if create.columns.is_empty() {
            Formats::check_inference(&properties)?;
            return Err(Refusal::new("No columns supplied.").at(create.name.at.0));
        }
        let schema = Schema::of(&create.columns, create.kind, catalog)?;
        if schema.key().next().is_none() {
            if properties.window.is_some() {
                return Err(Refusal::new("Windowed sources require a key column."));
            }
            // There is nothing that could have a format; what was asked for is that of keys to come.
            properties.key_format.get_or_insert_with(|| "NONE".to_owned());
        }
        properties.key_format.get_or_insert_with(|| defaults.key_format.clone());
        let formats = Formats::new(&properties, &schema, defaults.wraps_single_values)?;
        let timestamp = timestamp_column(&properties, &schema)?;
        Ok(Self {
            name: name.into(),
            kind: create.kind,
            schema,
            properties,
            formats,
            wraps_single_values: defaults.wraps_single_values,
            timestamp,
            origin: Origin::Declared { read_only: create.read_only },
            statement: statement.into(),
        })
    }
}

/// The column that `TIMESTAMP` names: unquoted names mean upper case.
pub(crate) fn timestamp_column(
    properties: &Properties,
    schema: &Schema,
) -> Result<Option<TimestampColumn>, Refusal> {
    let Some(written) = &properties.timestamp else {
        return match &properties.timestamp_format {
            Some(_) => {
                Err(Refusal::new("Missing required property \"TIMESTAMP\" which has no default value."))
            }
            None => Ok(None),
        };
    };
    let name = match lentic_sql_syntax::parse_expr(written) {
        Ok(expr) => match &expr.node {
            ExprNode::Column { source: None, name } => name.text.clone(),
            _ => written.clone(),
        },
        Err(_) => written.clone(),
    };
    let format = properties.timestamp_format.clone();
    let placed = |refusal: Refusal| match properties.place(&["TIMESTAMP"]) {
        Some(place) => refusal.at(place),
        None => refusal,
    };
    let found = schema.find(&name).ok_or_else(|| {
        let text =
            format!("The TIMESTAMP column set in the WITH clause does not exist in the schema: '{name}'");
        let names = schema.columns().iter().map(|column| &*column.name);
        placed(Refusal::new(text)).near(nearest(&name, names))
    })?;
    let fits = match found.kind {
        SqlType::Bigint | SqlType::Timestamp => format.is_none(),
        SqlType::String => format.is_some(),
        _ => false,
    };
    if !fits {
        return Err(placed(Refusal::new(format!(
            "Timestamp column, `{name}`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified"
        ))));
    }
    Ok(Some(TimestampColumn { name: name.into(), format }))
}

#[cfg(test)]
mod tests {
    use lentic_sql_syntax::ast::Statement;
    use lentic_sql_syntax::parse_statement;

    use super::*;

    fn declare(text: &str) -> Result<Source, Refusal> {
        let Ok(Statement::CreateSource(create)) = parse_statement(text) else { panic!("{text}") };
        let catalog = Catalog::default();
        Source::declared(&create, text, &catalog, &Defaults::default())
    }

    /// Statements, and their schema with key format, time column and window.
    #[test]
    fn declared() {
        for (text, expected) in [
            (
                "CREATE STREAM s (v INT, k STRING KEY) WITH (kafka_topic='t', value_format='json')",
                "S: `K` STRING KEY, `V` INTEGER | KAFKA JSON",
            ),
            ("CREATE STREAM s (v INT) WITH (kafka_topic='t', format='json')", "S: `V` INTEGER | JSON JSON"),
            (
                "CREATE STREAM s (v INT) WITH (kafka_topic='t', value_format='json')",
                "S: `V` INTEGER | NONE JSON",
            ),
            (
                "CREATE TABLE t (k INT PRIMARY KEY, at BIGINT) WITH (kafka_topic='t', value_format='json', timestamp='at')",
                "T: `K` INTEGER KEY, `AT` BIGINT | KAFKA JSON, time of AT",
            ),
            (
                "CREATE STREAM s (k INT KEY, `at` STRING) WITH (kafka_topic='t', value_format='json', timestamp='`at`',                  timestamp_format='yyyy', window_type='hopping', window_size='1 minute')",
                "S: `K` INTEGER KEY, `at` STRING | KAFKA JSON, time of at, windows Hopping(60000)",
            ),
        ] {
            let source = declare(text).expect(text);
            let properties = &source.properties;
            let format = |format: &Option<String>| format.clone().unwrap_or_default();
            let mut found = format!(
                "{}: {} | {} {}",
                source.name,
                source.schema,
                format(&properties.key_format),
                format(&properties.value_format)
            );
            if let Some(timestamp) = &source.timestamp {
                found = format!("{found}, time of {}", timestamp.name);
            }
            if let Some(window) = &properties.window {
                found = format!("{found}, windows {window:?}");
            }
            assert_eq!(found, expected, "{text}");
        }
    }

    /// Columns and properties, and how the refusal begins.
    #[test]
    fn refused() {
        for (kind, rest, expected) in [
            ("STREAM", "(a INT) WITH (value_format='JSON')", "Missing required property \"KAFKA_TOPIC\""),
            ("STREAM", "(a INT) WITH (kafka_topic='t')", "Statement is missing the 'VALUE_FORMAT' property"),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', format='json', key_format='json')",
                "Cannot supply both 'KEY_FORMAT'",
            ),
            ("STREAM", "WITH (kafka_topic='t', format='json')", "No columns supplied."),
            ("TABLE", "(a INT) WITH (kafka_topic='t', format='json')", "Tables require a PRIMARY KEY."),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', format='json', odd=1)",
                "Invalid config variable(s) in the WITH clause: ODD",
            ),
            (
                "STREAM",
                "(rowtime INT) WITH (kafka_topic='t', format='json')",
                "'ROWTIME' is a reserved column name.",
            ),
            (
                "STREAM",
                "(k MAP<INT, INT> KEY) WITH (kafka_topic='t', format='json')",
                "Map keys, including types",
            ),
            (
                "STREAM",
                "(h INT HEADERS) WITH (kafka_topic='t', format='json')",
                "Invalid type for HEADERS column: expected ARRAY",
            ),
            (
                "STREAM",
                "(h INT HEADER('a')) WITH (kafka_topic='t', format='json')",
                "Invalid type for HEADER('a') column",
            ),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', format='json', timestamp='b')",
                "The TIMESTAMP column set in the WITH clause",
            ),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', format='json', timestamp='a')",
                "Timestamp column, `A`, should be",
            ),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', format='json', window_type='session')",
                "Windowed sources require a key column.",
            ),
            (
                "STREAM",
                "(a INT KEY) WITH (kafka_topic='t', format='json', window_type='odd')",
                "Configuration WINDOW_TYPE is invalid",
            ),
            (
                "STREAM",
                "(a INT KEY) WITH (kafka_topic='t', format='json', window_type='tumbling')",
                "TUMBLING windows require",
            ),
            ("STREAM", "(a INT) WITH (kafka_topic='t', format='odd')", "Unknown format: ODD"),
            (
                "STREAM",
                "(k INT KEY) WITH (kafka_topic='t', format='avro')",
                "Cannot create topic 't' with format AVRO without configuring 'ksql.schema.registry.url'",
            ),
            (
                "STREAM",
                "WITH (kafka_topic='t', value_format='json_sr')",
                "KSQL is not configured to use a schema registry. To enable it, please set ksql.schema.registry.url",
            ),
            (
                "STREAM",
                "(k BOOLEAN KEY) WITH (kafka_topic='t', value_format='json')",
                "Key format does not support schema.\nformat: KAFKA",
            ),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', value_format='json', value_delimiter=';')",
                "JSON does not support the following configs: [delimiter]",
            ),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', value_format='delimited', value_delimiter='')",
                "Configuration VALUE_DELIMITER is invalid: Delimiter cannot be empty",
            ),
            (
                "STREAM",
                "(a INT, b INT) WITH (kafka_topic='t', value_format='json', wrap_single_value=true)",
                "'WRAP_SINGLE_VALUE' is only valid for single-field",
            ),
            ("STREAM", "(a INT) WITH (kafka_topic=1, format='json')", "Configuration KAFKA_TOPIC is invalid"),
            (
                "STREAM",
                "(a INT) WITH (kafka_topic='t', format='json', partitions='x')",
                "Configuration PARTITIONS is invalid",
            ),
        ] {
            let text = format!("CREATE {kind} s {rest}");
            let refusal = declare(&text).expect_err(&text).to_string();
            assert!(refusal.starts_with(expected), "{text}: {refusal}");
        }
    }
    /// What is told of words that are near to others.
    #[test]
    fn what_was_meant() {
        for (rest, told) in [
            (
                "(a INT) WITH (kafka_topic='t', value_format='jsn')",
                "Line: 1, Col: 48: Unknown format: JSN. Did you mean 'JSON'?",
            ),
            ("(a INT) WITH (kafka_topic='t', format='odd')", "Line: 1, Col: 48: Unknown format: ODD"),
            (
                "(a INT) WITH (kafka_topic='t', value_fromat='json')",
                "Line: 1, Col: 48: Invalid config variable(s) in the WITH clause: VALUE_FROMAT. Did you mean 'VALUE_FORMAT'?",
            ),
            (
                "(at BIGINT, b INT) WITH (kafka_topic='t', format='json', timestamp='att')",
                "Line: 1, Col: 74: The TIMESTAMP column set in the WITH clause does not exist in the schema: 'ATT'. Did you mean \
                 'AT'?",
            ),
            (
                "(k INT KEY, v INT) WITH (kafka_topic='t', value_format='json', key_format='protobuf')",
                "Line: 1, Col: 80: Cannot create topic 't' with format PROTOBUF without configuring 'ksql.schema.registry.url'",
            ),
        ] {
            let text = format!("CREATE STREAM s {rest}");
            assert_eq!(declare(&text).expect_err(&text).told(), told);
        }
    }
}
