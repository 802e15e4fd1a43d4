//! Senders and transactions for much.
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lentic_engine::log::{BulkTransaction, Error, RecordRef, Result, Sender};
use lentic_types::{Offset, PartitionId};

use crate::error;
use crate::membership::Member;
use crate::options::KafkaOptions;
use crate::raw::{BulkProducer, Code, Err as Errors, Failure, code};

/// How long a fence may take. librdkafka asks once who coordinates the group, and if that answer was lost while brokers changed its
/// call does not return, whatever time it was given: it has a thread of its own, and another producer asks again.
const FENCE: Duration = Duration::from_secs(5);

/// After so many records reports are served.
const SERVE_EVERY: u32 = 512;

/// Producers with transactional ids of their own kind; as many as transactions are open at the same time.
pub(crate) struct BulkPool {
    options: KafkaOptions,
    turns: Mutex<Turns>,
}

#[derive(Default)]
struct Turns {
    idle: Vec<(usize, BulkProducer)>,
    unused: Vec<usize>,
}

impl BulkPool {
    pub(crate) fn new(options: &KafkaOptions) -> Self {
        let unused = (0..options.bulk_max).rev().collect();
        Self { options: options.clone(), turns: Mutex::new(Turns { idle: Vec::new(), unused }) }
    }

    pub(crate) fn begin(
        self: &Arc<Self>,
        member: Option<Arc<Member>>,
        timeout: Duration,
    ) -> Result<Box<dyn BulkTransaction>> {
        let deadline = Instant::now() + timeout;
        let (number, producer) = self.take()?;
        let begun = match producer {
            Some(producer) => producer.begin_transaction().map(|()| producer).ok(),
            None => None,
        };
        // One that failed while it was idle is replaced.
        let producer = match begun {
            Some(producer) => producer,
            None => match self.make(number, deadline) {
                Ok(producer) => producer,
                Err(error) => {
                    self.put_back(number, None);
                    return Err(error);
                }
            },
        };
        let batch = Batch { producer, timeout: self.options.message_timeout, unserved: 0 };
        Ok(Box::new(KafkaBulk { pool: Arc::clone(self), number, batch: Some(batch), member }))
    }

    fn make(&self, number: usize, deadline: Instant) -> Result<BulkProducer> {
        let producer = take_over(&self.options, number, deadline)?;
        producer.begin_transaction().map_err(|failed| error::of(&failed.failure, None))?;
        Ok(producer)
    }

    /// Lets go of idle producers.
    pub(crate) fn close(&self) {
        drop(std::mem::take(&mut self.turns().idle));
    }

    /// Idle producers look at their topics anew.
    pub(crate) fn renew(&self) {
        for (_, producer) in &mut self.turns().idle {
            producer.forget_topics();
        }
    }

    fn take(&self) -> Result<(usize, Option<BulkProducer>)> {
        let mut turns = self.turns();
        if let Some((number, producer)) = turns.idle.pop() {
            return Ok((number, Some(producer)));
        }
        let number = turns.unused.pop();
        number.map(|number| (number, None)).ok_or_else(|| {
            Error::Unavailable(format!("{} bulk transactions are open already", self.options.bulk_max))
        })
    }

    fn put_back(&self, number: usize, producer: Option<BulkProducer>) {
        let mut turns = self.turns();
        match producer {
            Some(producer) => turns.idle.push((number, producer)),
            None => turns.unused.push(number),
        }
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new producer for bulk transactions: what an earlier one with the same id left open is aborted.
pub(crate) fn take_over(options: &KafkaOptions, number: usize, deadline: Instant) -> Result<BulkProducer> {
    let producer = BulkProducer::new(&options.bulk_transactional(number))
        .map_err(|failure| error::of(&failure, None))?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match producer.init_transactions(left.max(Duration::from_millis(1))) {
            Ok(()) => return Ok(producer),
            Err(failed) if failed.may_be_repeated() && !left.is_zero() => {}
            Err(failed) => return Err(error::of(&failed.failure, None)),
        }
    }
}

/// Records on their way.
struct Batch {
    producer: BulkProducer,
    timeout: Duration,
    unserved: u32,
}

impl Batch {
    fn send(&mut self, record: &RecordRef<'_>) -> Result<()> {
        self.unserved += 1;
        if self.unserved >= SERVE_EVERY {
            self.unserved = 0;
            self.producer.poll(Duration::ZERO);
        }
        let mut deadline = None;
        loop {
            let failure = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let until = *deadline.get_or_insert_with(|| Instant::now() + self.timeout);
            if failure.code != code(Errors::RD_KAFKA_RESP_ERR__QUEUE_FULL) || Instant::now() > until {
                return Err(error::of_write(&failure, Some(record.topic), error::Trace::None));
            }
            self.producer.poll(Duration::from_millis(10));
        }
    }

    /// Commits offsets in the member's name. `None`: not in time. May block for longer.
    fn fence(&mut self, member: &Member, shards: &[PartitionId], deadline: Instant) -> Option<Result<()>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let metadata = match member.metadata(shards) {
                Ok(metadata) => metadata,
                Err(error) => return Some(Err(error)),
            };
            let partitions = shards.iter().map(|shard| shard.0 as i32);
            match self.producer.send_offsets(member.topic(), partitions, &metadata, left) {
                Ok(()) => return Some(Ok(())),
                Err(failed) if failed.may_be_repeated() && Instant::now() < deadline => {}
                Err(failed) if failed.may_be_repeated() => return None,
                Err(failed) if is_stale(failed.failure.code) => return Some(Err(Error::Fenced)),
                Err(failed) => return Some(Err(error::of(&failed.failure, None))),
            }
        }
    }

    fn flush(&mut self, timeout: Duration) -> Result<Vec<Offset>> {
        if !self.producer.flush(timeout) {
            return Err(Error::Unknown(format!("records were not acknowledged in {timeout:?}")));
        }
        self.producer.take_offsets().map_err(|(_, failed)| error::of(&Failure::of(failed), None))
    }
}

