//! Queries.
use lentic_ksql_api::entity::{QueryDescription, QueryList, RunningQuery};

use super::super::cell::plain;
use super::super::page::Block;
use super::super::table::Table;
use super::{optional, source, table_or, titled};

pub(super) fn list(list: &QueryList) -> Vec<Block> {
    let mut table = Table::new(&["ID", "TYPE", "STATUS", "SINK", "TOPIC", "QUERY"]);
    for query in &list.queries {
        table.row([
            query.id.clone(),
            query.query_type.clone(),
            status(query),
            query.sinks.join(", "),
            query.sink_kafka_topics.join(", "),
            // In a list a query has one line.
            query.query_string.split_whitespace().collect::<Vec<_>>().join(" "),
        ]);
    }
    table_or(table.without_empty_columns(), "No queries are running.")
}

/// `RUNNING:2,ERROR:1`, or just `RUNNING` if that is all that is known.
pub(super) fn status(query: &RunningQuery) -> String {
    if query.status_count.is_empty() {
        return optional(query.state.as_ref());
    }
    let counts: Vec<String> =
        query.status_count.iter().map(|(state, count)| format!("{state}:{count}")).collect();
    counts.join(",")
}

pub(super) fn description(query: &QueryDescription) -> Vec<Block> {
    let mut blocks = vec![Block::Pairs(vec![
        ("ID", query.id.clone()),
        ("Type", optional(query.query_type.as_ref())),
        ("Status", optional(query.state.as_ref())),
        ("Window", optional(query.window_type.as_ref())),
        ("Consumer group", optional(query.consumer_group_id.as_ref())),
        ("Reads", query.sources.join(", ")),
        ("Writes", query.sinks.join(", ")),
        ("Statement", query.statement_text.clone()),
    ])];
    blocks.extend(titled("Columns", source::fields(&query.fields, false)));

    let mut properties = Table::new(&["PROPERTY", "VALUE"]);
    for (name, value) in &query.overridden_properties {
        properties.row([name.clone(), plain(value)]);
    }
    blocks.extend(titled("Properties", properties));

    let mut hosts = Table::new(&["HOST", "STATUS"]);
    for (host, status) in &query.ksql_host_query_status {
        hosts.row([host.clone(), status.clone()]);
    }
    blocks.extend(titled("Servers", hosts));

    let mut tasks = Table::new(&["TASK", "TOPIC", "#PARTITION", "#COMMITTED", "#END"]);
    for task in &query.tasks_metadata {
        for offset in &task.topic_offsets {
            tasks.row([
                task.task_id.clone(),
                offset.topic_partition_entity.topic.clone(),
                offset.topic_partition_entity.partition.to_string(),
                offset.committed_offset.to_string(),
                offset.end_offset.to_string(),
            ]);
        }
    }
    blocks.extend(titled("Tasks", tasks));

    let mut errors = Table::new(&["#TIME (MS)", "TYPE", "ERROR"]);
    for error in &query.query_errors {
        errors.row([error.timestamp.to_string(), error.kind.clone(), error.error_message.clone()]);
    }
    blocks.extend(titled("Errors", errors));

    for (title, text) in [("Plan", &query.execution_plan), ("Topology", &query.topology)] {
        if !text.trim().is_empty() {
            blocks.extend([Block::Gap, Block::Text(format!("{title}\n{}", text.trim_end()))]);
        }
    }
    blocks
}
