//! The bulk way from a log into a store: sort what was read, keep the last record per key, ingest sorted runs.
//!
//! Runs go in in log order, so a later run outranks an earlier one; the position follows last, written by the
//! worker when it hears of [`Loaded`]. A crash before that leaves rows that the next attempt overwrites (catching
//! up) or that belong to no incarnation (building).
use std::sync::Arc;

use lentic_format::{KeyKind, KeyLayout, version};
use lentic_store::layout::{Incarnation, RowPrefix, StoreId, row_header};
use lentic_store::{Result, Store};
use lentic_types::{FormatName, Offset, Partitioner, RecordBatch, RecordView, Timestamp, TopicPartition};

use crate::TaskId;
use crate::log::ReadFrom;

/// What is to be loaded.
#[derive(Clone)]
pub struct Load {
    /// For whom.
    pub task: TaskId,
    /// Into what.
    pub store: Arc<dyn Store>,
    /// The table's number there.
    pub store_id: StoreId,
    /// Which build of the rows.
    pub incarnation: Incarnation,
    /// Whether the incarnation holds rows already, so that deletes matter in the first run too.
    pub over_existing: bool,
    /// Whether the rows may come from another node that has them ([`crate::seed`]) instead of from the log.
    pub seedable: bool,
    /// How its keys lie in the log and in the store.
    pub key: KeyLayout,
    /// From what.
    pub source: TopicPartition,
    /// Number of partitions of the topic.
    pub partitions: u32,
    /// From where.
    pub from: ReadFrom,
    /// The end when the load was decided: loading is done at the first end of the log that the reader meets.
    pub until: Offset,
    /// When that end was asked for.
    pub asked_at: Timestamp,
}

/// A finished load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Everything below is in the store.
    pub position: Offset,
    /// The offset after the last record.
    pub read_to: Offset,
    /// Leader epoch of the last record, -1 unknown.
    pub epoch: i32,
    /// Records read.
    pub records: u64,
    /// Of these without a key.
    pub null_keys: u64,
    /// Bit *i*: all keys lie where `Partitioner::ALL[i]` puts them.
    pub partitioners: u8,
    /// The largest time beside a key.
    pub observed: Timestamp,
    /// When the pass began; a pass that took longer than the tombstone horizon may have missed deletes.
    pub began_at: Timestamp,
}

/// All bits of `partitioners`.
pub const ALL_PARTITIONERS: u8 = (1 << Partitioner::ALL.len()) - 1;

/// Clears the bits of the partitioners that would have put `key` elsewhere. An empty key tells nothing:
/// librdkafka's default spreads them.
pub fn narrow_partitioners(mask: u8, key: &[u8], source: &TopicPartition, partitions: u32) -> u8 {
    if key.is_empty() {
        return mask;
    }
    let mut narrowed = mask;
    for (bit, partitioner) in Partitioner::ALL.into_iter().enumerate() {
        if mask & (1 << bit) != 0 && partitioner.partition(key, partitions) != source.partition {
            narrowed &= !(1 << bit);
        }
    }
    narrowed
}

/// Gathers records and writes a sorted run whenever its budget is full.
pub struct Loader {
    load: Load,
    prefix: RowPrefix,
    budget: usize,
    batches: Vec<Arc<RecordBatch>>,
    bytes: usize,
    records_in_run: usize,
    /// Length of the prefix that all keys of the run share (in order-preserving bytes).
    shared: usize,
    first_key: Vec<u8>,
    scratch: Vec<u8>,
    runs: u32,
    done: Loaded,
}

/// How many records ahead memory is asked for what will be written.
const AHEAD: usize = 32;

/// Bytes that a record costs beside its own: its span in the batch and its entry in the sort.
const RECORD_COST: usize = 56;

impl Loader {
    /// A loader that holds about `budget` bytes of records at a time.
    pub fn new(load: Load, budget: usize, began_at: Timestamp) -> Self {
        let prefix = RowPrefix::new(load.store_id, load.source.partition, load.incarnation);
        let epoch = match load.from {
            ReadFrom::Position { epoch, .. } => epoch,
            ReadFrom::Offset(_) | ReadFrom::Start => -1,
        };
        let done = Loaded {
            position: load.from.offset().unwrap_or_default(),
            read_to: load.from.offset().unwrap_or_default(),
            epoch,
            records: 0,
            null_keys: 0,
            partitioners: ALL_PARTITIONERS,
            observed: Timestamp::NONE,
            began_at,
        };
        Self {
            load,
            prefix,
            budget: budget.max(1 << 20),
            batches: Vec::new(),
            bytes: 0,
            records_in_run: 0,
            shared: 0,
            first_key: Vec::new(),
            scratch: Vec::new(),
            runs: 0,
            done,
        }
    }

