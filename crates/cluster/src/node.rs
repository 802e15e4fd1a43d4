//! What a node tells the others about itself: a record on `<service>-nodes`, by its node id.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_types::ShardId;
use serde::{Deserialize, Serialize};

/// A node's name in its cluster.
pub type NodeId = Arc<str>;

/// What a node is to a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A copy that follows.
    Standby,
    /// The owner, by the group's assignment.
    Active,
}

/// How one shard is doing on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardState {
    /// What the node is to it.
    pub role: Role,
    /// Whether everything in it has reached the ends that the logs had when it began.
    pub ready: bool,
    /// Records behind the logs, in sum.
    pub lag: u64,
}

/// What a node knows of a table from the partitions that it owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableState {
    /// Bits of the partitioners that all keys seen obey.
    pub partitioners: u8,
    /// Whether all keys of these partitions were seen.
    pub seen: bool,
}

/// A node, as it last told. Unknown fields are a newer release's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// New at each start of a process: a copy of the same node id is told from it.
    pub start: String,
    /// When this process started, in milliseconds: the later of two starts of one node counts.
    pub started_at: i64,
    /// Where clients reach it: `http://host:port`.
    pub endpoint: String,
    /// Where nodes reach it: `host:port`, or `https://host:port` where by TLS.
    pub peer: String,
    /// Its failure domain.
    #[serde(default)]
    pub rack: Option<String>,
    /// Of the group's assignment that the roles are by.
    pub generation: i64,
    /// The newest version of statements that it understands.
    pub statements: u32,
    /// The shards that are on it.
    #[serde(with = "by_number")]
    pub shards: BTreeMap<ShardId, ShardState>,
    /// By table over a topic: what it has seen of the keys.
    #[serde(default)]
    pub tables: BTreeMap<String, TableState>,
}

impl NodeRecord {
    /// The record's value.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a node's record has string keys only")
    }

    /// Reads it back.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("no record of a node: {error}"))
    }
}

/// JSON has string keys only.
mod by_number {
    use super::{BTreeMap, ShardId, ShardState};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        shards: &BTreeMap<ShardId, ShardState>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        shards.iter().map(|(shard, state)| (shard.0, *state)).collect::<BTreeMap<_, _>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<ShardId, ShardState>, D::Error> {
        let shards = BTreeMap::<u32, ShardState>::deserialize(from)?;
        Ok(shards.into_iter().map(|(shard, state)| (ShardId(shard), state)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_back() {
        let state = ShardState { role: Role::Active, ready: true, lag: 3 };
        let record = NodeRecord {
            start: "a1".to_owned(),
            started_at: 5,
            endpoint: "http://h:1".to_owned(),
            peer: "h:2".to_owned(),
            rack: None,
            generation: 7,
            statements: 1,
            shards: BTreeMap::from([(ShardId(12), state)]),
            tables: BTreeMap::from([("t".to_owned(), TableState { partitioners: 5, seen: true })]),
        };
        let bytes = record.to_bytes();
        assert_eq!(NodeRecord::from_bytes(&bytes), Ok(record));
        assert!(NodeRecord::from_bytes(b"{}").is_err());
    }
}
