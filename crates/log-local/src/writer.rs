//! The one thread that appends: it takes what has arrived, gives out offsets, writes one batch and answers.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use lentic_engine::log::{Ack, Error, Result};
use lentic_store_rocksdb::DurableBatch;
use lentic_types::{Offset, OutgoingRecord, Timestamp};

use crate::answer::Answer;
use crate::chunk::{ChunkRecord, encode_headers};
use crate::lane::{Lane, Waiting};
use crate::layout::{self, Meta};
use crate::options::FsyncPolicy;
use crate::partition::{Partition, Topic, lock};
use crate::queue::{Append, Command, Commit, LockRequest, Size};
use crate::shared::{self, Shared, unreadable};

/// A chunk is full at so many bytes.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;
/// A batch is written at so many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// How often the writer looks around where nothing wakes it.
const IDLE: Duration = Duration::from_mins(1);
/// How often it looks whether open transactions have ended when the log is closed.
const CLOSING: Duration = Duration::from_millis(5);

pub(crate) struct Writer {
    shared: Arc<Shared>,
    batch: DurableBatch,
    /// Bytes of records in the batch and in unfinished chunks.
    staged_bytes: usize,
    /// Partitions with records in the batch.
    touched: Vec<Arc<Partition>>,
    /// Whom to answer when it is written.
    answers: Vec<Answered>,
    /// What the queue counts for it.
    size: Size,
    /// The append locks of each transaction.
    held: BTreeMap<u64, Vec<Arc<Partition>>>,
    /// Partitions whose written records wait for a sync.
    unsynced: Vec<Arc<Partition>>,
    synced: Instant,
    /// Somebody holds a lock and may want to read all that was there before.
    sync_wanted: bool,
    now: Timestamp,
    headers: Vec<u8>,
}

