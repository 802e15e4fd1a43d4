//! Opening: what the directory holds becomes topics and partitions again.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use lentic_engine::log::{self, Error, Result};
use lentic_store::{Cursor, KeyRange, Order};
use lentic_store_rocksdb::{
    DurableBatch, DurableDatabase, DurableFamily, DurableFamilyOptions, DurableOptions, Scan,
};
use lentic_types::{PartitionId, TopicId, TopicName, TopicPartition};

use crate::cleaner::CleanerState;
use crate::layout::{self, Cleaned, Meta, StoredBounds};
use crate::options::LocalOptions;
use crate::partition::{Found, Partition, Topic};
use crate::queue::{Queue, Size};
use crate::shared::{Admin, Shared, Stop, corrupt, unreadable};

/// What a start after a crash has to read again, at most.
const WAL_BYTES: u64 = 64 << 20;

pub(crate) fn open(options: LocalOptions) -> Result<Shared> {
    let db = open_database(&DurableOptions {
        path: options.path.clone(),
        families: vec![
            DurableFamilyOptions::point(layout::META),
            DurableFamilyOptions::sequential(layout::RECORDS),
        ],
        block_cache_bytes: options.block_cache_bytes,
        max_wal_bytes: WAL_BYTES,
        ..DurableOptions::default()
    })?;
    let meta = db.family(layout::META).map_err(from_open)?;
    let records = db.family(layout::RECORDS).map_err(from_open)?;
    // What a killed process had written but not synced is made durable before anybody reads it.
    db.flush().map_err(from_open)?;

    let version = meta.get(layout::VERSION_KEY).map_err(unreadable)?;
    if version.as_deref().is_some_and(|version| version != [layout::VERSION]) {
        return Err(Error::Refused(format!(
            "{} was written by another version of the embedded log ({version:?}, this one reads {}): start the \
             program that wrote it",
            options.path.display(),
            layout::VERSION
        )));
    }
    let (identity, epoch) = start(&db, &meta)?;
    let topics = topics(&meta, &records)?;
    let next_topic = number(&meta, layout::NEXT_TOPIC_KEY)?;
    let limit = Size { records: options.queue_records, bytes: options.queue_bytes };
    Ok(Shared {
        options,
        identity,
        epoch,
        topics: RwLock::new(topics),
        queue: Queue::new(limit),
        admin: Mutex::new(Admin { next_topic }),
        rewriting: Mutex::default(),
        cleaning: Mutex::default(),
        stop: Stop::default(),
        last_transaction: AtomicU64::new(0),
        #[cfg(test)]
        fail_writes: std::sync::atomic::AtomicBool::new(false),
        records,
        meta,
        db,
    })
}

/// A killed process keeps its lock until the system has taken its memory back: that is waited for.
fn open_database(options: &DurableOptions) -> Result<DurableDatabase> {
    const STEP: Duration = Duration::from_millis(20);
    const STEPS: u32 = 50;
    let mut tried = 0;
    loop {
        match DurableDatabase::open(options.clone()) {
            Err(lentic_store::Error::Locked(_)) if tried < STEPS => tried += 1,
            opened => return opened.map_err(from_open),
        }
        std::thread::sleep(STEP);
    }
}

/// Numbers this start; the first one gives the log its identity.
fn start(db: &DurableDatabase, meta: &DurableFamily) -> Result<(String, i32)> {
    let known = meta.get(layout::IDENTITY_KEY).map_err(unreadable)?;
    let identity = match known {
        Some(identity) => String::from_utf8(identity).map_err(|_| corrupt("the identity"))?,
        None => TopicId(random()).to_string(),
    };
    let start = next_start(number(meta, layout::STARTS_KEY)?);
    let mut batch = DurableBatch::default();
    batch.put(meta, layout::VERSION_KEY, &[layout::VERSION]);
    batch.put(meta, layout::IDENTITY_KEY, identity.as_bytes());
    batch.put(meta, layout::STARTS_KEY, &start.to_be_bytes());
    db.write(batch, true).map_err(from_open)?;
    Ok((identity, start as i32))
}

