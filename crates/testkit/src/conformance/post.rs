//! What must be there when a case is over: streams, tables and topics.
use lentic_sql::catalog::{
    Column, Formats, Place, Properties, Schema, Source, SourceKind, SourceWindow, kind_name, sql_type,
};
use lentic_sql::serde::{Format, FormatName, Wrapping};
use lentic_sql_syntax::ast::{ColumnPlace, Statement};

use super::pipeline::PREFIX;
use super::{Json, Post, PostSource, PostTopic, TestService};

/// The first thing that is not as it should be.
pub fn check(post: &Post, service: &TestService) -> Result<(), String> {
    for source in &post.sources {
        check_source(source, service).map_err(|what| format!("{}: {what}", source.name))?;
    }
    let topics = topics(service);
    for topic in &post.topics.topics {
        check_topic(topic, &topics).map_err(|what| format!("topic {}: {what}", topic.name))?;
    }
    if let Some(pattern) = &post.topics.blacklist {
        let suffix = pattern.trim_start_matches(".*");
        if let Some(topic) = topics.iter().find(|topic| topic.name.ends_with(suffix)) {
            return Err(format!("there is the topic {}, like {pattern}", topic.name));
        }
    }
    Ok(())
}

fn check_source(wanted: &PostSource, service: &TestService) -> Result<(), String> {
    let catalog = service.state.catalog();
    let found = catalog.source(&wanted.name).ok_or("there is none of that name")?;
    if let Some(kind) = &wanted.kind {
        equal("is a", kind_name(found.kind), kind)?;
    }
    if let Some(schema) = &wanted.schema {
        let expected = schema_of(schema, found.kind)?;
        if expected != found.schema {
            return Err(format!("has the columns {}, not {expected}", found.schema));
        }
    }
    if wanted.key_format != Json::Null {
        check_format(&wanted.key_format, &found.formats.key, found.properties.window)?;
    }
    if let Some(name) = wanted.value_format.as_str().or_else(|| name_of(&wanted.value_format)) {
        equal("has the value format", found.formats.value.name.name(), name)?;
    }
    if let Some(features) = &wanted.key_features {
        equal("has the key features", &key_features(&found.formats), &features.join(","))?;
    }
    if let Some(features) = &wanted.value_features {
        equal("has the value features", &value_features(found), &features.join(","))?;
    }
    match wanted.is_source {
        Some(is_source) if is_source != found.is_read_only() => {
            Err(format!("read-only: {}, not {is_source}", found.is_read_only()))
        }
        _ => Ok(()),
    }
}

/// The features of a key that ksqlDB keeps: only where there is a choice.
pub fn key_features(formats: &Formats) -> String {
    let is_single = formats.key_columns.columns.len() == 1;
    let is_unwrapped = formats.key_columns.wrapping == Wrapping::Unwrapped;
    let has = is_single && is_unwrapped && formats.key.name.has_choice();
    if has { "UNWRAP_SINGLES".to_owned() } else { String::new() }
}

/// The features of a value: what differs from the default of the format or was said.
pub fn value_features(source: &Source) -> String {
    let Properties { wrap_single_value, .. } = source.properties;
    let formats = &source.formats;
    let is_single = formats.value_columns.columns.len() == 1;
    let is_unwrapped = formats.value_columns.wrapping == Wrapping::Unwrapped;
    match (wrap_single_value, formats.value.name.has_choice() && is_single) {
        (_, true) if is_unwrapped => "UNWRAP_SINGLES".to_owned(),
        (Some(true), true) => "WRAP_SINGLES".to_owned(),
        _ => String::new(),
    }
}

fn name_of(format: &Json) -> Option<&str> {
    format.field("format").and_then(Json::as_str)
}

