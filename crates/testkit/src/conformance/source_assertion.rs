//! `ASSERT STREAM|TABLE` of the SQL tests.
use lentic_sql::catalog::{Catalog, Formats, Properties, Schema, Source, SourceKind, Use};
use lentic_sql_syntax::ast::AssertSource;

use super::post;

/// The first thing in which a source is not what is said of it; in the words of ksqlDB's test tool.
pub fn check(assert: &AssertSource, found: &Source, catalog: &Catalog) -> Result<(), String> {
    let told = |error: lentic_sql::Refusal| error.to_string();
    let schema = Schema::of(&assert.columns, SourceKind::Stream, catalog).map_err(told)?;
    let wanted = Properties::of(&assert.properties, Use::Create).map_err(told)?;
    let differs = |what: &str, expected: &str, actual: &str| {
        let name = &found.name;
        Err(format!(
            "Expected {what} does not match actual for source {name}. Expected: {expected}. Actual: {actual}."
        ))
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let known = &found.properties;
    let key_format = match &wanted.key_format {
        Some(format) => format.clone(),
        None if schema.key().next().is_none() => "NONE".to_owned(),
        None => "KAFKA".to_owned(),
    };
    let pairs = [
        ("schema", schema.to_string(), found.schema.to_string()),
        ("type", format!("{:?}", assert.kind), format!("{:?}", found.kind)),
        ("kafka topic", text(&wanted.topic), text(&known.topic)),
        ("key format", key_format, found.formats.key.name.to_string()),
        ("value format", text(&wanted.value_format), found.formats.value.name.to_string()),
        ("value delimiter", text(&wanted.value_delimiter), text(&known.value_delimiter)),
        ("timestamp column", time_column(&wanted), time_column(known)),
        ("timestamp format", text(&wanted.timestamp_format), text(&known.timestamp_format)),
    ];
    for (what, expected, actual) in pairs {
        if expected != actual {
            return differs(what, &expected, &actual);
        }
    }
    // Only formats that are known here can say what their features are, and those are equal by now.
    let formats = Formats::new(
        &Properties { key_format: known.key_format.clone(), ..wanted.clone() },
        &schema,
        found.wraps_single_values,
    );
    let expected = Source { formats: formats.map_err(told)?, properties: wanted, ..found.clone() };
    let (expected, actual) = (post::value_features(&expected), post::value_features(found));
    if expected == actual { Ok(()) } else { differs("value serde features", &expected, &actual) }
}

/// As it is meant: unquoted names in upper case.
fn time_column(properties: &Properties) -> String {
    let written = properties.timestamp.clone().unwrap_or_default();
    match written.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(quoted) => quoted.to_owned(),
        None => written.to_uppercase(),
    }
}