    /// What is being loaded.
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// The next offset expected.
    pub fn position(&self) -> Offset {
        self.done.position
    }

    /// Records read so far.
    pub fn records(&self) -> u64 {
        self.done.records
    }

    /// Takes a batch. Writes a run if the budget is full.
    pub fn push(&mut self, batch: Arc<RecordBatch>, epoch: i32) -> Result<()> {
        let Some(last) = batch.last_offset() else { return Ok(()) };
        for record in batch.iter() {
            let Some(key) = record.key else {
                self.done.null_keys += 1;
                continue;
            };
            if self.done.partitioners != 0 {
                let (mask, inner) = (self.done.partitioners, self.load.key.inner(key));
                self.done.partitioners =
                    narrow_partitioners(mask, inner, &self.load.source, self.load.partitions);
            }
            self.done.observed = self.done.observed.max(observed(self.load.key, key, record.timestamp));
            let ordered = ordered(self.load.key, key, record.timestamp, &mut self.scratch);
            if self.records_in_run == 0 {
                self.first_key.clear();
                self.first_key.extend_from_slice(ordered);
                self.shared = ordered.len();
            } else if !ordered.starts_with(&self.first_key[..self.shared]) {
                self.shared =
                    ordered.iter().zip(&self.first_key[..self.shared]).take_while(|(a, b)| a == b).count();
            }
            self.records_in_run += 1;
        }
        self.done.records += batch.len() as u64;
        self.done.position = last.next();
        self.done.read_to = last.next();
        self.done.epoch = epoch;
        self.bytes += batch.bytes() + batch.len() * RECORD_COST;
        self.batches.push(batch);
        if self.bytes >= self.budget { self.end_run() } else { Ok(()) }
    }

    /// Writes what is left. `position` is the end that the reader met.
    pub fn finish(mut self, position: Offset) -> Result<Loaded> {
        self.end_run()?;
        self.done.position = self.done.position.max(position);
        Ok(self.done)
    }

    /// Writes what was gathered as a run of its own.
    pub fn end_run(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.batches);
        let records = std::mem::take(&mut self.records_in_run);
        self.bytes = 0;
        if records == 0 {
            return Ok(());
        }
        let entries = self.sorted(&batches, records);
        let mut run = self.load.store.sorted_run()?;
        let keep_deletes = self.load.over_existing || self.runs > 0;
        self.runs += 1;
        for (i, entry) in entries.iter().enumerate() {
            // The records lie in log order: those that come soon are on their way from memory while this one is written.
            if let Some(ahead) = entries.get(i + AHEAD) {
                std::hint::black_box(ahead.record(&batches).key.and_then(<[u8]>::first));
            }
            let record = entry.record(&batches);
            let key = record.key.unwrap_or_default();
            let next = entries.get(i + 1);
            let is_superseded = next.is_some_and(|next| {
                next.word == entry.word && is_of_one_row(self.load.key, next.record(&batches), record)
            });
            if is_superseded {
                continue;
            }
            let ordered = ordered(self.load.key, key, record.timestamp, &mut self.scratch);
            match held(self.load.key, record.value) {
                Some((flag, value)) => run.put(
                    &[self.prefix.as_bytes(), ordered],
                    &[&row_header(record.offset, record.timestamp), flag, value],
                )?,
                None if keep_deletes => run.delete(&[self.prefix.as_bytes(), ordered])?,
                None => {}
            }
        }
        run.finish()
    }

    /// Entries in key order, and in log order within a key.
    fn sorted(&mut self, batches: &[Arc<RecordBatch>], records: usize) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(records);
        for (b, batch) in batches.iter().enumerate() {
            for (r, record) in batch.iter().enumerate() {
                let Some(key) = record.key else { continue };
                let ordered = ordered(self.load.key, key, record.timestamp, &mut self.scratch);
                entries.push(Entry {
                    word: word(&ordered[self.shared..]),
                    batch: b as u32,
                    record: r as u32,
                });
            }
        }
        let (key, shared) = (self.load.key, self.shared);
        let mut left = Vec::new();
        let mut right = Vec::new();
        entries.sort_unstable_by(|a, b| {
            a.word.cmp(&b.word).then_with(|| {
                let a_rest = ordered_tail(key, a.record(batches), &mut left, shared);
                let b_rest = ordered_tail(key, b.record(batches), &mut right, shared);
                a_rest.cmp(b_rest).then((a.batch, a.record).cmp(&(b.batch, b.record)))
            })
        });
        entries
    }
}

