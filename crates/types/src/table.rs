//! A table's declaration.
use serde::{Deserialize, Serialize};

use crate::{Partitioner, TableName, TopicName, WindowSpec};

/// The formats of keys and values, by their names in declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormatName {
    /// Any bytes, unread.
    Bytes,
    /// UTF-8 text (Kafka's StringSerializer).
    String,
    /// 4 bytes, big-endian (IntegerSerializer).
    Int,
    /// 8 bytes, big-endian (LongSerializer).
    Bigint,
    /// 8 bytes, IEEE 754 big-endian (DoubleSerializer).
    Double,
    /// UTF-8 JSON text, kept byte for byte.
    Json,
}

impl FormatName {
    /// All of them, in the order in which they are listed to users.
    pub const ALL: [Self; 6] = [Self::Bytes, Self::String, Self::Int, Self::Bigint, Self::Double, Self::Json];

    /// The name in declarations and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Int => "int",
            Self::Bigint => "bigint",
            Self::Double => "double",
            Self::Json => "json",
        }
    }
}

impl std::fmt::Display for FormatName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for FormatName {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|f| f.as_str() == name)
            .ok_or_else(|| format!("{name:?} is no format: use bytes, string, int, bigint, double or json"))
    }
}

/// What a user says of a table over a topic. Two declarations of one name must be equal in all fields but the ones
/// left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// The table's name.
    pub name: TableName,
    /// The topic it is the fold of.
    pub topic: TopicName,
    /// Format of the keys.
    pub key: FormatName,
    /// Format of the values.
    pub value: FormatName,
    /// Partitions of the topic, if it is to be created; must fit where it exists. Of a table in force: what the topic
    /// had when it was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u32>,
    /// Named by the operator; else detected from where the keys live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitioner: Option<Partitioner>,
    /// Refuses every write.
    #[serde(default)]
    pub read_only: bool,
    /// What follows the key proper in keys that carry windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowSpec>,
    /// Of a query's store that keeps versions: how far back they are kept. Nothing that can be declared.
    #[serde(skip)]
    pub history_ms: Option<u64>,
}