/// Above all numbers before it. A log that comes back from a backup must not repeat the number of a start after the
/// backup, since a state that was built then is told from it by that: later starts are kept apart by the clock, and
/// those in quick succession, which run ahead of it, by chance.
fn next_start(last: u32) -> u32 {
    const SINCE_2020: u64 = 1_577_836_800;
    const SPREAD: u16 = 0xfff;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seconds = u32::try_from(since.as_secs().saturating_sub(SINCE_2020)).unwrap_or(u32::MAX);
    let [high, low, ..] = random();
    let apart = u32::from(u16::from_be_bytes([high, low]) & SPREAD);
    // It is a leader epoch, an i32.
    last.saturating_add(1).max(seconds).saturating_add(apart).min(i32::MAX as u32)
}

/// 16 bytes that nobody else has.
pub(crate) fn random() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

fn topics(meta: &DurableFamily, records: &DurableFamily) -> Result<BTreeMap<TopicName, Arc<Topic>>> {
    let mut topics = BTreeMap::new();
    let range = KeyRange::prefix(&[Meta::Topic as u8]);
    let mut cursor = meta.cursor(&range, Scan::default()).map_err(unreadable)?;
    while let Some((key, stored)) = cursor.next().map_err(unreadable)? {
        let number = key.get(1..).and_then(layout::decode_u32);
        let both = number.zip(layout::decode_topic(stored));
        let (number, description) = both.ok_or_else(|| corrupt(format_args!("the topic under {key:?}")))?;
        let topic = build(description, number, |partition| found(meta, records, number, partition))?;
        topics.insert(topic.description.name.clone(), Arc::new(topic));
    }
    Ok(topics)
}

/// A topic with its partitions as they were `found`.
pub(crate) fn build(
    description: log::Topic,
    number: u32,
    found: impl Fn(u32) -> Result<Found>,
) -> Result<Topic> {
    let partition = |partition| {
        let name = TopicPartition::new(description.name.clone(), PartitionId(partition));
        Ok(Arc::new(Partition::new(name, description.settings.clone(), number, found(partition)?)))
    };
    let partitions = (0..description.partitions).map(partition).collect::<Result<_>>()?;
    Ok(Topic { description, number, partitions })
}

fn found(meta: &DurableFamily, records: &DurableFamily, topic: u32, partition: u32) -> Result<Found> {
    let stored = |meta_of: Meta| meta.get(&meta_of.key(topic, partition)).map_err(unreadable);
    let damaged =
        |what: &str| corrupt(format_args!("{what} of partition {partition} of topic number {topic}"));
    let bounds = match stored(Meta::Bounds)? {
        Some(stored) => StoredBounds::decode(&stored).ok_or_else(|| damaged("bounds"))?,
        None => StoredBounds::default(),
    };
    let epochs = match stored(Meta::Epochs)? {
        Some(stored) => layout::decode_epochs(&stored).ok_or_else(|| damaged("epochs"))?,
        None => crate::epochs::Epochs::default(),
    };
    let cleaned = match stored(Meta::Cleaned)? {
        Some(stored) => Cleaned::decode(&stored).ok_or_else(|| damaged("the state of compaction"))?,
        None => Cleaned::default(),
    };
    let range = layout::chunk_range(topic, partition, 0, None);
    let backwards = Scan { order: Order::Descending, ..Scan::default() };
    let mut cursor = records.cursor(&range, backwards).map_err(unreadable)?;
    let last = cursor.next().map_err(unreadable)?.and_then(|(key, _)| layout::key_offset(key));
    let end = last.map_or(0, |last| last + 1).max(bounds.lowest_end).max(bounds.start);
    Ok(Found { start: bounds.start, end, epochs, cleaner: CleanerState::new(bounds, cleaned) })
}

fn number(meta: &DurableFamily, key: &[u8]) -> Result<u32> {
    let stored = meta.get(key).map_err(unreadable)?;
    stored.map_or(Ok(0), |stored| layout::decode_u32(&stored).ok_or_else(|| corrupt(format_args!("{key:?}"))))
}

fn from_open(error: lentic_store::Error) -> Error {
    match error {
        lentic_store::Error::Locked(_) => Error::Refused(error.to_string()),
        lentic_store::Error::Corrupt(text) => corrupt(text),
        error => Error::Broken(error.to_string()),
    }
}
