//! The positions record of a task: where its input goes on, and what has to be known then.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TaskInput;

/// Where a task goes on in one of its inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPosition {
    /// Which creation of the topic (its id as text).
    pub topic_id: String,
    /// The next offset to process.
    pub offset: u64,
    /// The greatest timestamp seen in the partition, -1 before the first record.
    pub time: i64,
}

/// What a commit leaves behind for whoever goes on with the task. Written as the last record of the commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionsRecord {
    /// Of this layout.
    pub version: u32,
    /// Of the group's assignment under which it was written: a lower one than its predecessor's is a zombie's.
    pub generation: i64,
    /// By topic and partition (`orders/3`).
    pub inputs: BTreeMap<String, InputPosition>,
    /// By store: the changelog's offset after the last record of this commit. The input positions count only for who has
    /// read the changelogs to there.
    pub changelogs: BTreeMap<String, u64>,
    /// The greatest timestamp processed.
    pub stream_time: i64,
    /// By operator: its own times (see the operators).
    pub operators: BTreeMap<String, Vec<i64>>,
    /// By store: the greatest window start (session: end) put into it.
    pub observed: BTreeMap<String, i64>,
    /// By store that keeps duplicates: the number of the record added last.
    #[serde(default)]
    pub sequences: BTreeMap<String, u32>,
}

impl PositionsRecord {
    /// The layout that this program writes.
    pub const VERSION: u32 = 1;

    /// Where an input goes on; none if it speaks of another creation of the topic, or not of it.
    pub fn of(&self, input: &TaskInput) -> Option<&InputPosition> {
        let known = self.inputs.get(&input.partition.to_string());
        known.filter(|known| known.topic_id == input.topic_id.to_string())
    }

    /// Its bytes.
    ///
    /// # Panics
    /// Never: keys are strings.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("keys are strings")
    }

    /// Reads what [`Self::to_bytes`] wrote; a later version is refused with a text that says what to do.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("an unreadable positions record: {error}"))?;
        if record.version > Self::VERSION {
            return Err(format!(
                "a positions record of version {}, and this program knows up to {}: start the newer release",
                record.version,
                Self::VERSION
            ));
        }
        Ok(record)
    }
}
