//! What servers tell each other, and `GET /clusterStatus` tells of them.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::request::Request;

/// `GET /clusterStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClusterStatus {
    /// The servers, by `host:port`.
    pub cluster_status: BTreeMap<String, HostStatus>,
}

/// A server as the others see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HostStatus {
    /// Whether its heartbeats come.
    pub host_alive: bool,
    /// When that was last looked at.
    pub last_status_update_ms: i64,
    /// What it has of each query's state, by the id of the query.
    pub active_standby_per_query: BTreeMap<String, ActiveAndStandby>,
    /// How far its stores are behind.
    pub host_store_lags: HostStoreLags,
}

/// What a server has of a query's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ActiveAndStandby {
    /// Stores that it leads.
    pub active_stores: Vec<String>,
    /// Partitions that it leads.
    pub active_partitions: Vec<Partition>,
    /// Stores that it stands by for.
    pub stand_by_stores: Vec<String>,
    /// Partitions that it stands by for.
    pub stand_by_partitions: Vec<Partition>,
}

/// A partition of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Partition {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}

/// How far the stores of a server are behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HostStoreLags {
    /// By `<application id>#<store>`.
    pub state_store_lags: BTreeMap<String, StoreLags>,
    /// When this was true.
    pub update_time_ms: i64,
}

/// How far a store is behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StoreLags {
    /// By partition.
    pub lag_by_partition: BTreeMap<String, PartitionLag>,
    /// How many partitions there are.
    pub size: usize,
}

/// How far a partition is behind, in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PartitionLag {
    /// Where it is.
    pub current_offset_position: i64,
    /// Where its changelog ends.
    pub end_offset_position: i64,
    /// The difference.
    pub offset_lag: i64,
}

/// `POST /heartbeat`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Who lives, as `host:port`.
    pub host_info: String,
    /// When, in milliseconds.
    pub timestamp: i64,
}

/// `POST /lag`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LagReport {
    /// Whose, as `host:port`.
    pub ksql_host: String,
    /// The lags.
    pub host_store_lags: HostStoreLags,
}

impl Request for Heartbeat {}
impl Request for LagReport {}

/// What both are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerReply {
    /// Always.
    pub ok: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_cluster() {
        let lag = PartitionLag { current_offset_position: 3, end_offset_position: 5, offset_lag: 2 };
        let lags = StoreLags { lag_by_partition: [("0".to_owned(), lag)].into(), size: 1 };
        let host_store_lags =
            HostStoreLags { state_store_lags: [("a#s".to_owned(), lags)].into(), update_time_ms: 8 };
        let active = ActiveAndStandby {
            active_stores: vec!["s".to_owned()],
            active_partitions: vec![Partition { topic: "t".to_owned(), partition: 0 }],
            ..ActiveAndStandby::default()
        };
        let host = HostStatus {
            host_alive: true,
            last_status_update_ms: 7,
            active_standby_per_query: [("CTAS_T_3".to_owned(), active)].into(),
            host_store_lags,
        };
        let status = ClusterStatus { cluster_status: [("h:8088".to_owned(), host)].into() };
        let json = concat!(
            r#"{"clusterStatus":{"h:8088":{"hostAlive":true,"lastStatusUpdateMs":7,"activeStandbyPerQuery":{"#,
            r#""CTAS_T_3":{"activeStores":["s"],"activePartitions":[{"topic":"t","partition":0}],"#,
            r#""standByStores":[],"standByPartitions":[]}},"hostStoreLags":{"stateStoreLags":{"a#s":{"#,
            r#""lagByPartition":{"0":{"currentOffsetPosition":3,"endOffsetPosition":5,"offsetLag":2}},"size":1}},"#,
            r#""updateTimeMs":8}}}}"#
        );
        assert_eq!(serde_json::to_string(&status).unwrap(), json);
        assert_eq!(serde_json::from_str::<ClusterStatus>(json).unwrap(), status);
    }
}
