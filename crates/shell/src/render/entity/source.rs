//! Streams and tables.
use lentic_ksql_api::entity::{FieldInfo, FieldType, RunningQuery, Source, SourceDescription, SourceOffsets};

use super::super::page::Block;
use super::super::table::Table;
use super::{optional, table_or, titled};

/// Streams, or tables: `what` is the head of their names.
pub(super) fn list(what: &str, sources: &[Source], nothing: &str) -> Vec<Block> {
    let mut table = Table::new(&[what, "TOPIC", "KEY FORMAT", "VALUE FORMAT", "WINDOWED"]);
    for source in sources {
        let windowed = if source.is_windowed { "yes" } else { "no" };
        table.row([
            source.name.clone(),
            source.topic.clone(),
            source.key_format.clone(),
            source.value_format.clone(),
            windowed.to_owned(),
        ]);
    }
    table_or(table, nothing)
}

pub(super) fn description(source: &SourceDescription) -> Vec<Block> {
    let mut about = vec![("Name", source.name.clone())];
    if source.extended {
        let replicated =
            format!("{} (partitions: {}, replicas: {})", source.topic, source.partitions, source.replication);
        about.extend([
            ("Type", source.kind.clone()),
            ("Window", optional(source.window_type.as_ref())),
            ("Timestamp", source.timestamp.clone()),
            ("Key format", source.key_format.clone()),
            ("Value format", source.value_format.clone()),
            ("Topic", replicated),
            ("Statement", source.statement.clone()),
            ("Must go after", source.source_constraints.join(", ")),
        ]);
    }
    let mut blocks = vec![Block::Pairs(about)];
    blocks.extend(table_or(fields(&source.fields, source.kind == "TABLE"), "No columns are known."));
    if source.extended {
        blocks.extend(titled("Queries that read it", queries(&source.read_queries)));
        blocks.extend(titled("Queries that write it", queries(&source.write_queries)));
        blocks.extend(statistics(source));
        blocks.extend(titled("Consumers of its topic", offsets(&source.query_offset_summaries)));
    }
    blocks
}

/// Columns; the key of a table is its primary key.
pub(super) fn fields(fields: &[FieldInfo], of_table: bool) -> Table {
    let mut table = Table::new(&["FIELD", "TYPE", ""]);
    for field in fields {
        let kind = match (field.kind, &field.header_key) {
            (Some(FieldType::Key), _) if of_table => "primary key".to_owned(),
            (Some(FieldType::Key), _) => "key".to_owned(),
            (Some(FieldType::Header), Some(key)) => format!("header '{key}'"),
            (Some(FieldType::Header), None) => "headers".to_owned(),
            (Some(FieldType::System), _) => "system".to_owned(),
            (None, _) => String::new(),
        };
        table.row([field.name.clone(), field.schema.to_string(), kind]);
    }
    table.without_empty_columns()
}

fn queries(queries: &[RunningQuery]) -> Table {
    let mut table = Table::new(&["ID", "STATUS", "QUERY"]);
    for query in queries {
        table.row([query.id.clone(), super::query::status(query), query.query_string.clone()]);
    }
    table
}

/// Numbers by host, or as the text that older servers send.
fn statistics(source: &SourceDescription) -> Vec<Block> {
    let mut table = Table::new(&["HOST", "STATISTIC", "#VALUE"]);
    for (host, statistics) in source.cluster_statistics.iter().chain(&source.cluster_error_stats) {
        for (name, statistic) in statistics {
            table.row([host.clone(), name.clone(), statistic.value.to_string()]);
        }
    }
    if !table.is_empty() {
        return titled("Statistics", table);
    }
    let texts = [source.statistics.trim(), source.error_stats.trim()];
    let texts = texts.into_iter().filter(|text| !text.is_empty()).map(|text| Block::Text(text.to_owned()));
    let mut blocks: Vec<Block> = texts.collect();
    if !blocks.is_empty() {
        blocks.insert(0, Block::Gap);
    }
    blocks
}

fn offsets(summaries: &[SourceOffsets]) -> Table {
    let mut table = Table::new(&["GROUP", "TOPIC", "#PARTITION", "#START", "#END", "#OFFSET", "#LAG"]);
    for group in summaries {
        for topic in &group.topic_summaries {
            for offset in &topic.offsets {
                table.row([
                    group.group_id.clone(),
                    topic.kafka_topic.clone(),
                    offset.partition.to_string(),
                    offset.log_start_offset.to_string(),
                    offset.log_end_offset.to_string(),
                    offset.consumer_offset.to_string(),
                    offset.log_end_offset.saturating_sub(offset.consumer_offset).to_string(),
                ]);
            }
        }
    }
    table
}