fn check_format(wanted: &Json, found: &Format, window: Option<SourceWindow>) -> Result<(), String> {
    if let Some(name) = name_of(wanted) {
        equal("has the key format", found.name.name(), name)?;
    }
    let (kind, size) = match window {
        None => ("none", None),
        Some(SourceWindow::Session) => ("SESSION", None),
        Some(SourceWindow::Tumbling(size)) => ("TUMBLING", Some(size)),
        Some(SourceWindow::Hopping(size)) => ("HOPPING", Some(size)),
    };
    equal("has windows:", kind, wanted.field("windowType").and_then(Json::as_str).unwrap_or("none"))?;
    let wanted = match wanted.field("windowSize") {
        Some(Json::Number(text)) => text.parse().ok(),
        _ => None,
    };
    if wanted == size { Ok(()) } else { Err(format!("has windows of {size:?} ms, not {wanted:?}")) }
}

fn equal(what: &str, found: &str, wanted: &str) -> Result<(), String> {
    if found.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(format!("{what} {found:?}, not {wanted:?}")) }
}

/// Columns that are written as in a declaration.
pub fn schema_of(text: &str, kind: SourceKind) -> Result<Schema, String> {
    let text = match kind {
        // A table's key may be written either way here.
        SourceKind::Table => text.replace(" PRIMARY KEY", " KEY"),
        SourceKind::Stream => text.to_owned(),
    };
    let statement =
        format!("CREATE STREAM X ({text}) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', KEY_FORMAT='JSON')");
    let parsed =
        lentic_sql_syntax::parse_statement(&statement).map_err(|error| format!("{text}: {error}"))?;
    let Statement::CreateSource(create) = parsed else { return Err(format!("{text}: no columns")) };
    // Here columns may have names that a declaration may not give them.
    let catalog = lentic_sql::catalog::Catalog::default();
    let column = |column: &lentic_sql_syntax::ast::Column| {
        let kind = sql_type(&column.data_type, &catalog).map_err(|refusal| format!("{text}: {refusal}"))?;
        let place = match &column.place {
            ColumnPlace::Value => Place::Value,
            ColumnPlace::Key | ColumnPlace::PrimaryKey => Place::Key,
            ColumnPlace::Headers => Place::Headers,
            ColumnPlace::Header(key) => Place::Header(key.as_str().into()),
        };
        Ok(Column { name: column.name.text.as_str().into(), kind, place })
    };
    let mut columns = create.columns.iter().map(column).collect::<Result<Vec<_>, String>>()?;
    columns.sort_by_key(|column| column.place != Place::Key);
    Schema::new(columns).map_err(|refusal| format!("{text}: {refusal}"))
}

/// A topic that is there.
struct Found {
    name: String,
    formats: Option<(FormatName, FormatName)>,
    partitions: Option<u32>,
}

fn topics(service: &TestService) -> Vec<Found> {
    let mut found = Vec::new();
    for source in service.state.catalog().sources() {
        let Some(name) = source.properties.topic.clone() else { continue };
        let partitions = source.properties.partitions.or_else(|| service.partitions(&name));
        let formats = Some((source.formats.key.name, source.formats.value.name));
        found.push(Found { name, formats, partitions });
    }
    for query in service.state.queries() {
        for topic in &query.plan.topics {
            let name = format!("{PREFIX}{}-{}", query.id, topic.name);
            let formats = Some((topic.key.name, topic.value.name));
            found.push(Found { name, formats, partitions: topic.partitions });
        }
    }
    found
}

fn check_topic(wanted: &PostTopic, topics: &[Found]) -> Result<(), String> {
    let found = topics.iter().find(|topic| topic.name == wanted.name);
    let Some(found) = found else {
        let names: Vec<_> = topics.iter().map(|topic| topic.name.as_str()).collect();
        return Err(format!("there is none of that name among {names:?}"));
    };
    if let Some((key, value)) = found.formats {
        if let Some(wanted) = name_of(&wanted.key_format) {
            equal("has the key format", key.name(), wanted)?;
        }
        if let Some(wanted) = name_of(&wanted.value_format) {
            equal("has the value format", value.name(), wanted)?;
        }
    }
    match (wanted.partitions, found.partitions) {
        (Some(wanted), Some(found)) if wanted != found => {
            Err(format!("has {found} partitions, not {wanted}"))
        }
        _ => Ok(()),
    }
}
