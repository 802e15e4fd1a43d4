//! What a server tells about itself.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entity::CommandState;

/// `GET /info`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The server.
    #[serde(rename = "KsqlServerInfo")]
    pub server: ServerInfo,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// The id of the Kafka cluster.
    pub kafka_cluster_id: String,
    /// The service that it belongs to.
    pub ksql_service_id: String,
    /// `RUNNING`, `ERROR` or `DEGRADED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_status: Option<String>,
}

/// `GET /healthcheck`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Health {
    /// Whether all details are.
    pub is_healthy: bool,
    /// `metastore`, `kafka`, `commandRunner`.
    pub details: BTreeMap<String, HealthDetail>,
    /// `READY`, `INITIALIZING`, `TERMINATING`, `TERMINATED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_state: Option<String>,
}

/// Whether one thing is well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthDetail {
    /// Whether it is.
    pub is_healthy: bool,
}

/// `GET /status`: the last commands, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Statuses {
    /// ``stream/`FOO`/create`` and where it stands.
    pub command_statuses: BTreeMap<String, CommandState>,
}

/// `GET /v1/metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// The server's version.
    pub version: String,
    /// Which clusters it belongs to.
    pub cluster_id: ClusterId,
}

/// `GET /v1/metadata/id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterId {
    /// Where it stands.
    pub scope: Scope,
    /// Always empty.
    pub id: String,
}

/// Which clusters a server belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Always empty.
    pub path: Vec<String>,
    /// `kafka-cluster` and `ksql-cluster`.
    pub clusters: BTreeMap<String, String>,
}

impl ClusterId {
    /// The id of a server of `service` on the Kafka cluster `kafka`.
    pub fn new(kafka: impl Into<String>, service: impl Into<String>) -> Self {
        let clusters = [("kafka-cluster", kafka.into()), ("ksql-cluster", service.into())];
        let clusters = clusters.map(|(name, id)| (name.to_owned(), id)).into();
        Self { scope: Scope { path: Vec::new(), clusters }, id: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(word: &T, json: &str) {
        assert_eq!(serde_json::to_string(word).unwrap(), json);
        assert_eq!(&serde_json::from_str::<T>(json).unwrap(), word);
    }

    #[test]
    fn servers_describe_themselves() {
        let server = ServerInfo {
            version: "0.1.0".to_owned(),
            kafka_cluster_id: "k".to_owned(),
            ksql_service_id: "default_".to_owned(),
            server_status: Some("RUNNING".to_owned()),
        };
        check(
            &Info { server },
            concat!(
                r#"{"KsqlServerInfo":{"version":"0.1.0","kafkaClusterId":"k","#,
                r#""ksqlServiceId":"default_","serverStatus":"RUNNING"}}"#
            ),
        );
        let details = ["commandRunner", "kafka", "metastore"];
        check(
            &Health {
                is_healthy: true,
                details: details.map(|name| (name.to_owned(), HealthDetail { is_healthy: true })).into(),
                server_state: Some("READY".to_owned()),
            },
            concat!(
                r#"{"isHealthy":true,"details":{"commandRunner":{"isHealthy":true},"kafka":{"isHealthy":true},"#,
                r#""metastore":{"isHealthy":true}},"serverState":"READY"}"#
            ),
        );
        check(
            &Statuses { command_statuses: [("stream/`A`/create".to_owned(), CommandState::Success)].into() },
            r#"{"commandStatuses":{"stream/`A`/create":"SUCCESS"}}"#,
        );
        check(
            &Metadata { version: "1".to_owned(), cluster_id: ClusterId::new("k", "default_") },
            concat!(
                r#"{"version":"1","clusterId":{"scope":{"path":[],"#,
                r#""clusters":{"kafka-cluster":"k","ksql-cluster":"default_"}},"id":""}}"#
            ),
        );
    }
}
