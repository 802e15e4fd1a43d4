//! What a node has of the queries' state, and how far behind that is.
use std::collections::{BTreeMap, BTreeSet};

use lentic::{Node, QueryStatus, RawTable, TaskStatus};
use lentic_ksql_api::{ActiveAndStandby, HostStatus, HostStoreLags, Partition, PartitionLag, StoreLags};

use crate::ksql::Ksql;

/// This node's.
pub(crate) fn here(ksql: &Ksql, node: &Node) -> HostStatus {
    let now = node.now_ms();
    let (mut queries, mut lags) = (BTreeMap::new(), BTreeMap::new());
    for status in node.query_statuses() {
        let prefix = ksql.prefix(&status.id);
        let stores: BTreeMap<&str, RawTable> = status
            .plan
            .stores()
            .iter()
            .filter_map(|store| Some((store.name.as_str(), node.store(&status.id, store.name.as_str())?)))
            .collect();
        for (name, table) in &stores {
            lags.insert(format!("{prefix}#{name}"), store_lags(table));
        }
        let held = held(&prefix, &status, &stores);
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
fn held(prefix: &str, status: &QueryStatus, stores: &BTreeMap<&str, RawTable>) -> ActiveAndStandby {
    let mut held = ActiveAndStandby::default();
    for part in status.plan.subtopologies() {
        let topics: Vec<_> = part.topics.iter().map(|topic| topic.resolve(prefix).to_string()).collect();
        let of = |partitions: &BTreeSet<u32>| -> Vec<Partition> {
            let partitions = partitions.iter().map(|partition| i32::try_from(*partition).unwrap_or(i32::MAX));
            let both = partitions.flat_map(|partition| {
                topics.iter().map(move |topic| Partition { topic: topic.clone(), partition })
            });
            both.collect()
        };
        let tasks = status.tasks.iter().filter(|(id, _)| id.subtopology == part.name);
        let running = tasks.filter(|(_, task)| **task == TaskStatus::Running);
        let led: BTreeSet<u32> = running.map(|(id, _)| id.partition.0).collect();
        let mut followed = BTreeSet::new();
        for store in &part.stores {
            let name = status.plan.store(*store).name.as_str();
            let Some(table) = stores.get(name) else { continue };
            let copies = table.kept_partitions().filter(|partition| !table.is_owned_here(*partition));
            let copies: BTreeSet<u32> = copies.map(|partition| partition.0).collect();
            if !led.is_empty() {
                held.active_stores.push(name.to_owned());
            }
            if !copies.is_empty() {
                held.stand_by_stores.push(name.to_owned());
            }
            followed.extend(copies);
        }
        held.active_partitions.extend(of(&led));
        held.stand_by_partitions.extend(of(&followed));
    }
    held
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
