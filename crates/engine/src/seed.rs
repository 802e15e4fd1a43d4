//! Another node's rows, taken over instead of those that the log would give.
//!
//! They come in key order, from one moment of the other store or from several: where the first answer broke off another one
//! goes on behind its last key, of the same node or not. Each is a prefix of the log, and the lowest of their positions is
//! where the log goes on from: what the others had of the records above it is put there again, to the same end, before anybody
//! reads it, because a task is not live below the end that the log has afterwards.
use lentic_store::layout::{PositionRecord, RowPrefix};
use lentic_store::{Error, Result, SortedRun};

use crate::load::Load;

/// Bytes of rows in one sorted run.
const RUN_BYTES: usize = 256 << 20;

/// Puts another node's rows into a build of this one's.
pub struct Seeder {
    load: Load,
    prefix: RowPrefix,
    run: Option<Box<dyn SortedRun>>,
    run_bytes: usize,
    last: Option<Vec<u8>>,
    rows: u64,
    /// The lowest of the answers'.
    record: Option<PositionRecord>,
}

impl Seeder {
    /// Instead of this load.
    pub fn new(load: Load) -> Self {
        let prefix = RowPrefix::new(load.store_id, load.source.partition, load.incarnation);
        Self { load, prefix, run: None, run_bytes: 0, last: None, rows: 0, record: None }
    }

    /// An answer begins, whose rows are of this position or later ones. `Err`: of another topic than the ones before.
    pub fn begin(&mut self, told: &PositionRecord) -> Result<()> {
        let Some(record) = &mut self.record else {
            self.record = Some(*told);
            return Ok(());
        };
        if record.position.topic != told.position.topic {
            return Err(Error::Corrupt("rows of two creations of a topic".to_owned()));
        }
        let (partitioners, log_start) =
            (record.partitioners & told.partitioners, record.log_start.max(told.log_start));
        if told.position.offset < record.position.offset {
            *record = *told;
        }
        *record = PositionRecord { partitioners, log_start, ..*record };
        Ok(())
    }

    /// The next row: the bytes of its key and of what lies there, as in the other store. Keys ascend strictly.
    pub fn put(&mut self, key: &[u8], stored: &[u8]) -> Result<()> {
        match &mut self.last {
            Some(last) if last.as_slice() >= key => {
                return Err(Error::Corrupt("another node's rows are not in order".to_owned()));
            }
            Some(last) => {
                last.clear();
                last.extend_from_slice(key);
            }
            None => self.last = Some(key.to_vec()),
        }
        let run = match &mut self.run {
            Some(run) => run,
            None => self.run.insert(self.load.store.sorted_run()?),
        };
        run.put(&[self.prefix.as_bytes(), key], &[stored])?;
        self.rows += 1;
        self.run_bytes += key.len() + stored.len();
        if self.run_bytes >= RUN_BYTES { self.end_run() } else { Ok(()) }
    }

    fn end_run(&mut self) -> Result<()> {
        self.run_bytes = 0;
        self.run.take().map_or(Ok(()), SortedRun::finish)
    }

    /// The key of the last row so far: behind it the next answer goes on.
    pub fn last(&self) -> Option<&[u8]> {
        self.last.as_deref()
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// All rows were told. `None`: no answer had begun.
    pub fn finish(mut self) -> Result<Option<PositionRecord>> {
        self.end_run()?;
        Ok(self.record)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use lentic_format::KeyLayout;
    use lentic_store::layout::{Incarnation, StoreId};
    use lentic_store::{Database as _, FamilyId, MemoryDatabase, Order, Store};
    use lentic_types::{
        FormatName, Offset, PartitionId, Position, ShardId, Timestamp, TopicId, TopicName, TopicPartition,
    };

    use super::*;
    use crate::TaskId;
    use crate::log::ReadFrom;

    fn seeder(store: &Arc<dyn Store>) -> Seeder {
        Seeder::new(Load {
            task: TaskId::of_table("t", PartitionId(0)),
            store: Arc::clone(store),
            store_id: StoreId(1),
            incarnation: Incarnation(2),
            over_existing: false,
            seedable: true,
            key: KeyLayout::plain(FormatName::String),
            source: TopicPartition::new(TopicName::new("t").unwrap(), PartitionId(0)),
            partitions: 1,
            from: ReadFrom::Start,
            until: Offset(0),
            asked_at: Timestamp(0),
        })
    }

    fn record(topic: u8, offset: u64, partitioners: u8, log_start: u64) -> PositionRecord {
        PositionRecord {
            position: Position { topic: TopicId([topic; 16]), offset: Offset(offset), epoch: offset as i32 },
            read_to: Offset(offset),
            incarnation: Incarnation(9),
            current_at: Timestamp(offset as i64),
            log_start: Offset(log_start),
            partitioners,
            null_keys: 0,
            observed: Timestamp::NONE,
        }
    }

    #[test]
    fn answers_that_break_off_are_continued_by_others() {
        let store = MemoryDatabase::default().family(FamilyId::Shard(ShardId(0))).unwrap();
        let mut seeder = seeder(&store);
        assert_eq!(seeder.last(), None);
        seeder.begin(&record(1, 20, 0b111, 3)).unwrap();
        seeder.put(b"", b"0").unwrap();
        seeder.put(b"a", b"1").unwrap();
        assert_eq!(seeder.last(), Some(b"a".as_slice()));
        seeder.begin(&record(1, 15, 0b101, 2)).unwrap();
        seeder.put(b"b", b"2").unwrap();
        seeder.begin(&record(1, 30, 0b110, 4)).unwrap();
        assert!(seeder.put(b"b", b"again").is_err(), "the same key");
        assert!(seeder.begin(&record(2, 30, 0b110, 4)).is_err(), "another topic");
        let told = seeder.finish().unwrap().unwrap();
        assert_eq!(told, PositionRecord { partitioners: 0b100, log_start: Offset(4), ..record(1, 15, 0, 0) });
        let prefix = RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(2));
        let mut cursor = store.cursor(prefix.range(), Order::Ascending).unwrap();
        let mut rows = BTreeMap::new();
        while let Some((key, stored)) = cursor.next().unwrap() {
            rows.insert(RowPrefix::strip(key).to_vec(), stored.to_vec());
        }
        let expected = [("", "0"), ("a", "1"), ("b", "2")];
        assert!(
            rows.iter()
                .map(|(k, v)| (&k[..], &v[..]))
                .eq(expected.map(|(k, v)| (k.as_bytes(), v.as_bytes())))
        );
    }

    #[test]
    fn nothing_told_is_nothing() {
        let store = MemoryDatabase::default().family(FamilyId::Shard(ShardId(0))).unwrap();
        assert_eq!(seeder(&store).finish().unwrap(), None);
    }
}
