//! Topics.
use lentic_ksql_api::entity::{TopicDescription, TopicList, TopicListExtended};

use super::super::page::Block;
use super::super::table::Table;
use super::table_or;

const NONE: &str = "There are no topics.";

pub(super) fn list(list: &TopicList) -> Vec<Block> {
    let mut table = Table::new(&["TOPIC", "#PARTITIONS", "REPLICAS"]);
    for topic in &list.topics {
        let replicas = replicas(&topic.replica_info);
        table.row([topic.name.clone(), topic.replica_info.len().to_string(), replicas]);
    }
    table_or(table, NONE)
}

pub(super) fn list_extended(list: &TopicListExtended) -> Vec<Block> {
    let mut table = Table::new(&["TOPIC", "#PARTITIONS", "REPLICAS", "#CONSUMERS", "#CONSUMER GROUPS"]);
    for topic in &list.topics {
        table.row([
            topic.name.clone(),
            topic.replica_info.len().to_string(),
            replicas(&topic.replica_info),
            topic.consumer_count.to_string(),
            topic.consumer_group_count.to_string(),
        ]);
    }
    table_or(table, NONE)
}

pub(super) fn description(topic: &TopicDescription) -> Vec<Block> {
    vec![Block::Pairs(vec![
        ("Name", topic.name.clone()),
        ("Topic", topic.kafka_topic.clone()),
        ("Format", topic.format.clone()),
        ("Schema", topic.schema_string.clone()),
    ])]
}

/// One number if all partitions have as many, else each partition's.
fn replicas(of_partitions: &[i32]) -> String {
    match of_partitions {
        [] => String::new(),
        [first, rest @ ..] if rest.iter().all(|other| other == first) => first.to_string(),
        all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
