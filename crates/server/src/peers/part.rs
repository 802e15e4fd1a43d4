//! What one node asks another about some partitions of a table, and what it is told.
use axum::http::header::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Buf as _, BufMut as _, Bytes};
use lentic::types::{Offset, PartitionId, Timestamp};
use lentic::{Demand, KeyBounds, Order, Role};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Code, Error, Result};
use crate::freshness::Freshness;

pub(super) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-lentic-part");

/// A question about partitions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) partitions: Vec<u32>,
    pub(super) what: What,
    /// Tokens.
    at_least: Vec<String>,
    max_staleness_ms: Option<u64>,
}

impl Question {
    pub(super) fn new(partitions: &[PartitionId], what: What, demand: &Demand) -> Self {
        Self {
            partitions: partitions.iter().map(|partition| partition.0).collect(),
            what,
            at_least: demand.at_least.iter().map(ToString::to_string).collect(),
            max_staleness_ms: demand.max_staleness.map(|limit| limit.as_millis() as u64),
        }
    }

    pub(super) fn demand(&self) -> Result<Demand> {
        let tokens = self.at_least.iter().map(|token| token.parse());
        let bad = |error: lentic::types::InvalidToken| Error::new(Code::BadToken, error.to_string());
        Ok(Demand {
            at_least: tokens.collect::<Result<_, _>>().map_err(bad)?,
            max_staleness: self.max_staleness_ms.map(std::time::Duration::from_millis),
        })
    }
}

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum What {
    /// Rows in the order of their keys.
    Rows {
        /// Which keys.
        bounds: Bounds,
        /// From the last one.
        descending: bool,
        /// So many at most.
        limit: usize,
        /// Or until so many bytes.
        max_bytes: usize,
    },
    /// How many rows there are.
    Count(Bounds),
    /// The rows of these keys, those that are there.
    Keys(Vec<Key>),
    /// Whether the partitions have come as far as is demanded.
    Nothing,
}

impl What {
    pub(crate) fn rows(bounds: &KeyBounds, order: Order, limit: usize, max_bytes: usize) -> Self {
        Self::Rows { bounds: Bounds::of(bounds), descending: order == Order::Descending, limit, max_bytes }
    }

    pub(crate) fn count(bounds: &KeyBounds) -> Self {
        Self::Count(Bounds::of(bounds))
    }
}

/// A key's bytes, as base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Vec<u8>);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD_NO_PAD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// [`KeyBounds`] on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bounds {
    prefix: Option<Key>,
    from: Option<Key>,
    to: Option<Key>,
    windows_of: Option<Key>,
    start_from: Option<i64>,
    start_to: Option<i64>,
    after: Option<Key>,
}

impl Bounds {
    fn of(bounds: &KeyBounds) -> Self {
        let key = |key: &Option<Vec<u8>>| key.clone().map(Key);
        Self {
            prefix: key(&bounds.prefix),
            from: key(&bounds.from),
            to: key(&bounds.to),
            windows_of: key(&bounds.windows_of),
            start_from: bounds.start_from.map(|time| time.0),
            start_to: bounds.start_to.map(|time| time.0),
            after: key(&bounds.after),
        }
    }

    pub(super) fn to_bounds(&self) -> KeyBounds {
        let key = |key: &Option<Key>| key.as_ref().map(|key| key.0.clone());
        KeyBounds {
            prefix: key(&self.prefix),
            from: key(&self.from),
            to: key(&self.to),
            windows_of: key(&self.windows_of),
            start_from: self.start_from.map(Timestamp),
            start_to: self.start_to.map(Timestamp),
            after: key(&self.after),
        }
    }
}

/// A row that is not in a store of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartRow {
    pub(crate) key: Bytes,
    pub(crate) value: Bytes,
    pub(crate) partition: PartitionId,
    pub(crate) offset: Offset,
    pub(crate) timestamp: Timestamp,
}

