//! Where everything lies on the disk. One database, two families, all numbers big-endian.
//!
//! ```text
//! family records:  topic number u32 | partition u32 | offset u64          -> a chunk (see `chunk`)
//!
//! family meta:     "!version"                                             -> u8 = 1
//!                  "!identity"                                            -> text, random, made at the first start
//!                  "!starts"                                              -> u32, the last start's number
//!                  "!next-topic"                                          -> u32, topic numbers are never used twice
//!                  'T' | topic number u32                                 -> a topic: see `encode_topic`
//!                  'B' | topic number u32 | partition u32                 -> start u64 | lowest end u64
//!                  'E' | topic number u32 | partition u32                 -> epochs: (start u32 | first offset u64)*
//!                  'C' | topic number u32 | partition u32                 -> compaction: see `Cleaned`
//! ```
//! The end of a partition is the offset after its last chunk's key, or the *lowest end* noted when records went, if
//! that is higher: offsets never repeat. Every other part of `meta` may be missing and then means zero.
use lentic_engine::log::{CleanupPolicy, Topic, TopicSettings};
use lentic_store::KeyRange;
use lentic_types::{TopicId, TopicName};
use std::ops::Bound;

use crate::epochs::Epochs;

/// The version of everything described here.
pub(crate) const VERSION: u8 = 1;

pub(crate) const RECORDS: &str = "records";
pub(crate) const META: &str = "meta";

pub(crate) const VERSION_KEY: &[u8] = b"!version";
pub(crate) const IDENTITY_KEY: &[u8] = b"!identity";
pub(crate) const STARTS_KEY: &[u8] = b"!starts";
pub(crate) const NEXT_TOPIC_KEY: &[u8] = b"!next-topic";

/// What a key of the family `meta` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Meta {
    Topic = b'T',
    Bounds = b'B',
    Epochs = b'E',
    Cleaned = b'C',
}

impl Meta {
    pub(crate) const OF_PARTITION: [Self; 3] = [Self::Bounds, Self::Epochs, Self::Cleaned];

    /// The key for a partition.
    pub(crate) fn key(self, topic: u32, partition: u32) -> [u8; 9] {
        let mut key = [self as u8; 9];
        key[1..5].copy_from_slice(&topic.to_be_bytes());
        key[5..].copy_from_slice(&partition.to_be_bytes());
        key
    }

    /// The key for a topic, and the prefix of the keys for its partitions.
    pub(crate) fn prefix(self, topic: u32) -> [u8; 5] {
        let mut key = [self as u8; 5];
        key[1..].copy_from_slice(&topic.to_be_bytes());
        key
    }
}

/// The key of the chunk that ends at `offset`.
pub(crate) fn record_key(topic: u32, partition: u32, offset: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&topic.to_be_bytes());
    key[4..8].copy_from_slice(&partition.to_be_bytes());
    key[8..].copy_from_slice(&offset.to_be_bytes());
    key
}

/// The offset in a chunk's key.
pub(crate) fn key_offset(key: &[u8]) -> Option<u64> {
    key.get(8..)?.try_into().ok().map(u64::from_be_bytes)
}

/// The chunks of a partition whose keys lie at `from` or above and below `to`.
pub(crate) fn chunk_range(topic: u32, partition: u32, from: u64, to: Option<u64>) -> KeyRange {
    let key = |offset| record_key(topic, partition, offset).to_vec();
    let end = match to {
        Some(to) => Bound::Excluded(key(to)),
        None => Bound::Included(key(u64::MAX)),
    };
    KeyRange { start: Bound::Included(key(from)), end }
}

/// All chunks of a topic.
pub(crate) fn topic_range(topic: u32) -> KeyRange {
    KeyRange::prefix(&topic.to_be_bytes())
}

/// Start and lowest end of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredBounds {
    pub(crate) start: u64,
    pub(crate) lowest_end: u64,
}

impl StoredBounds {
    pub(crate) fn encode(self) -> Vec<u8> {
        [self.start.to_be_bytes(), self.lowest_end.to_be_bytes()].concat()
    }

    pub(crate) fn decode(stored: &[u8]) -> Option<Self> {
        let mut fields = Fields(stored);
        Some(Self { start: fields.u64()?, lowest_end: fields.u64()? })
    }
}

/// How far compaction has come in a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// Everything below holds each key once.
    pub(crate) to: u64,
    /// Records left below.
    pub(crate) records: u64,
    /// When the oldest tombstone below was cleaned, in milliseconds.
    pub(crate) oldest_tombstone: Option<i64>,
}

impl Cleaned {
    pub(crate) fn encode(self) -> Vec<u8> {
        let oldest = self.oldest_tombstone.unwrap_or(i64::MAX) as u64;
        [self.to, self.records, oldest].map(u64::to_be_bytes).concat()
    }