/// One record in the sort: the first bytes after the shared prefix decide nearly always without touching the record.
#[derive(Clone, Copy)]
struct Entry {
    word: u64,
    batch: u32,
    record: u32,
}

impl Entry {
    fn record<'a>(&self, batches: &'a [Arc<RecordBatch>]) -> RecordView<'a> {
        batches[self.batch as usize].get(self.record as usize)
    }
}

/// Up to eight bytes as a number that sorts as they do. A shorter key and one that goes on with zero bytes are
/// equal here; the full comparison tells them apart.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => bytes.iter().enumerate().fold(0, |word, (i, &b)| word | u64::from(b) << (56 - 8 * i)),
    }
}

/// The time beside a record's key, by which retention goes.
pub(crate) fn observed(layout: KeyLayout, key: &[u8], timestamp: Timestamp) -> Timestamp {
    if layout.kind == KeyKind::Version {
        return timestamp;
    }
    layout.split(key).map_or(Timestamp::NONE, |(_, time)| time.sorted_by())
}

/// A record's key as it lies in the store; `scratch` is used only where that is not the key's own bytes.
pub(crate) fn ordered<'a>(
    layout: KeyLayout,
    key: &'a [u8],
    timestamp: Timestamp,
    scratch: &'a mut Vec<u8>,
) -> &'a [u8] {
    match layout {
        KeyLayout {
            kind: KeyKind::Plain,
            format: FormatName::Bytes | FormatName::String | FormatName::Json,
        } => key,
        _ => {
            scratch.clear();
            layout.to_store(key, timestamp, scratch);
            scratch
        }
    }
}

/// What a row holds of a record's value, in two parts; `None`: the record deletes the row. A version is a row even where it
/// says that there is no value since then.
pub(crate) fn held(layout: KeyLayout, value: Option<&[u8]>) -> Option<(&'static [u8], &[u8])> {
    if layout.kind == KeyKind::Version {
        let (flag, value) = version(value);
        return Some((flag, value));
    }
    value.map(|value| (&[][..], value))
}

fn is_of_one_row(layout: KeyLayout, one: RecordView<'_>, other: RecordView<'_>) -> bool {
    one.key == other.key && (layout.kind != KeyKind::Version || one.timestamp == other.timestamp)
}

