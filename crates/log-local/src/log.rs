//! The embedded log as a node holds it.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lentic_engine::log::{
    self, Acked, Bounds, BulkTransaction, Error, Log, Reader, ReaderOptions, Result, Sender, TopicSettings,
    Transaction,
};
use lentic_store_rocksdb::DurableBatch;
use lentic_types::{Offset, OutgoingRecord, PartitionId, TopicId, TopicName, TopicPartition};

use crate::answer::Answer;
use crate::bulk::{LocalBulk, LocalSender};
use crate::cleaner;
use crate::layout::{self, Meta};
use crate::open;
use crate::options::LocalOptions;
use crate::partition::{Found, Topic, lock};
use crate::queue::{Append, Command, Size};
use crate::reader::LocalReader;
use crate::shared::{self, Shared};
use crate::transaction::LocalTransaction;
use crate::writer::Writer;

/// The embedded log of one process; clones are the same log. The directory is released when it is closed and all
/// clones, readers and transactions are gone.
#[derive(Clone)]
pub struct LocalLog {
    threads: Arc<Threads>,
}

struct Threads {
    shared: Arc<Shared>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

/// How long dropping a log that was not closed waits for what is in flight.
const DROP_TIMEOUT: Duration = Duration::from_secs(10);
/// As in Kafka, more is a mistake rather than a wish.
const MOST_PARTITIONS: u32 = 10_000;
/// The greatest `max.message.bytes`: four of them fit into a batch of a reader.
const GREATEST_MESSAGE_BYTES: u64 = 1 << 30;

impl LocalLog {
    /// Opens the log in a directory, or begins one. [`Error::Refused`] if another process has it or another version
    /// wrote it, [`Error::Broken`] if it can't be read or written.
    pub fn open(options: LocalOptions) -> Result<Self> {
        let shared = Arc::new(open::open(options)?);
        let threads = Threads { shared, running: Mutex::default() };
        let writer = Writer::new(Arc::clone(&threads.shared));
        threads.spawn("log-writer", move || writer.run())?;
        let shared = Arc::clone(&threads.shared);
        threads.spawn("log-cleaner", move || cleaner::run(&shared))?;
        Ok(Self { threads: Arc::new(threads) })
    }

    /// Runs retention and compaction on every partition now, whether or not it pays. Blocks.
    pub fn clean_now(&self) -> Result<()> {
        cleaner::clean(self.shared(), shared::now(), cleaner::When::Now)
    }

    /// Deletes the records below `before`, which is not above the end, and returns the start after that. Blocks.
    pub fn delete_records(&self, partition: &TopicPartition, before: Offset) -> Result<Offset> {
        let partition = self.shared().partition_of(partition)?;
        cleaner::delete_records(self.shared(), &partition, before.0).map(Offset)
    }

    /// Syncs everything appended so far, whatever the policy: for a state that must not get ahead of its log. Blocks.
    pub fn sync(&self) -> Result<()> {
        self.wait_for(Command::Sync)
    }

    /// (name, bytes) of memory and disk use, for metrics and status.
    pub fn usage(&self) -> Vec<(&'static str, u64)> {
        self.shared().db.usage()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.threads.shared
    }

    fn wait_for(
        &self,
        command: impl FnOnce(std::sync::mpsc::SyncSender<Result<()>>) -> Command,
    ) -> Result<()> {
        let (reply, answer) = sync_channel(1);
        self.shared().queue.send(command(reply))?;
        answer.recv().unwrap_or_else(|_| Err(Error::Unknown("the log stopped before it answered".to_owned())))
    }

    fn find(&self, name: &TopicName) -> Option<Arc<Topic>> {
        let topics = self.shared().topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(name).cloned()
    }
}

impl Log for LocalLog {
    fn identity(&self) -> Result<String> {
        Ok(self.shared().identity.clone())
    }

    fn topic(&self, name: &TopicName) -> Result<Option<log::Topic>> {
        Ok(self.find(name).map(|topic| topic.description.clone()))
    }

    fn topics(&self) -> Result<Vec<TopicName>> {
        let topics = self.shared().topics.read().unwrap_or_else(PoisonError::into_inner);
        Ok(topics.keys().cloned().collect())
    }

    fn create_topic(
        &self,
        name: &TopicName,
        partitions: u32,
        settings: &TopicSettings,
    ) -> Result<log::Topic> {
        check(partitions, settings)?;
        let shared = self.shared();
        shared.open_or_refuse()?;
        let mut admin = lock(&shared.admin);
        if self.find(name).is_some() {
            return Err(Error::TopicExists(name.clone()));
        }
        let number = admin.next_topic;
        let description = log::Topic {
            name: name.clone(),
            id: TopicId(open::random()),
            partitions,
            settings: settings.clone(),
        };
        let mut batch = DurableBatch::default();
        batch.put(&shared.meta, layout::NEXT_TOPIC_KEY, &(number + 1).to_be_bytes());
        batch.put(&shared.meta, &Meta::Topic.prefix(number), &layout::encode_topic(&description));
        shared.write(batch, true)?;
        admin.next_topic += 1;
        let topic = open::build(description.clone(), number, |_| Ok(Found::default()))?;
        let mut topics = shared.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.insert(name.clone(), Arc::new(topic));
        Ok(description)
    }

