//! Holder records: which process has a shard, in the shard's partition of the topic `<service>-shards`.
//!
//! A process writes its claim before it opens a task of the shard, and marks it as released when it has given the shard up.
//! Who comes next takes over the transactional ids of a holder that released nothing: what that one left open is aborted at
//! once instead of holding all readers until it times out. Correctness does not rest on these records.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// One start of a node. Transactional ids are made of it, and never used by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Process {
    /// The node's id.
    pub node: String,
    /// Which start of it: greater at each start of the program, and each time that it was fenced.
    pub start: u64,
}

/// Who holds a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderRecord {
    /// Of this layout.
    pub version: u32,
    /// Who.
    pub process: Process,
    /// The generation of the group's assignment by which it has the shard.
    pub generation: i64,
    /// The transactional ids that it writes under.
    pub ids: Vec<String>,
    /// It gave the shard up, and left nothing open.
    pub is_released: bool,
    /// It did so before the lease of who had the shard before it was over (see [`crate::Lease::waits`]): that one may still
    /// answer, and the next one waits, too.
    #[serde(default)]
    pub waits: bool,
}

impl HolderRecord {
    /// The record's key.
    pub const KEY: &[u8] = b"holder";

    /// The layout that this program writes.
    pub const VERSION: u32 = 1;

    /// Its bytes.
    ///
    /// # Panics
    /// Never: all keys are strings.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("keys are strings")
    }

    /// Reads what [`Self::to_bytes`] wrote; a later version is refused with a text that says what to do.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let record: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("an unreadable holder record: {error}"))?;
        if record.version > Self::VERSION {
            return Err(format!(
                "a holder record of version {}, and this program knows up to {}: start the newer release",
                record.version,
                Self::VERSION
            ));
        }
        Ok(record)
    }
}

/// What the holder records of one shard tell, taken in the order of their offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    last: Option<HolderRecord>,
    /// Records of which nobody knows yet whether they count.
    open: Vec<HolderRecord>,
    has_more: bool,
}

impl Holders {
    /// A record that is committed. One of a lower generation than its predecessor's is a zombie's.
    pub fn committed(&mut self, record: HolderRecord) {
        if self.last.as_ref().is_none_or(|last| last.generation <= record.generation) {
            self.last = Some(record);
        }
    }

    /// A record above the last stable offset, which only `read_uncommitted` shows. It names ids that have something open: this
    /// record. So a release there releases nothing, also that of a process whose claim never came to be committed.
    pub fn open(&mut self, record: HolderRecord) {
        self.open.push(record);
    }

    /// There are records above the last stable offset that were not read: one may be a claim.
    pub fn more(&mut self) {
        self.has_more = true;
    }

    /// The last one whose record is committed.
    pub fn last(&self) -> Option<&HolderRecord> {
        self.last.as_ref()
    }

    /// Whether who had the shard before, and all before that one, answer nothing any more. Else a new owner waits for the end of
    /// a lease before it answers itself.
    pub fn have_ended(&self) -> bool {
        self.open.is_empty()
            && !self.has_more
            && self.last.as_ref().is_none_or(|last| last.is_released && !last.waits)
    }

    /// The greatest generation told of.
    pub fn generation(&self) -> Option<i64> {
        self.last.iter().chain(&self.open).map(|record| record.generation).max()
    }

    /// The transactional ids that may have something open, of other processes than `own`.
    pub fn unreleased(&self, own: &Process) -> BTreeSet<String> {
        let held = self.last.iter().filter(|last| !last.is_released).chain(&self.open);
        held.filter(|record| record.process != *own).flat_map(|record| record.ids.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(node: &str, generation: i64, is_released: bool) -> HolderRecord {
        let process = Process { node: node.to_owned(), start: 1 };
        HolderRecord {
            version: 1,
            ids: vec![format!("s-{node}-1-0")],
            process,
            generation,
            is_released,
            waits: false,
        }
    }

    #[test]
    fn who_has_something_open() {
        type Record = (&'static str, i64, bool);
        let cases: [(&str, &[Record], &[Record], &[&str]); 7] = [
            ("nobody yet", &[], &[], &[]),
            ("a holder", &[("a", 1, false)], &[], &["s-a-1-0"]),
            ("one that released", &[("a", 1, false), ("a", 1, true)], &[], &[]),
            ("a release that is open", &[("a", 1, false)], &[("a", 1, true)], &["s-a-1-0"]),
            ("a release without a claim, open", &[("a", 1, true)], &[("b", 2, true)], &["s-b-1-0"]),
            ("a claim that is open", &[("a", 1, true)], &[("b", 2, false)], &["s-b-1-0"]),
            ("a zombie's claim, and its own", &[("me", 3, false), ("a", 2, false)], &[], &[]),
        ];
        let own = Process { node: "me".to_owned(), start: 1 };
        for (name, committed, open, expected) in cases {
            let mut holders = Holders::default();
            for (node, generation, released) in committed {
                holders.committed(record(node, *generation, *released));
            }
            for (node, generation, released) in open {
                holders.open(record(node, *generation, *released));
            }
            let expected: BTreeSet<_> = expected.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(holders.unreleased(&own), expected, "{name}");
        }
    }

    #[test]
    fn who_may_still_answer() {
        let released = |waits| HolderRecord { waits, ..record("b", 2, true) };
        let cases = [
            ("nobody was there", vec![], vec![], true),
            ("a holder", vec![record("a", 1, false)], vec![], false),
            ("one that released", vec![record("a", 1, false), released(false)], vec![], true),
            (
                "its predecessor, that it did not wait for",
                vec![record("a", 1, false), released(true)],
                vec![],
                false,
            ),
            (
                "one whose claim may be committed yet",
                vec![released(false)],
                vec![record("c", 3, false)],
                false,
            ),
        ];
        for (name, committed, open, expected) in cases {
            let mut holders = Holders::default();
            for record in committed {
                holders.committed(record);
            }
            for record in open {
                holders.open(record);
            }
            assert_eq!(holders.have_ended(), expected, "{name}");
            holders.more();
            assert!(!holders.have_ended(), "{name}, and what was not read");
        }
    }

    #[test]
    fn round_trip() {
        let record = record("a", 3, true);
        assert_eq!(HolderRecord::from_bytes(&record.to_bytes()), Ok(record.clone()));
        let newer = HolderRecord { version: 2, ..record };
        assert!(
            HolderRecord::from_bytes(&newer.to_bytes()).is_err_and(|text| text.contains("newer release"))
        );
    }
}
