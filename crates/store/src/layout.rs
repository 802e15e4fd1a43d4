//! Where rows and positions lie in a store.
//!
//! | key | value |
//! |---|---|
//! | `0x00`, store id, partition | the partition's [`PositionRecord`] |
//! | `0x01`, store id, partition, incarnation, order-preserving key bytes | a row: offset, timestamp, value bytes |
//! | `0x02`, store id, partition, incarnation, time, key bytes | nothing: the row of this key is to be found by this time |
//! | `0x03`, store id, partition | the offset up to which, and the incarnation with whose rows the entries by time are in step |
//!
//! Numbers are big-endian: 4 bytes for ids, 8 for offsets and timestamps.
use std::ops::Bound;

use lentic_types::{Offset, PartitionId, Position, Timestamp, TopicId};

use crate::{Error, KeyRange, Result};

const POSITION: u8 = 0;
const ROW: u8 = 1;
const TIME: u8 = 2;
const TIMED_TO: u8 = 3;
const PREFIX_LEN: usize = 13;
const ROW_HEADER_LEN: usize = 16;

/// A table's number in this node's stores; never used again after the table is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub u32);

/// One build of a store's rows: a rebuild fills the next while this one answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub u32);

/// The prefix of all rows of one incarnation of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPrefix([u8; PREFIX_LEN]);

impl RowPrefix {
    /// Puts the prefix together.
    pub fn new(store: StoreId, partition: PartitionId, incarnation: Incarnation) -> Self {
        let mut prefix = [0; PREFIX_LEN];
        prefix[0] = ROW;
        prefix[1..5].copy_from_slice(&store.0.to_be_bytes());
        prefix[5..9].copy_from_slice(&partition.0.to_be_bytes());
        prefix[9..].copy_from_slice(&incarnation.0.to_be_bytes());
        Self(prefix)
    }

    /// The prefix of the entries by time beside the rows of one incarnation. A time follows so that it sorts as a number
    /// (big-endian, sign flipped), then the key.
    pub fn by_time(store: StoreId, partition: PartitionId, incarnation: Incarnation) -> Self {
        let mut prefix = Self::new(store, partition, incarnation);
        prefix.0[0] = TIME;
        prefix
    }

    /// The entries by time beside the rows of all incarnations.
    pub fn by_time_of_all(store: StoreId, partition: PartitionId) -> KeyRange {
        KeyRange::prefix(&Self::by_time(store, partition, Incarnation(0)).0[..9])
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The order-preserving key of a row's store key.
    pub fn strip(store_key: &[u8]) -> &[u8] {
        store_key.get(PREFIX_LEN..).unwrap_or_default()
    }

    /// All rows under it.
    pub fn range(&self) -> KeyRange {
        KeyRange::prefix(&self.0)
    }

    /// All rows of the incarnations before and after `current`; of all where there is none.
    pub fn other_incarnations(
        store: StoreId,
        partition: PartitionId,
        current: Option<Incarnation>,
    ) -> Vec<KeyRange> {
        let all = Self::all_incarnations(store, partition);
        let Some(current) = current else { return vec![all] };
        let own = Self::new(store, partition, current);
        let before = KeyRange { start: all.start, end: Bound::Excluded(own.0.to_vec()) };
        match own.range().end {
            Bound::Excluded(end) => vec![before, KeyRange { start: Bound::Included(end), end: all.end }],
            Bound::Included(_) | Bound::Unbounded => vec![before],
        }
    }

    /// All rows of all incarnations of a partition.
    pub fn all_incarnations(store: StoreId, partition: PartitionId) -> KeyRange {
        KeyRange::prefix(&Self::new(store, partition, Incarnation(0)).0[..9])
    }
}

/// The bytes before a row's value.
pub fn row_header(offset: Offset, timestamp: Timestamp) -> [u8; ROW_HEADER_LEN] {
    let mut header = [0; ROW_HEADER_LEN];
    header[..8].copy_from_slice(&offset.0.to_be_bytes());
    header[8..].copy_from_slice(&timestamp.0.to_be_bytes());
    header
}

/// A stored row, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowView<'a> {
    /// The offset of the record it comes from.
    pub offset: Offset,
    /// That record's timestamp.
    pub timestamp: Timestamp,
    /// That record's value.
    pub value: &'a [u8],
}

impl<'a> RowView<'a> {
    /// Reads a stored value.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let (offset, rest) = bytes.split_first_chunk::<8>().ok_or_else(short_row)?;
        let (timestamp, value) = rest.split_first_chunk::<8>().ok_or_else(short_row)?;
        Ok(Self {
            offset: Offset(u64::from_be_bytes(*offset)),
            timestamp: Timestamp(i64::from_be_bytes(*timestamp)),
            value,
        })
    }
}

fn short_row() -> Error {
    Error::Corrupt("a row shorter than its header".to_owned())
}

/// The key of a partition's position record.
pub fn position_key(store: StoreId, partition: PartitionId) -> [u8; 9] {
    let mut key = [POSITION; 9];
    key[1..5].copy_from_slice(&store.0.to_be_bytes());
    key[5..].copy_from_slice(&partition.0.to_be_bytes());
    key
}

