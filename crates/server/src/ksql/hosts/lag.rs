//! What a node has of the queries' state, and how far behind that is.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic::{Node, QueryStatus, RawTable, TaskStatus};
use lentic_ksql_api::{ActiveAndStandby, HostStatus, HostStoreLags, Partition, PartitionLag, StoreLags};

use crate::ksql::Ksql;

/// This node's.
pub(crate) fn here(ksql: &Ksql, node: &Node) -> HostStatus {
    let now = node.now_ms();
    let (mut queries, mut lags) = (BTreeMap::new(), BTreeMap::new());
    for status in node.query_statuses() {
        let stores: BTreeMap<String, RawTable> = status
            .plan
            .stores()
            .iter()
            .filter_map(|store| Some((store.name.to_string(), node.store(&status.id, store.name.as_str())?)))
            .collect();
        for (name, table) in &stores {
            lags.insert(format!("{}#{name}", ksql.prefix(&status.id)), store_lags(table));
        }
        let held = held(&query_topics(ksql, &status.id), &status, &stores);
        queries.insert(status.id, held);
    }
    HostStatus {
        host_alive: true,
        last_status_update_ms: now,
        active_standby_per_query: queries,
        host_store_lags: HostStoreLags { state_store_lags: lags, update_time_ms: now },
    }
}

/// Active is what its tasks run for, standby what its stores have of other nodes' tasks.
fn held(topics: &[String], status: &QueryStatus, stores: &BTreeMap<String, RawTable>) -> ActiveAndStandby {
    let of = |partitions: &mut dyn Iterator<Item = u32>| {
        let partitions = partitions.map(|partition| i32::try_from(partition).unwrap_or(i32::MAX));
        let both = partitions.flat_map(|partition| {
            topics.iter().map(move |topic| Partition { topic: topic.clone(), partition })
        });
        both.collect::<Vec<_>>()
    };
    let running = status.tasks.iter().filter(|(_, task)| **task == TaskStatus::Running);
    let active: BTreeSet<u32> = running.map(|(id, _)| id.partition.0).collect();
    let copied = |table: &RawTable| {
        let kept = table.kept_partitions().filter(|partition| !table.is_owned_here(*partition));
        kept.map(|partition| partition.0).collect::<BTreeSet<_>>()
    };
    let standby: BTreeSet<u32> = stores.values().flat_map(copied).collect();
    let led = stores.keys().filter(|_| !active.is_empty());
    let followed = stores.iter().filter(|(_, table)| !copied(table).is_empty());
    ActiveAndStandby {
        active_stores: led.cloned().collect(),
        active_partitions: of(&mut active.iter().copied()),
        stand_by_stores: followed.map(|(name, _)| name.clone()).collect(),
        stand_by_partitions: of(&mut standby.iter().copied()),
    }
}

/// The topics that a query reads.
fn query_topics(ksql: &Ksql, id: &str) -> Vec<String> {
    let state = ksql.snapshot().state;
    let Some(query) = state.query(id) else { return Vec::new() };
    let topic = |name: &Arc<str>| state.catalog().source(name)?.properties.topic.clone();
    query.sources.iter().filter_map(topic).collect()
}

fn store_lags(table: &RawTable) -> StoreLags {
    let lag = |status: lentic::PartitionStatus| {
        let (position, end) = (status.progress.position.0 as i64, status.progress.end.0 as i64);
        let lag = PartitionLag {
            current_offset_position: position,
            end_offset_position: end,
            offset_lag: (end - position).max(0),
        };
        (status.partition.to_string(), lag)
    };
    let lag_by_partition: BTreeMap<_, _> = table.status().into_iter().map(lag).collect();
    StoreLags { size: lag_by_partition.len(), lag_by_partition }
}