/// What a node knows about some partitions.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) rows: Vec<PartRow>,
    /// There are rows behind the last one.
    pub(crate) more: bool,
    pub(crate) count: u64,
    pub(crate) positions: Vec<(PartitionId, Offset)>,
    pub(crate) freshness: Freshness,
    pub(crate) role: Role,
}

/// What stands before the rows.
#[derive(Serialize, Deserialize)]
struct Head {
    more: bool,
    count: u64,
    positions: Vec<(u32, u64)>,
    lag: u64,
    staleness_ms: Option<u64>,
    active: bool,
    rows: usize,
}

impl Part {
    /// The head's length and the head, then each row: partition, offset, timestamp, length and bytes of key and value.
    pub(super) fn to_bytes(&self) -> Bytes {
        let head = Head {
            more: self.more,
            count: self.count,
            positions: self.positions.iter().map(|(partition, offset)| (partition.0, offset.0)).collect(),
            lag: self.freshness.lag,
            staleness_ms: self.freshness.staleness_ms,
            active: self.role == Role::Active,
            rows: self.rows.len(),
        };
        let head = serde_json::to_vec(&head).expect("numbers are JSON");
        let rows: usize = self.rows.iter().map(|row| 28 + row.key.len() + row.value.len()).sum();
        let mut bytes = Vec::with_capacity(4 + head.len() + rows);
        bytes.put_u32(head.len() as u32);
        bytes.extend_from_slice(&head);
        for row in &self.rows {
            bytes.put_u32(row.partition.0);
            bytes.put_u64(row.offset.0);
            bytes.put_i64(row.timestamp.0);
            for part in [&row.key, &row.value] {
                bytes.put_u32(part.len() as u32);
                bytes.extend_from_slice(part);
            }
        }
        bytes.into()
    }

    /// `None`: that was cut off, or is of another release.
    pub(super) fn from_bytes(mut bytes: Bytes) -> Option<Self> {
        let length = bytes.try_get_u32().ok()? as usize;
        let head: Head = serde_json::from_slice(bytes.get(..length)?).ok()?;
        bytes.advance(length);
        let mut rows = Vec::with_capacity(head.rows.min(bytes.len() / 28));
        for _ in 0..head.rows {
            let partition = PartitionId(bytes.try_get_u32().ok()?);
            let offset = Offset(bytes.try_get_u64().ok()?);
            let timestamp = Timestamp(bytes.try_get_i64().ok()?);
            let mut part = || {
                let length = bytes.try_get_u32().ok()? as usize;
                (length <= bytes.len()).then(|| bytes.split_to(length))
            };
            rows.push(PartRow { key: part()?, value: part()?, partition, offset, timestamp });
        }
        Some(Self {
            rows,
            more: head.more,
            count: head.count,
            positions: head
                .positions
                .into_iter()
                .map(|(partition, offset)| (PartitionId(partition), Offset(offset)))
                .collect(),
            freshness: Freshness { lag: head.lag, staleness_ms: head.staleness_ms },
            role: if head.active { Role::Active } else { Role::Standby },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_back_and_cut_ones_are_not() {
        let row = |key: &'static [u8], value: &'static [u8]| PartRow {
            key: Bytes::from_static(key),
            value: Bytes::from_static(value),
            partition: PartitionId(3),
            offset: Offset(7),
            timestamp: Timestamp(-1),
        };
        let part = Part {
            rows: vec![row(b"k", b""), row(b"", b"value")],
            more: true,
            count: 0,
            positions: vec![(PartitionId(3), Offset(8))],
            freshness: Freshness { lag: 2, staleness_ms: None },
            role: Role::Standby,
        };
        let bytes = part.to_bytes();
        let read = Part::from_bytes(bytes.clone()).expect("a part");
        assert_eq!((read.rows, read.more, read.role), (part.rows, true, Role::Standby));
        assert_eq!((read.positions, read.freshness.lag), (part.positions, 2));
        for length in 0..bytes.len() {
            assert!(Part::from_bytes(bytes.slice(..length)).is_none(), "{length}");
        }
    }
}