/// At least once.
pub(crate) struct KafkaSender(Batch);

impl KafkaSender {
    pub(crate) fn new(options: &KafkaOptions) -> Result<Self> {
        let producer = BulkProducer::new(&options.bulk()).map_err(|failure| error::of(&failure, None))?;
        Ok(Self(Batch { producer, timeout: options.message_timeout, unserved: 0 }))
    }
}

impl Sender for KafkaSender {
    fn send(&mut self, record: &RecordRef<'_>) -> Result<()> {
        self.0.send(record)
    }

    fn flush(&mut self, timeout: Duration) -> Result<Vec<Offset>> {
        self.0.flush(timeout)
    }
}

struct KafkaBulk {
    pool: Arc<BulkPool>,
    number: usize,
    /// Taken when the transaction ends.
    batch: Option<Batch>,
    member: Option<Arc<Member>>,
}

impl KafkaBulk {
    fn batch(&mut self) -> Result<&mut Batch> {
        self.batch.as_mut().ok_or(Error::Closed)
    }

    fn end(&mut self, deadline: Instant) -> Result<()> {
        let Some(mut batch) = self.batch.take() else { return Ok(()) };
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match batch.producer.abort_transaction(left) {
                Ok(()) => {
                    batch.producer.flush(left);
                    drop(batch.producer.take_offsets());
                    self.pool.put_back(self.number, Some(batch.producer));
                    return Ok(());
                }
                Err(failed) if failed.may_be_repeated() && Instant::now() < deadline => {}
                Err(failed) => {
                    // The next producer with this id aborts it, or else the brokers do by their timeout.
                    drop(batch);
                    self.pool.put_back(self.number, None);
                    return Err(error::of(&failed.failure, None));
                }
            }
        }
    }
}

impl Sender for KafkaBulk {
    fn send(&mut self, record: &RecordRef<'_>) -> Result<()> {
        self.batch()?.send(record)
    }

    fn flush(&mut self, timeout: Duration) -> Result<Vec<Offset>> {
        self.batch()?.flush(timeout)
    }
}

impl BulkTransaction for KafkaBulk {
    fn fence(&mut self, shards: &[PartitionId], timeout: Duration) -> Result<()> {
        let timeout = timeout.min(FENCE);
        let deadline = Instant::now() + timeout;
        let member = self
            .member
            .clone()
            .ok_or_else(|| Error::Unavailable("this node has not joined its group yet".to_owned()))?;
        let mut batch = self.batch.take().ok_or(Error::Closed)?;
        let (done, outcome) = mpsc::sync_channel(1);
        let shards = shards.to_vec();
        let spawned = thread::Builder::new().name("kafka-fence".to_owned()).spawn(move || {
            if let Some(fenced) = batch.fence(&member, &shards, deadline) {
                // Where nobody waits any more, the producer is let go of here.
                drop(done.send((batch, fenced)));
            }
        });
        // Without a thread the sending side is gone, and so is the wait.
        drop(spawned);
        match outcome.recv_timeout(timeout) {
            Ok((batch, fenced)) => {
                self.batch = Some(batch);
                fenced
            }
            Err(_) => {
                // The next producer with this id aborts what is open.
                self.pool.put_back(self.number, None);
                let text = format!("the group did not confirm this node's place in {timeout:?}");
                Err(Error::Unavailable(text))
            }
        }
    }

    fn commit(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        let Some(mut batch) = self.batch.take() else { return Err(Error::Closed) };
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match batch.producer.commit_transaction(left) {
                Ok(()) => {
                    drop(batch.producer.take_offsets());
                    self.pool.put_back(self.number, Some(batch.producer));
                    return Ok(());
                }
                Err(failed) if failed.may_be_repeated() && Instant::now() < deadline => {}
                Err(failed) if failed.abort => {
                    self.batch = Some(batch);
                    let aborted = self.end(deadline);
                    tracing::debug!(?aborted, "a transaction could not be committed");
                    return Err(error::of(&failed.failure, None));
                }
                Err(failed) => {
                    drop(batch);
                    self.pool.put_back(self.number, None);
                    let text = format!("the end of a transaction: {}", failed.failure.text);
                    return Err(if is_stale(failed.failure.code) {
                        Error::Fenced
                    } else {
                        Error::Unknown(text)
                    });
                }
            }
        }
    }

    fn abort(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        self.end(Instant::now() + timeout)
    }
}

impl Drop for KafkaBulk {
    fn drop(&mut self) {
        if self.batch.is_some()
            && let Err(error) = self.end(Instant::now() + self.pool.options.request_timeout)
        {
            tracing::warn!("a transaction could not be aborted: {error}");
        }
    }
}

/// The group, or the transactions' coordinator, knows of a successor.
fn is_stale(failed: Code) -> bool {
    [
        Errors::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        Errors::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        Errors::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
        Errors::RD_KAFKA_RESP_ERR__FENCED,
        Errors::RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        Errors::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    ]
    .into_iter()
    .any(|stale| failed == code(stale))
}
