//! A topic and its partitions as all threads share them.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use lentic_engine::log::{self, Bounds, Error, Result, TopicSettings};
use lentic_types::{Offset, OutgoingRecord, TopicPartition};

use crate::cleaner::CleanerState;
use crate::epochs::Epochs;
use crate::lane::Lane;
use crate::waker::Waker;

pub(crate) struct Topic {
    pub(crate) description: log::Topic,
    /// Its number on the disk.
    pub(crate) number: u32,
    pub(crate) partitions: Vec<Arc<Partition>>,
}

pub(crate) struct Partition {
    pub(crate) name: TopicPartition,
    pub(crate) settings: TopicSettings,
    /// Its topic's number on the disk.
    pub(crate) topic: u32,
    pub(crate) epochs: RwLock<Epochs>,
    /// Bytes of chunks written since the log was opened.
    pub(crate) appended_bytes: AtomicU64,
    /// The end when the log was opened.
    pub(crate) end_at_open: u64,
    /// Only the writer locks it.
    lane: Mutex<Lane>,
    cleaner: Mutex<CleanerState>,
    start: AtomicU64,
    /// Readers see what lies below.
    visible: AtomicU64,
    deleted: AtomicBool,
    watchers: Mutex<Vec<Weak<Waker>>>,
}

/// What is on the disk of a partition when the log is opened.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) epochs: Epochs,
    pub(crate) cleaner: CleanerState,
}

impl Partition {
    pub(crate) fn new(name: TopicPartition, settings: TopicSettings, topic: u32, found: Found) -> Self {
        Self {
            name,
            settings,
            topic,
            epochs: RwLock::new(found.epochs),
            appended_bytes: AtomicU64::new(0),
            end_at_open: found.end,
            lane: Mutex::new(Lane::new(found.end)),
            cleaner: Mutex::new(found.cleaner),
            start: AtomicU64::new(found.start),
            visible: AtomicU64::new(found.end),
            deleted: AtomicBool::new(false),
            watchers: Mutex::default(),
        }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.name.partition.0
    }

    pub(crate) fn lane(&self) -> MutexGuard<'_, Lane> {
        lock(&self.lane)
    }

    pub(crate) fn cleaner(&self) -> MutexGuard<'_, CleanerState> {
        lock(&self.cleaner)
    }

    pub(crate) fn start(&self) -> u64 {
        self.start.load(Ordering::Acquire)
    }

    pub(crate) fn visible(&self) -> u64 {
        self.visible.load(Ordering::Acquire)
    }

    pub(crate) fn bounds(&self) -> Bounds {
        // The start first: it never passes the end that is read after it.
        let start = self.start();
        Bounds { start: Offset(start), end: Offset(self.visible()) }
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    pub(crate) fn set_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn set_start(&self, start: u64) {
        self.start.fetch_max(start, Ordering::AcqRel);
        self.wake();
    }

    /// Shows readers what lies below `end`.
    pub(crate) fn publish(&self, end: u64) {
        self.visible.fetch_max(end, Ordering::AcqRel);
        self.wake();
    }

    pub(crate) fn epoch_below(&self, offset: u64) -> Option<i32> {
        self.epochs.read().unwrap_or_else(PoisonError::into_inner).below(offset)
    }

    pub(crate) fn watch(&self, waker: &Arc<Waker>) {
        let mut watchers = lock(&self.watchers);
        watchers.retain(|watcher| watcher.strong_count() > 0);
        watchers.push(Arc::downgrade(waker));
    }

    pub(crate) fn unwatch(&self, waker: &Arc<Waker>) {
        lock(&self.watchers).retain(|watcher| !std::ptr::eq(watcher.as_ptr(), Arc::as_ptr(waker)));
    }

    pub(crate) fn wake(&self) {
        for watcher in lock(&self.watchers).iter().filter_map(Weak::upgrade) {
            watcher.wake();
        }
    }

    /// Bytes of a record, if this partition takes it.
    pub(crate) fn admit(&self, record: &OutgoingRecord) -> Result<usize> {
        if record.key.is_none() && self.settings.cleanup.compact {
            return Err(Error::Refused(format!(
                "the topic {} is compacted and takes no record without a key",
                self.name.topic
            )));
        }
        let part = |bytes: Option<&bytes::Bytes>| bytes.map_or(0, bytes::Bytes::len);
        let headers = record.headers.iter().map(|h| h.name.len() + part(h.value.as_ref()));
        let bytes = part(record.key.as_ref()) + part(record.value.as_ref()) + headers.sum::<usize>();
        let limit = self.settings.max_message_bytes;
        if bytes as u64 > limit { Err(Error::TooLarge(Some(limit))) } else { Ok(bytes) }
    }

    pub(crate) fn no_such_topic(&self) -> Error {
        Error::NoSuchTopic(self.name.topic.clone())
    }
}

/// A panic elsewhere leaves nothing half done under our locks that a later holder would misread.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
