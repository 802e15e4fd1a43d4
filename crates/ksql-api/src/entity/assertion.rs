//! Assertions that hold.
use serde::{Deserialize, Serialize};

/// `ASSERT TOPIC`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TopicAsserted {
    /// The topic.
    pub topic_name: String,
    /// Whether it is there.
    pub exists: bool,
}

/// `ASSERT SCHEMA`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaAsserted {
    /// The subject, if one was named.
    pub subject: Option<String>,
    /// The schema's id, if one was named.
    pub id: Option<i32>,
    /// Whether it is there.
    pub exists: bool,
}
