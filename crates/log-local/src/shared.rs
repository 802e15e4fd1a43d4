//! What all threads of an open log share.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lentic_engine::log::{Error, Result};
use lentic_store_rocksdb::{DurableBatch, DurableDatabase, DurableFamily};
use lentic_types::{PartitionId, Timestamp, TopicName, TopicPartition};

use crate::options::LocalOptions;
use crate::partition::{Partition, Topic, lock};
use crate::queue::Queue;

pub(crate) struct Shared {
    pub(crate) options: LocalOptions,
    pub(crate) identity: String,
    /// The number of this start: the leader epoch of what is written now.
    pub(crate) epoch: i32,
    pub(crate) topics: RwLock<BTreeMap<TopicName, Arc<Topic>>>,
    pub(crate) queue: Queue,
    /// Held while topics are made or deleted.
    pub(crate) admin: Mutex<Admin>,
    /// Held while the cleaner writes what it rewrote, and while a topic is deleted: nothing of a deleted topic is
    /// written again.
    pub(crate) rewriting: Mutex<()>,
    /// Held during a cleaning pass.
    pub(crate) cleaning: Mutex<()>,
    pub(crate) stop: Stop,
    pub(crate) last_transaction: AtomicU64,
    /// Fails every write, as a full disk does.
    #[cfg(test)]
    pub(crate) fail_writes: AtomicBool,
    pub(crate) records: DurableFamily,
    pub(crate) meta: DurableFamily,
    pub(crate) db: DurableDatabase,
}

/// What making topics needs.
pub(crate) struct Admin {
    pub(crate) next_topic: u32,
}

impl Shared {
    pub(crate) fn partition(&self, topic: &TopicName, partition: PartitionId) -> Result<Arc<Partition>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        let found = topics.get(topic).and_then(|topic| topic.partitions.get(partition.0 as usize));
        found.cloned().ok_or_else(|| Error::NoSuchTopic(topic.clone()))
    }

    pub(crate) fn partition_of(&self, name: &TopicPartition) -> Result<Arc<Partition>> {
        self.partition(&name.topic, name.partition)
    }

    /// All partitions that there are now.
    pub(crate) fn partitions(&self) -> Vec<Arc<Partition>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.values().flat_map(|topic| topic.partitions.iter().cloned()).collect()
    }

    /// Writes durably. A failure is [`Error::Unknown`], since it may have reached the disk, and [`Error::Broken`] for
    /// everything after it.
    pub(crate) fn write(&self, batch: DurableBatch, sync: bool) -> Result<()> {
        self.unless_broken()?;
        #[cfg(test)]
        if self.fail_writes.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(self.fail("no space left (a test)".to_owned()));
        }
        self.db.write(batch, sync).map_err(|error| self.fail(error.to_string()))
    }

    /// Syncs everything that was written.
    pub(crate) fn sync(&self) -> Result<()> {
        self.unless_broken()?;
        self.db.flush_wal(true).map_err(|error| self.fail(error.to_string()))
    }

    fn unless_broken(&self) -> Result<()> {
        match self.queue.refusal() {
            Some(error @ Error::Broken(_)) => Err(error),
            _ => Ok(()),
        }
    }

    fn fail(&self, text: String) -> Error {
        tracing::error!(error = %text, "a write to the embedded log failed; it takes no more writes");
        self.queue.refuse(Error::Broken(text.clone()));
        Error::Unknown(text)
    }

    pub(crate) fn open_or_refuse(&self) -> Result<()> {
        self.queue.refusal().map_or(Ok(()), Err)
    }
}

/// What the database said about a read.
pub(crate) fn unreadable(error: lentic_store::Error) -> Error {
    Error::Unavailable(format!("the embedded log can't be read: {error}"))
}

pub(crate) fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::Broken(format!("the embedded log holds something unreadable: {what}; restore log/ from a backup"))
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as i64))
}

/// Tells the cleaner to stop.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    condvar: Condvar,
    /// The writer stops without waiting for transactions.
    pub(crate) abandoned: AtomicBool,
}

impl Stop {
    pub(crate) fn set(&self) {
        *lock(&self.stopped) = true;
        self.condvar.notify_all();
    }

    pub(crate) fn is_set(&self) -> bool {
        *lock(&self.stopped)
    }

    /// Waits; `true` if it is time to stop.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let waited = self.condvar.wait_timeout_while(lock(&self.stopped), timeout, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
