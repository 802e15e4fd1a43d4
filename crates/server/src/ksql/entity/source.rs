//! Streams and tables.

use lentic_ksql_api::entity::{Source, SourceDescription};
use lentic_sql::catalog::{self, SourceKind, SourceWindow};
use lentic_sql::statement::{self, QuerySummary};

use super::{View, fields};

/// `STREAM` or `TABLE`.
pub(super) fn kind(source: &catalog::Source) -> &'static str {
    match source.kind {
        SourceKind::Stream => "STREAM",
        SourceKind::Table => "TABLE",
    }
}

/// `TUMBLING`, `HOPPING` or `SESSION`.
pub(super) fn window(source: &catalog::Source) -> Option<String> {
    let name = match source.properties.window? {
        SourceWindow::Tumbling(_) => "TUMBLING",
        SourceWindow::Hopping(_) => "HOPPING",
        SourceWindow::Session => "SESSION",
    };
    Some(name.to_owned())
}

pub(super) fn topic(source: &catalog::Source) -> String {
    source.properties.topic.clone().unwrap_or_default()
}

pub(super) fn listed(source: &catalog::Source) -> Source {
    Source {
        kind: kind(source).to_owned(),
        name: source.name.to_string(),
        topic: topic(source),
        key_format: source.formats.key.name.to_string(),
        value_format: source.formats.value.name.to_string(),
        is_windowed: source.properties.window.is_some(),
    }
}

impl View<'_> {
    pub(super) fn source(
        &self,
        described: &statement::SourceDescription,
        extended: bool,
    ) -> SourceDescription {
        let source = &described.source;
        let number = |known: Option<i32>| if extended { known.unwrap_or(0) } else { 0 };
        let queries = |all: &[QuerySummary]| all.iter().map(|query| self.running(query)).collect();
        SourceDescription {
            name: source.name.to_string(),
            window_type: window(source),
            read_queries: queries(&described.readers),
            write_queries: queries(&described.writers),
            fields: fields(&source.schema),
            kind: kind(source).to_owned(),
            timestamp: source.timestamp.as_ref().map(|column| column.name.to_string()).unwrap_or_default(),
            extended,
            key_format: source.formats.key.name.to_string(),
            value_format: source.formats.value.name.to_string(),
            topic: topic(source),
            partitions: number(described.partitions.and_then(|partitions| i32::try_from(partitions).ok())),
            replication: number(described.replicas.map(i32::from)),
            statement: source.statement.to_string(),
            source_constraints: described.dependents.iter().map(ToString::to_string).collect(),
            ..SourceDescription::default()
        }
    }
}
