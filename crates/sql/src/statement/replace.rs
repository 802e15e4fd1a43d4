//! `CREATE OR REPLACE`: which streams, tables and queries may take the place of which (ksqlDB's upgrade rules).
use lentic_sql_syntax::ast::{Name, Query, SourceKind};

use crate::Refusal;
use crate::catalog::{Column, Source, kind_name};

/// What is said of a name that is taken.
pub(super) fn already_there(kind: SourceKind, name: &Name, known: SourceKind) -> String {
    let (kind, known) = (kind_name(kind), kind_name(known));
    format!("Cannot add {kind} `{}`: A {known} with the same name already exists.", name.text)
}

/// Whether a name that is taken may be used again.
pub(super) fn may_replace(
    known: &Source,
    or_replace: bool,
    kind: SourceKind,
    name: &Name,
) -> Result<(), Refusal> {
    let refused = |text: String| Err(Refusal::new(text).at(name.at.0));
    if or_replace && known.is_read_only() {
        let kind = kind_name(known.kind);
        return refused(format!(
            "Cannot add {kind} '{}': CREATE OR REPLACE is not supported on source {kind}s.",
            name.text
        ));
    }
    if !or_replace || known.kind != kind {
        let (kind, known) = (kind_name(kind), kind_name(known.kind));
        let taken = format!("A {known} with the same name already exists");
        return refused(format!("Cannot add {kind} '{}': {taken}", name.text));
    }
    Ok(())
}

/// Whether a stream or table may take the place of another: what is said of its records stays, and columns come only behind
/// the others.
pub(super) fn source(known: &Source, new: &Source) -> Result<(), Refusal> {
    let mut issues = Vec::new();
    let mut compare = |what: &str, known: String, new: String| {
        if known != new {
            issues.push(format!("DataSource '{what}' must match: existing={known}, new={new}"));
        }
    };
    let topic = |source: &Source| source.properties.topic.clone().unwrap_or_default();
    compare("topic", topic(known), topic(new));
    compare("keyFormat", known.formats.key.name.to_string(), new.formats.key.name.to_string());
    compare("valueFormat", known.formats.value.name.to_string(), new.formats.value.name.to_string());
    let window =
        |source: &Source| source.properties.window.map_or("none".to_owned(), |window| window.to_string());
    compare("window", window(known), window(new));
    let time = |source: &Source| {
        source.timestamp.as_ref().map_or("none".to_owned(), |column| column.name.to_string())
    };
    compare("timestampColumn", time(known), time(new));
    if let Some(issue) = columns(known, new) {
        issues.push(issue);
    }
    if issues.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(format!("Cannot upgrade data source: {}", issues.join("\n\tAND "))))
}

fn columns(known: &Source, new: &Source) -> Option<String> {
    let (known, new) = (&known.schema, &new.schema);
    let keys = changed(known.key(), new.key());
    if let Some(changed) = keys {
        return Some(format!(
            "(Key columns must be identical. The following key columns are changed, missing or reordered: [{changed}])"
        ));
    }
    let more = new.key().nth(known.key().count());
    if let Some(more) = more {
        return Some(format!(
            "(Key columns must be identical. The following key columns are changed, missing or reordered: [{more}])"
        ));
    }
    let values = changed(known.columns().iter(), new.columns().iter())?;
    Some(format!("(The following columns are changed, missing or reordered: [{values}])"))
}

/// The columns that are not at their place any longer.
fn changed<'a>(
    known: impl Iterator<Item = &'a Column>,
    new: impl Iterator<Item = &'a Column>,
) -> Option<String> {
    let mut new = new.map(Some).chain(std::iter::repeat(None));
    let gone: Vec<String> =
        known.filter(|column| new.next().flatten() != Some(column)).map(ToString::to_string).collect();
    (!gone.is_empty()).then(|| gone.join(", "))
}

/// Whether a query may go on as another one with the rows that it has: its sources, joins, windows and groups stay.
pub(super) fn query(known: &Query, new: &Query) -> Result<(), Refusal> {
    let refused = |what: &str| Err(Refusal::new(format!("Upgrades not yet supported for {what}")));
    if known.group_by.is_some() && (known.window.is_some() || new.window.is_some()) {
        return refused("StreamWindowedAggregate");
    }
    if known.from.name != new.from.name || known.joins != new.joins {
        return Err(Refusal::new(
            "Query is not upgradeable. The sources and joins of the query must stay as they are; drop it and create it anew.",
        ));
    }
    if known.group_by != new.group_by || known.partition_by != new.partition_by {
        return Err(Refusal::new(
            "Query is not upgradeable. GROUP BY and PARTITION BY must stay as they are; drop the query and create it anew.",
        ));
    }
    Ok(())
}