    fn delete_topic(&self, name: &TopicName) -> Result<()> {
        let shared = self.shared();
        shared.open_or_refuse()?;
        let _admin = lock(&shared.admin);
        let removed = shared.topics.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let Some(topic) = removed else { return Ok(()) };
        let number = topic.number;
        self.wait_for(|reply| Command::Delete(topic, reply))?;
        if let Err(error) = shared.records.reclaim(&layout::topic_range(number)) {
            tracing::warn!(topic = %name, %error, "the disk space of a deleted topic will be freed later");
        }
        Ok(())
    }

    fn bounds(&self, partitions: &[TopicPartition]) -> Result<Vec<Result<Bounds>>> {
        let bounds = |name| self.shared().partition_of(name).map(|partition| partition.bounds());
        Ok(partitions.iter().map(bounds).collect())
    }

    fn epoch_below(&self, partition: &TopicPartition, offset: Offset) -> Result<Option<i32>> {
        Ok(self.shared().partition_of(partition)?.epoch_below(offset.0))
    }

    fn reader(&self, options: ReaderOptions) -> Result<Box<dyn Reader>> {
        if self.shared().queue.refusal() == Some(Error::Closed) {
            return Err(Error::Closed);
        }
        Ok(Box::new(LocalReader::new(Arc::clone(self.shared()), options)))
    }

    fn append(&self, record: OutgoingRecord, acked: Acked) {
        let answer = Answer::new(acked);
        let admitted = self.shared().partition(&record.topic, record.partition).and_then(|partition| {
            let size = Size::record(partition.admit(&record)?);
            Ok((partition, size))
        });
        match admitted {
            Err(error) => answer.give(Err(error)),
            Ok((partition, size)) => {
                self.shared().queue.append(Append { partition, record, size, answer });
            }
        }
    }

    fn begin(&self, _timeout: Duration) -> Result<Box<dyn Transaction>> {
        self.shared().open_or_refuse()?;
        Ok(Box::new(LocalTransaction::new(Arc::clone(self.shared()))))
    }

    fn sender(&self) -> Result<Box<dyn Sender>> {
        self.shared().open_or_refuse()?;
        Ok(Box::new(LocalSender::new(Arc::clone(self.shared()))))
    }

    fn begin_bulk(&self, _timeout: Duration) -> Result<Box<dyn BulkTransaction>> {
        self.shared().open_or_refuse()?;
        Ok(Box::new(LocalBulk::new(Arc::clone(self.shared()))))
    }

    fn fence(&self, _shards: &[PartitionId], _timeout: Duration) -> Result<()> {
        Ok(())
    }

    fn generation(&self) -> i64 {
        0
    }

    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        for (partition, before) in before {
            match Self::delete_records(self, partition, *before) {
                Ok(_) | Err(Error::NoSuchTopic(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn health(&self) -> Result<(), String> {
        self.shared().open_or_refuse().map_err(|error| error.to_string())
    }

    fn close(&self, timeout: Duration) {
        self.threads.stop(timeout);
    }
}

impl Threads {
    fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        let thread = thread.map_err(|error| Error::Broken(format!("no thread for {name}: {error}")))?;
        lock(&self.running).push(thread);
        Ok(())
    }

    fn stop(&self, timeout: Duration) {
        const PATIENCE_AFTERWARDS: Duration = Duration::from_secs(1);
        let shared = &self.shared;
        shared.queue.refuse(Error::Closed);
        shared.stop.set();
        for partition in shared.partitions() {
            partition.wake();
        }
        let mut running = lock(&self.running);
        if running.is_empty() {
            return;
        }
        if !join(&mut running, timeout) {
            shared.stop.abandoned.store(true, Ordering::Release);
            if !join(&mut running, PATIENCE_AFTERWARDS) {
                tracing::warn!("the embedded log did not stop in time; what was acknowledged is safe");
                return;
            }
        }
        if let Err(error) = shared.db.close() {
            tracing::warn!(%error, "closing the embedded log failed; what was acknowledged is safe");
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop(DROP_TIMEOUT);
    }
}

/// Joins the threads that end within `timeout`; whether all did.
fn join(running: &mut Vec<JoinHandle<()>>, timeout: Duration) -> bool {
    const STEP: Duration = Duration::from_millis(1);
    let deadline = Instant::now() + timeout;
    loop {
        for thread in running.extract_if(.., |thread| thread.is_finished()) {
            // A panicked writer has broken the log already.
            thread.join().ok();
        }
        if running.is_empty() || Instant::now() >= deadline {
            return running.is_empty();
        }
        std::thread::sleep(STEP);
    }
}

fn check(partitions: u32, settings: &TopicSettings) -> Result<()> {
    let refuse = |text: String| Err(Error::Refused(text));
    if !(1..=MOST_PARTITIONS).contains(&partitions) {
        return refuse(format!("a topic has 1 to {MOST_PARTITIONS} partitions, not {partitions}"));
    }
    for (name, number, least) in [
        ("retention.ms", settings.retention_ms, -1),
        ("retention.bytes", settings.retention_bytes, -1),
        ("delete.retention.ms", settings.delete_retention_ms, 0),
        ("min.compaction.lag.ms", settings.min_compaction_lag_ms, 0),
    ] {
        if number < least {
            return refuse(format!("{name} is {least} or more, not {number}"));
        }
    }
    if settings.max_message_bytes > GREATEST_MESSAGE_BYTES {
        return refuse(format!("max.message.bytes is at most {GREATEST_MESSAGE_BYTES}"));
    }
    Ok(())
}