enum Answered {
    Append(Answer, Ack),
    Commit(SyncSender<Result<()>>),
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            batch: DurableBatch::default(),
            staged_bytes: 0,
            touched: Vec::new(),
            answers: Vec::new(),
            size: Size::default(),
            held: BTreeMap::new(),
            unsynced: Vec::new(),
            synced: Instant::now(),
            sync_wanted: false,
            now: Timestamp::NONE,
            headers: Vec::new(),
        }
    }

    /// Runs until the log is closed or broken.
    pub(crate) fn run(mut self) {
        // A panic must not leave appends without an answer.
        let _broken = BrokenOnPanic(Arc::clone(&self.shared));
        let mut commands = Vec::new();
        let error = loop {
            let refusal = self.shared.queue.take(&mut commands, self.wait());
            self.now = shared::now();
            let arrived = !commands.is_empty();
            for command in commands.drain(..) {
                self.handle(command);
                if self.staged_bytes >= BATCH_BYTES {
                    self.write();
                }
            }
            self.write();
            if self.sync_is_due() {
                self.sync_and_publish().ok();
            }
            match refusal.or_else(|| self.shared.queue.refusal()) {
                None => {}
                Some(error @ Error::Broken(_)) => break error,
                Some(error) => {
                    let abandoned = self.shared.stop.abandoned.load(Ordering::Acquire);
                    if !arrived && (abandoned || !self.somebody_waits()) {
                        break error;
                    }
                    std::thread::sleep(CLOSING);
                }
            }
        };
        self.leave(&error);
    }

    fn leave(&mut self, error: &Error) {
        if self.shared.options.fsync != FsyncPolicy::Never {
            self.sync_and_publish().ok();
        }
        for command in self.shared.queue.stop() {
            refuse(command, error);
        }
        for partition in self.shared.partitions() {
            let waiting = std::mem::take(&mut partition.lane().waiting);
            for waiting in waiting {
                refuse_waiting(waiting, error);
            }
        }
    }

    fn somebody_waits(&self) -> bool {
        self.held.values().flatten().any(|partition| !partition.lane().waiting.is_empty())
    }

    fn wait(&self) -> Duration {
        match self.shared.options.fsync {
            FsyncPolicy::Interval(interval) if !self.unsynced.is_empty() => {
                interval.saturating_sub(self.synced.elapsed())
            }
            _ => IDLE,
        }
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Append(append) => self.append(append),
            Command::Lock(request) => self.lock(request),
            Command::Commit(commit) => self.commit(commit),
            Command::Abort(transaction) => self.unlock(transaction),
            Command::Delete(topic, reply) => {
                reply.send(self.delete(&topic)).ok();
            }
            Command::Sync(reply) => {
                self.write();
                reply.send(self.sync_and_publish()).ok();
            }
        }
    }

    fn append(&mut self, append: Append) {
        let partition = Arc::clone(&append.partition);
        let mut lane = partition.lane();
        if lane.deleted {
            drop(lane);
            self.shared.queue.release(append.size);
            append.answer.give(Err(partition.no_such_topic()));
        } else if lane.holder.is_some() {
            lane.waiting.push_back(Waiting::Append(append));
        } else {
            let ack = self.stage(&partition, &mut lane, append.record);
            self.size.add(append.size);
            self.answers.push(Answered::Append(append.answer, ack));
        }
    }

    /// Gives a record its offset and puts it into the partition's chunk.
    fn stage(&mut self, partition: &Arc<Partition>, lane: &mut Lane, record: OutgoingRecord) -> Ack {
        if !lane.touched {
            lane.touched = true;
            self.touched.push(Arc::clone(partition));
        }
        if !lane.epoch_noted {
            lane.epoch_noted = true;
            self.note_epoch(partition, lane.next);
        }
        let offset = lane.next;
        let timestamp = if record.timestamp == Timestamp::NONE { self.now } else { record.timestamp };
        self.headers.clear();
        encode_headers(&record.headers, &mut self.headers);
        let before = lane.chunk.bytes();
        lane.chunk.push(ChunkRecord {
            offset,
            timestamp: timestamp.0,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &self.headers,
        });
        lane.next += 1;
        self.staged_bytes += lane.chunk.bytes() - before;
        if lane.chunk.bytes() >= CHUNK_BYTES {
            self.seal(partition, lane);
        }
        Ack { offset: Offset(offset), timestamp }
    }

    fn note_epoch(&mut self, partition: &Partition, first: u64) {
        let mut epochs = partition.epochs.write().unwrap_or_else(PoisonError::into_inner);
        epochs.begin(self.shared.epoch, first);
        let key = Meta::Epochs.key(partition.topic, partition.number());
        self.batch.put(&self.shared.meta, &key, &layout::encode_epochs(&epochs));
    }

    /// Puts the partition's chunk into the batch.
    fn seal(&mut self, partition: &Partition, lane: &mut Lane) {
        if lane.chunk.is_empty() {
            return;
        }
        let last = lane.next - 1;
        let key = layout::record_key(partition.topic, partition.number(), last);
        let parts = lane.chunk.parts(last, None);
        partition.appended_bytes.fetch_add((parts[0].len() + parts[1].len()) as u64, Ordering::Relaxed);
        self.batch.put_parts(&self.shared.records, &[&key], &parts);
        lane.chunk.clear();
    }

    /// Writes the batch, shows it to readers where they may see it, and answers.
    fn write(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        for partition in &touched {
            let mut lane = partition.lane();
            self.seal(partition, &mut lane);
            lane.touched = false;
        }
        let written = if self.batch.is_empty() {
            Ok(())
        } else {
            let always = self.shared.options.fsync == FsyncPolicy::Always;
            self.shared.write(std::mem::take(&mut self.batch), always)
        };
        self.staged_bytes = 0;
        if written.is_ok() {
            self.show(&touched);
        }
        self.touched = touched;
        self.touched.clear();
        self.shared.queue.release(std::mem::take(&mut self.size));
        for answered in self.answers.drain(..) {
            match answered {
                Answered::Append(answer, ack) => answer.give(written.clone().map(|()| ack)),
                Answered::Commit(reply) => drop(reply.send(written.clone())),
            }
        }
    }

    fn show(&mut self, written: &[Arc<Partition>]) {
        for partition in written {
            let mut lane = partition.lane();
            if matches!(self.shared.options.fsync, FsyncPolicy::Interval(_)) {
                if !lane.unsynced {
                    lane.unsynced = true;
                    self.unsynced.push(Arc::clone(partition));
                }
            } else {
                let end = lane.next;
                drop(lane);
                partition.publish(end);
            }
        }
    }

    fn sync_is_due(&self) -> bool {
        matches!(self.shared.options.fsync, FsyncPolicy::Interval(interval)
            if !self.unsynced.is_empty() && (self.sync_wanted || self.synced.elapsed() >= interval))
    }

    /// Everything given an offset has been written when this is called.
    fn sync_and_publish(&mut self) -> Result<()> {
        self.synced = Instant::now();
        self.sync_wanted = false;
        self.shared.sync()?;
        for partition in self.unsynced.drain(..) {
            let mut lane = partition.lane();
            lane.unsynced = false;
            let end = lane.next;
            drop(lane);
            partition.publish(end);
        }
        Ok(())
    }

    /// Takes lock after lock; where one is held the request waits in that lane and goes on from there.
    fn lock(&mut self, mut request: LockRequest) {
        while let Some(partition) = request.rest.front().cloned() {
            if request.is_cancelled() {
                return;
            }
            let mut lane = partition.lane();
            if lane.deleted {
                drop(lane);
                request.reply.send(Err(partition.no_such_topic())).ok();
                return;
            }
            if lane.holder.is_some() {
                lane.waiting.push_back(Waiting::Lock(request));
                return;
            }
            lane.holder = Some(request.transaction);
            request.granted.push(lane.next);
            drop(lane);
            self.held.entry(request.transaction).or_default().push(partition);
            request.rest.pop_front();
        }
        self.sync_wanted = true;
        request.reply.send(Ok(request.granted)).ok();
    }

    /// Gives up a transaction's locks and does what waited for them.
    fn unlock(&mut self, transaction: u64) {
        for partition in self.held.remove(&transaction).unwrap_or_default() {
            partition.lane().holder = None;
            loop {
                let mut lane = partition.lane();
                let next = if lane.holder.is_none() { lane.waiting.pop_front() } else { None };
                drop(lane);
                match next {
                    None => break,
                    Some(Waiting::Append(append)) => self.append(append),
                    Some(Waiting::Lock(request)) => self.lock(request),
                }
            }
        }
    }

    fn commit(&mut self, commit: Commit) {
        let Commit { transaction, records, size, reply } = commit;
        self.size.add(size);
        let deleted = records.iter().find(|(partition, _)| partition.lane().deleted);
        if let Some((partition, _)) = deleted {
            reply.send(Err(partition.no_such_topic())).ok();
        } else {
            for (partition, records) in records {
                let mut lane = partition.lane();
                for record in records {
                    self.stage(&partition, &mut lane, record);
                }
            }
            self.answers.push(Answered::Commit(reply));
        }
        self.unlock(transaction);
    }

    fn delete(&mut self, topic: &Topic) -> Result<()> {
        self.write();
        let shared = Arc::clone(&self.shared);
        let _no_rewrite = lock(&shared.rewriting);
        for partition in &topic.partitions {
            let mut lane = partition.lane();
            lane.deleted = true;
            let waiting = std::mem::take(&mut lane.waiting);
            drop(lane);
            for waiting in waiting {
                if let Waiting::Append(append) = &waiting {
                    self.size.add(append.size);
                }
                refuse_waiting(waiting, &partition.no_such_topic());
            }
            partition.set_deleted();
        }
        let mut batch = DurableBatch::default();
        batch.delete(&shared.meta, &Meta::Topic.prefix(topic.number));
        for meta in Meta::OF_PARTITION {
            let of_topic = lentic_store::KeyRange::prefix(&meta.prefix(topic.number));
            batch.delete_range(&shared.meta, &of_topic).map_err(unreadable)?;
        }
        batch.delete_range(&shared.records, &layout::topic_range(topic.number)).map_err(unreadable)?;
        shared.write(batch, true)
    }
}

fn refuse_waiting(waiting: Waiting, error: &Error) {
    refuse(
        match waiting {
            Waiting::Append(append) => Command::Append(append),
            Waiting::Lock(request) => Command::Lock(request),
        },
        error,
    );
}

fn refuse(command: Command, error: &Error) {
    match command {
        Command::Append(append) => append.answer.give(Err(error.clone())),
        Command::Lock(request) => drop(request.reply.send(Err(error.clone()))),
        Command::Commit(commit) => drop(commit.reply.send(Err(error.clone()))),
        Command::Delete(_, reply) | Command::Sync(reply) => drop(reply.send(Err(error.clone()))),
        Command::Abort(_) => {}
    }
}

struct BrokenOnPanic(Arc<Shared>);

impl Drop for BrokenOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.queue.refuse(Error::Broken("the log's writer panicked".to_owned()));
            // Dropped unanswered, they answer "unknown".
            drop(self.0.queue.stop());
            for partition in self.0.partitions() {
                drop(std::mem::take(&mut partition.lane().waiting));
            }
        }
    }
}
