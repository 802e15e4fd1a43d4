//! Connectors.
use lentic_ksql_api::entity::{ConnectorCreated, ConnectorDescription, ConnectorList, ConnectorPlugins};

use super::super::page::Block;
use super::super::table::Table;
use super::{optional, source, table_or, titled};

pub(super) fn created(created: &ConnectorCreated) -> Vec<Block> {
    vec![Block::Text(format!("Connector {} was created.", created.info.name))]
}

pub(super) fn list(list: &ConnectorList) -> Vec<Block> {
    let mut table = Table::new(&["CONNECTOR", "TYPE", "CLASS", "STATUS"]);
    for connector in &list.connectors {
        table.row([
            connector.name.clone(),
            optional(connector.kind.as_ref()),
            optional(connector.class_name.as_ref()),
            optional(connector.state.as_ref()),
        ]);
    }
    table_or(table, "There are no connectors.")
}

pub(super) fn plugins(list: &ConnectorPlugins) -> Vec<Block> {
    let mut table = Table::new(&["CLASS", "TYPE", "VERSION"]);
    for plugin in &list.connectors_plugins {
        table.row([
            plugin.class_name.clone(),
            optional(plugin.kind.as_ref()),
            optional(plugin.version.as_ref()),
        ]);
    }
    table_or(table, "There are no plugins.")
}

pub(super) fn description(connector: &ConnectorDescription) -> Vec<Block> {
    let status = &connector.status;
    let mut blocks = vec![Block::Pairs(vec![
        ("Name", status.name.clone()),
        ("Class", connector.connector_class.clone()),
        ("Type", optional(status.kind.as_ref())),
        ("Status", status.connector.state.clone()),
        ("Worker", status.connector.worker_id.clone()),
        ("Topics", connector.topics.join(", ")),
        ("Trace", optional(status.connector.trace.as_ref())),
    ])];
    let mut tasks = Table::new(&["#TASK", "STATUS", "WORKER", "TRACE"]);
    for task in &status.tasks {
        tasks.row([
            task.id.to_string(),
            task.state.clone(),
            task.worker_id.clone(),
            optional(task.trace.as_ref()),
        ]);
    }
    blocks.extend(titled("Tasks", tasks.without_empty_columns()));
    let mut sources = Table::new(&["STREAM OR TABLE", "TOPIC", "TYPE"]);
    for source in &connector.sources {
        sources.row([source.name.clone(), source.topic.clone(), source.kind.clone()]);
    }
    blocks.extend(titled("Over its topics", sources));
    for source in connector.sources.iter().filter(|source| !source.fields.is_empty()) {
        blocks.extend([Block::Gap, Block::Text(source.name.clone())]);
        blocks.push(Block::Table("", source::fields(&source.fields, source.kind == "TABLE")));
    }
    blocks
}