fn ordered_tail<'a>(
    layout: KeyLayout,
    record: RecordView<'a>,
    scratch: &'a mut Vec<u8>,
    shared: usize,
) -> &'a [u8] {
    let key = record.key.unwrap_or_default();
    ordered(layout, key, record.timestamp, scratch).get(shared..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lentic_store::layout::RowView;
    use lentic_store::{Database, FamilyId, MemoryDatabase, Order};
    use lentic_types::{PartitionId, ShardId, TopicName};
    use std::collections::BTreeMap;

    fn load(store: Arc<dyn Store>, over_existing: bool) -> Load {
        Load {
            task: TaskId::of_table("t", PartitionId(0)),
            store,
            store_id: StoreId(1),
            incarnation: Incarnation(0),
            over_existing,
            seedable: false,
            key: KeyLayout::plain(FormatName::String),
            source: TopicPartition::new(TopicName::new("t").unwrap(), PartitionId(0)),
            partitions: 1,
            from: ReadFrom::Start,
            until: Offset(0),
            asked_at: Timestamp(0),
        }
    }

    /// Loading in runs of any size leaves what a map leaves.
    #[test]
    fn fold_in_runs_equals_a_map() {
        for budget_records in [1, 7, 100, 10_000] {
            let db = MemoryDatabase::default();
            let store = db.family(FamilyId::Shard(ShardId(0))).unwrap();
            let mut loader = Loader::new(load(Arc::clone(&store), false), 0, Timestamp(0));
            loader.budget = budget_records * 60;
            let mut model = BTreeMap::new();
            let mut seed = 42u64;
            for start in (0..2_000).step_by(10) {
                let mut batch = RecordBatch::default();
                for offset in start..start + 10 {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let key = match seed >> 33 & 0x7f {
                        0 => String::new(),
                        n => {
                            format!("key\0{}", "x".repeat((n % 13) as usize)) + &"\0".repeat((n % 3) as usize)
                        }
                    };
                    let value = (seed >> 60 > 3).then(|| offset.to_string());
                    batch.push(
                        Offset(offset),
                        Timestamp(1),
                        (seed >> 50 & 0xf != 0).then_some(key.as_bytes()),
                        value.as_ref().map(|v| v.as_bytes()),
                    );
                    if seed >> 50 & 0xf != 0 {
                        match value {
                            Some(value) => drop(model.insert(key.into_bytes(), (offset, value.into_bytes()))),
                            None => drop(model.remove(key.as_bytes())),
                        }
                    }
                }
                loader.push(Arc::new(batch), 3).unwrap();
            }
            let loaded = loader.finish(Offset(2_005)).unwrap();
            assert_eq!((loaded.position, loaded.epoch, loaded.records), (Offset(2_005), 3, 2_000));
            assert!(loaded.null_keys > 0);
            let prefix = RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(0));
            let mut cursor = store.cursor(prefix.range(), Order::Ascending).unwrap();
            let mut rows = BTreeMap::new();
            while let Some((key, value)) = cursor.next().unwrap() {
                let row = RowView::read(value).unwrap();
                rows.insert(RowPrefix::strip(key).to_vec(), (row.offset.0, row.value.to_vec()));
            }
            assert_eq!(rows, model, "runs of {budget_records} records");
        }
    }

    /// Of a versioned store each version is a row, deletes too; of two of one time the last one counts.
    #[test]
    fn versions_are_rows() {
        for budget_records in [1, 3, 100] {
            let db = MemoryDatabase::default();
            let store = db.family(FamilyId::Shard(ShardId(0))).unwrap();
            let layout = KeyLayout::new(FormatName::String, KeyKind::Version);
            let mut loader =
                Loader::new(Load { key: layout, ..load(Arc::clone(&store), false) }, 0, Timestamp(0));
            loader.budget = budget_records * 60;
            let records: [(&str, i64, Option<&str>); 7] = [
                ("a", 5, Some("a5")),
                ("b", 1, Some("b1")),
                ("a", 2, Some("a2")),
                ("a", 7, None),
                ("b", 1, Some("b1 again")),
                ("ab", 3, None),
                ("a", 5, Some("a5 again")),
            ];
            for (offset, (key, time, value)) in (0..).zip(records) {
                let mut batch = RecordBatch::default();
                let (key, value) = (key.as_bytes(), value.map(str::as_bytes));
                batch.push(Offset(offset), Timestamp(time), Some(key), value);
                loader.push(Arc::new(batch), 3).unwrap();
            }
            assert_eq!(loader.finish(Offset(7)).unwrap().observed, Timestamp(7));
            let prefix = RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(0));
            let mut cursor = store.cursor(prefix.range(), Order::Ascending).unwrap();
            let mut rows = Vec::new();
            while let Some((key, value)) = cursor.next().unwrap() {
                let row = RowView::read(value).unwrap();
                let mut wire = Vec::new();
                layout.to_wire(RowPrefix::strip(key), &mut wire).unwrap();
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let value = lentic_format::read_version(row.value).unwrap().map(text);
                rows.push((text(&wire), row.timestamp.0, value));
            }
            let row = |key: &str, time, value: Option<&str>| (key.to_owned(), time, value.map(str::to_owned));
            let expected = [
                row("a", 7, None),
                row("a", 5, Some("a5 again")),
                row("a", 2, Some("a2")),
                row("ab", 3, None),
                row("b", 1, Some("b1 again")),
            ];
            assert_eq!(rows, expected, "runs of {budget_records} records");
        }
    }

    #[test]
    fn partitioners_are_narrowed_by_the_keys() {
        let source = |p| TopicPartition::new(TopicName::new("t").unwrap(), PartitionId(p));
        for (bit, partitioner) in Partitioner::ALL.into_iter().enumerate() {
            let mut mask = ALL_PARTITIONERS;
            for i in 0..100 {
                let key = format!("k{i}");
                let p = partitioner.partition(key.as_bytes(), 8);
                mask = narrow_partitioners(mask, key.as_bytes(), &source(p.0), 8);
            }
            assert_eq!(mask, 1 << bit, "{partitioner}");
        }
    }
}
