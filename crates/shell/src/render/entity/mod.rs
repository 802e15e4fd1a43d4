//! Entities as blocks, one file for each kind of thing.
mod connector;
mod function;
mod query;
mod server;
mod source;
#[cfg(test)]
mod tests;
mod topic;

use lentic_ksql_api::entity::CommandState;
use lentic_ksql_api::{Body, Entity};

use super::page::Block;
use super::table::Table;

/// What an entity looks like.
pub(crate) fn blocks(entity: &Entity) -> Vec<Block> {
    let mut blocks = body(&entity.body);
    blocks.extend(entity.warnings.iter().map(|warning| Block::Text(format!("WARNING: {}", warning.message))));
    blocks
}

/// An entity as JSON.
pub(crate) fn json(entity: &Entity) -> String {
    // An entity that was read from JSON can be written as JSON.
    serde_json::to_string_pretty(entity).unwrap_or_default()
}

fn body(body: &Body) -> Vec<Block> {
    match body {
        Body::CurrentStatus(current) => {
            let status = &current.command_status;
            vec![Block::Text(match status.status {
                CommandState::Success if !status.message.is_empty() => status.message.clone(),
                state => format!("{state}: {}", status.message),
            })]
        }
        Body::Warning(warning) => vec![Block::Text(format!("WARNING: {}", warning.message))],
        Body::Error(error) => vec![Block::Text(error.error_message.clone())],
        Body::ExecutionPlan(plan) => vec![Block::Text(plan.execution_plan.clone())],
        Body::ExpressionEvaluation(evaluated) => {
            vec![Block::Text(evaluated.value.as_ref().map_or_else(String::new, super::cell::plain))]
        }
        Body::Properties(list) => server::properties(list),
        Body::Variables(list) => server::variables(list),
        Body::Types(list) => server::types(list),
        Body::TopicAsserted(asserted) => {
            let is = if asserted.exists { "exists" } else { "does not exist" };
            vec![Block::Text(format!("Topic {} {is}.", asserted.topic_name))]
        }
        Body::SchemaAsserted(asserted) => server::schema_asserted(asserted),
        Body::Queries(list) => query::list(list),
        Body::QueryDescription(described) => query::description(&described.query_description),
        Body::QueryDescriptions(described) => {
            apart(described.query_descriptions.iter().map(query::description), "No queries are running.")
        }
        Body::QueryTerminated(terminated) => {
            let was = if terminated.was_terminated { "was terminated" } else { "was not running" };
            vec![Block::Text(format!("Query {} {was}.", terminated.query_id))]
        }
        Body::Streams(list) => source::list("STREAM", &list.streams, "There are no streams."),
        Body::Tables(list) => source::list("TABLE", &list.tables, "There are no tables."),
        Body::SourceDescription(described) => source::description(&described.source_description),
        Body::SourceDescriptions(described) => {
            apart(described.source_descriptions.iter().map(source::description), "There are none.")
        }
        Body::Topics(list) => topic::list(list),
        Body::TopicsExtended(list) => topic::list_extended(list),
        Body::TopicDescription(topic) => topic::description(topic),
        Body::Functions(list) => function::list(list),
        Body::FunctionDescription(function) => function::description(function),
        Body::ConnectorCreated(created) => connector::created(created),
        Body::ConnectorDropped(dropped) => {
            vec![Block::Text(format!("Connector {} was dropped.", dropped.connector_name))]
        }
        Body::Connectors(list) => connector::list(list),
        Body::ConnectorPlugins(list) => connector::plugins(list),
        Body::ConnectorDescription(connector) => connector::description(connector),
        // What this version does not know is shown as it was sent.
        _ => {
            let entity = Entity::new("", body.clone());
            let mut value = serde_json::to_value(&entity).unwrap_or_default();
            if let Some(fields) = value.as_object_mut() {
                fields.retain(|name, _| name != "statementText" && name != "warnings");
            }
            vec![Block::Text(serde_json::to_string_pretty(&value).unwrap_or_default())]
        }
    }
}

/// A table, or a sentence if it has no rows.
fn table_or(table: Table, nothing: &str) -> Vec<Block> {
    vec![if table.is_empty() { Block::Text(nothing.to_owned()) } else { Block::Table("", table) }]
}

/// A table under a title, if it has rows.
fn titled(title: &'static str, table: Table) -> Vec<Block> {
    if table.is_empty() { Vec::new() } else { vec![Block::Gap, Block::Table(title, table)] }
}

/// Descriptions with space between them.
fn apart(descriptions: impl Iterator<Item = Vec<Block>>, nothing: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for description in descriptions {
        if !blocks.is_empty() {
            blocks.push(Block::Gap);
        }
        blocks.extend(description);
    }
    if blocks.is_empty() { vec![Block::Text(nothing.to_owned())] } else { blocks }
}

/// What is not there takes no room in a table.
fn optional(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}