/// The key under which stands up to which offset the entries by time are in step with the rows, and of which incarnation.
pub fn timed_to_key(store: StoreId, partition: PartitionId) -> [u8; 9] {
    let mut key = position_key(store, partition);
    key[0] = TIMED_TO;
    key
}

/// What a store knows of its own place in the log; applied in one batch with the rows it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionRecord {
    /// The rows are the fold of the log below this.
    pub position: Position,
    /// The offset after the last record read: `position.epoch` is that record's. Between here and the position only
    /// transaction markers and aborted records were passed over, which may be of later epochs.
    pub read_to: Offset,
    /// Which incarnation of the rows is whole.
    pub incarnation: Incarnation,
    /// When the fetch began that last proved the position to be the log's end.
    pub current_at: Timestamp,
    /// The log's start when last learnt.
    pub log_start: Offset,
    /// Bit *i*: every key seen so far lies where `Partitioner::ALL[i]` puts it.
    pub partitioners: u8,
    /// Records without a key, which a table skips.
    pub null_keys: u64,
    /// The largest time beside a key so far, in stores whose keys carry one; else [`Timestamp::NONE`].
    pub observed: Timestamp,
}

/// 1 is without `observed`.
const VERSION: u8 = 2;
const RECORD_LEN: usize = 1 + 16 + 8 + 4 + 8 + 4 + 8 + 8 + 1 + 8 + 8;

impl PositionRecord {
    /// Its bytes, with a version first.
    pub fn to_bytes(&self) -> [u8; RECORD_LEN] {
        let mut bytes = [0; RECORD_LEN];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        put(&[VERSION]);
        put(&self.position.topic.0);
        put(&self.position.offset.0.to_be_bytes());
        put(&self.position.epoch.to_be_bytes());
        put(&self.read_to.0.to_be_bytes());
        put(&self.incarnation.0.to_be_bytes());
        put(&self.current_at.0.to_be_bytes());
        put(&self.log_start.0.to_be_bytes());
        put(&[self.partitioners]);
        put(&self.null_keys.to_be_bytes());
        put(&self.observed.0.to_be_bytes());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote, or an older version of it; a newer one is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read = || {
            let (&[version], rest) = bytes.split_first_chunk::<1>()?;
            let (topic, rest) = rest.split_first_chunk::<16>()?;
            let (offset, rest) = rest.split_first_chunk::<8>()?;
            let (epoch, rest) = rest.split_first_chunk::<4>()?;
            let (read_to, rest) = rest.split_first_chunk::<8>()?;
            let (incarnation, rest) = rest.split_first_chunk::<4>()?;
            let (current_at, rest) = rest.split_first_chunk::<8>()?;
            let (log_start, rest) = rest.split_first_chunk::<8>()?;
            let (&[partitioners], rest) = rest.split_first_chunk::<1>()?;
            let (null_keys, rest) = rest.split_first_chunk::<8>()?;
            let observed = match version {
                1 => Timestamp::NONE.0.to_be_bytes(),
                VERSION => *rest.split_first_chunk::<8>()?.0,
                _ => return None,
            };
            let length = if version == 1 { 0 } else { 8 };
            (rest.len() == length).then(|| Self {
                position: Position {
                    topic: TopicId(*topic),
                    offset: Offset(u64::from_be_bytes(*offset)),
                    epoch: i32::from_be_bytes(*epoch),
                },
                read_to: Offset(u64::from_be_bytes(*read_to)),
                incarnation: Incarnation(u32::from_be_bytes(*incarnation)),
                current_at: Timestamp(i64::from_be_bytes(*current_at)),
                log_start: Offset(u64::from_be_bytes(*log_start)),
                partitioners,
                null_keys: u64::from_be_bytes(*null_keys),
                observed: Timestamp(i64::from_be_bytes(observed)),
            })
        };
        read().ok_or_else(|| Error::Corrupt(format!("a position record of {} bytes", bytes.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_record_round_trip() {
        let record = PositionRecord {
            position: Position { topic: TopicId([3; 16]), offset: Offset(9), epoch: -1 },
            read_to: Offset(7),
            incarnation: Incarnation(2),
            current_at: Timestamp(1_700_000_000_000),
            log_start: Offset(4),
            partitioners: 5,
            null_keys: 1,
            observed: Timestamp(1_600_000_000_000),
        };
        let bytes = record.to_bytes();
        assert_eq!(PositionRecord::from_bytes(&bytes), Ok(record));
        assert!(PositionRecord::from_bytes(&bytes[1..]).is_err());
        assert!(PositionRecord::from_bytes(&bytes[..RECORD_LEN - 8]).is_err());
        let mut old = bytes[..RECORD_LEN - 8].to_vec();
        old[0] = 1;
        let before = PositionRecord { observed: Timestamp::NONE, ..record };
        assert_eq!(PositionRecord::from_bytes(&old), Ok(before));
    }
}