    pub(crate) fn decode(stored: &[u8]) -> Option<Self> {
        let mut fields = Fields(stored);
        let (to, records, oldest) = (fields.u64()?, fields.u64()?, fields.u64()? as i64);
        Some(Self { to, records, oldest_tombstone: (oldest != i64::MAX).then_some(oldest) })
    }
}

pub(crate) fn encode_epochs(epochs: &Epochs) -> Vec<u8> {
    let mut out = Vec::with_capacity(epochs.entries().len() * 12);
    for (epoch, first) in epochs.entries() {
        out.extend_from_slice(&epoch.to_be_bytes());
        out.extend_from_slice(&first.to_be_bytes());
    }
    out
}

pub(crate) fn decode_epochs(stored: &[u8]) -> Option<Epochs> {
    let mut fields = Fields(stored);
    let mut entries = Vec::with_capacity(stored.len() / 12);
    while !fields.0.is_empty() {
        entries.push((fields.u32()? as i32, fields.u64()?));
    }
    Some(Epochs::new(entries))
}

/// `id 16 bytes | partitions u32 | policy u8 (1 compact, 2 delete) | retention ms i64 | retention bytes i64
/// | delete retention ms i64 | minimal compaction lag ms i64 | greatest message u64 | name`.
pub(crate) fn encode_topic(topic: &Topic) -> Vec<u8> {
    let s = &topic.settings;
    let mut out = Vec::with_capacity(64 + topic.name.as_str().len());
    out.extend_from_slice(&topic.id.0);
    out.extend_from_slice(&topic.partitions.to_be_bytes());
    out.push(u8::from(s.cleanup.compact) | u8::from(s.cleanup.delete) << 1);
    for number in [s.retention_ms, s.retention_bytes, s.delete_retention_ms, s.min_compaction_lag_ms] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&s.max_message_bytes.to_be_bytes());
    out.extend_from_slice(topic.name.as_str().as_bytes());
    out
}

pub(crate) fn decode_topic(stored: &[u8]) -> Option<Topic> {
    let mut fields = Fields(stored);
    let id = TopicId(fields.take()?);
    let partitions = fields.u32()?;
    let [policy] = fields.take()?;
    let settings = TopicSettings {
        cleanup: CleanupPolicy { compact: policy & 1 != 0, delete: policy & 2 != 0 },
        retention_ms: fields.u64()? as i64,
        retention_bytes: fields.u64()? as i64,
        delete_retention_ms: fields.u64()? as i64,
        min_compaction_lag_ms: fields.u64()? as i64,
        max_message_bytes: fields.u64()?,
    };
    let name = TopicName::new(std::str::from_utf8(fields.0).ok()?).ok()?;
    Some(Topic { name, id, partitions, settings })
}

pub(crate) fn decode_u32(stored: &[u8]) -> Option<u32> {
    Fields(stored).u32()
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (found, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*found)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let topic = Topic {
            name: TopicName::new("a-topic").unwrap(),
            id: TopicId([9; 16]),
            partitions: 12,
            settings: TopicSettings { retention_ms: -1, ..TopicSettings::compacted() },
        };
        assert_eq!(decode_topic(&encode_topic(&topic)), Some(topic));
        let mut epochs = Epochs::default();
        epochs.begin(1, 0);
        epochs.begin(7, 1 << 40);
        assert_eq!(decode_epochs(&encode_epochs(&epochs)), Some(epochs));
        let bounds = StoredBounds { start: 3, lowest_end: 1 << 50 };
        assert_eq!(StoredBounds::decode(&bounds.encode()), Some(bounds));
        for oldest_tombstone in [None, Some(7)] {
            let cleaned = Cleaned { to: 5, records: 2, oldest_tombstone };
            assert_eq!(Cleaned::decode(&cleaned.encode()), Some(cleaned));
        }
    }

    /// The bytes of version 1, which must be read for ever.
    #[test]
    fn version_1_is_fixed() {
        assert_eq!(record_key(1, 2, 3), [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(Meta::Bounds.key(1, 2), [b'B', 0, 0, 0, 1, 0, 0, 0, 2]);
        let stored = [
            &[7; 16][..],
            &[0, 0, 0, 2, 3],
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0xff; 8],
            &[0, 0, 0, 0, 0, 0, 0, 2],
            &[0, 0, 0, 0, 0, 0, 0, 3],
            &[0, 0, 0, 0, 0, 0, 0, 4],
            b"t",
        ]
        .concat();
        let topic = decode_topic(&stored).unwrap();
        assert_eq!((topic.id, topic.partitions, topic.name.as_str()), (TopicId([7; 16]), 2, "t"));
        let expected = TopicSettings {
            cleanup: CleanupPolicy { compact: true, delete: true },
            retention_ms: 1,
            retention_bytes: -1,
            delete_retention_ms: 2,
            min_compaction_lag_ms: 3,
            max_message_bytes: 4,
        };
        assert_eq!(topic.settings, expected);
        assert_eq!(encode_topic(&topic), stored);
    }
}
