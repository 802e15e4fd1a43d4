//! Connectors of Kafka Connect.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::source::SourceDescription;

/// `CREATE CONNECTOR`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorCreated {
    /// The connector.
    pub info: ConnectorInfo,
}

/// A connector as Kafka Connect knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorInfo {
    /// Its name.
    pub name: String,
    /// Its configuration.
    pub config: BTreeMap<String, String>,
    /// Its tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<serde_json::Value>,
    /// `source` or `sink`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// `DROP CONNECTOR`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConnectorDropped {
    /// Its name.
    pub connector_name: String,
}

/// `LIST CONNECTORS`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorList {
    /// The connectors.
    pub connectors: Vec<Connector>,
}

/// A connector in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Connector {
    /// Its name.
    pub name: String,
    /// `source` or `sink`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
    /// How it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// `LIST CONNECTOR PLUGINS`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConnectorPlugins {
    /// The plugins.
    pub connectors_plugins: Vec<ConnectorPlugin>,
}

/// What connectors are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConnectorPlugin {
    /// Its name.
    pub class_name: String,
    /// `source`, `sink`, ...
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// `DESCRIBE CONNECTOR`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConnectorDescription {
    /// What it is made of.
    pub connector_class: String,
    /// How it is.
    pub status: ConnectorStatus,
    /// The streams and tables over its topics.
    pub sources: Vec<SourceDescription>,
    /// Its topics.
    pub topics: Vec<String>,
}

/// How a connector is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorStatus {
    /// Its name.
    pub name: String,
    /// How it is itself.
    pub connector: ConnectorState,
    /// How its tasks are.
    pub tasks: Vec<TaskState>,
    /// `source` or `sink`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// How a connector is itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorState {
    /// `RUNNING`, `FAILED`, ...
    pub state: String,
    /// Where it runs.
    pub worker_id: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// How a task of a connector is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskState {
    /// Its number.
    pub id: i32,
    /// `RUNNING`, `FAILED`, ...
    pub state: String,
    /// Where it runs.
    pub worker_id: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}
