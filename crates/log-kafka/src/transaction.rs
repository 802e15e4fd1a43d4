//! Transactions, and the producers that they take turns on.
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lentic_engine::log::{Ack, Error, Result, Transaction};
use lentic_types::OutgoingRecord;

use crate::error;
use crate::options::{KafkaOptions, Properties};
use crate::raw::{Producer, TransactionFailure};

/// Producers with transactional ids. One transaction is open on each at a time.
pub(crate) struct Pool {
    options: KafkaOptions,
    turns: Mutex<Turns>,
    returned: Condvar,
}

struct Turns {
    /// Idle ones, the last used last: few stay warm.
    idle: Vec<(usize, Producer)>,
    /// Numbers without a producer, the smallest last.
    unused: Vec<usize>,
    /// Aborts that nobody waits for.
    aborting: usize,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(options: &KafkaOptions) -> Self {
        let unused = (0..options.transactions_max.max(1)).rev().collect();
        Self {
            options: options.clone(),
            turns: Mutex::new(Turns { idle: Vec::new(), unused, aborting: 0, closed: false }),
            returned: Condvar::new(),
        }
    }

    pub(crate) fn begin(self: &Arc<Self>, timeout: Duration) -> Result<Box<dyn Transaction>> {
        let deadline = Instant::now() + timeout;
        loop {
            let (number, producer) = self.take(deadline)?;
            let was_idle = producer.is_some();
            let producer = match producer.map_or_else(|| take_over(&self.options, number, deadline), Ok) {
                Ok(producer) => producer,
                Err(error) => {
                    self.put_back(number, None);
                    return Err(error);
                }
            };
            match producer.begin_transaction() {
                Ok(()) => {
                    let state = Some((number, producer));
                    return Ok(Box::new(KafkaTransaction { pool: Arc::clone(self), state, broken: false }));
                }
                Err(failed) => {
                    drop(producer);
                    self.put_back(number, None);
                    // One that failed while it was idle is replaced; a new one that can't begin is news.
                    if !was_idle {
                        return Err(error::of(&failed.failure, None));
                    }
                }
            }
        }
    }

    /// No transaction begins any more. Aborts under way are waited for until `deadline`: what a process leaves open holds
    /// the readers of committed records.
    pub(crate) fn close(&self, deadline: Instant) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.closed = true;
        let idle = std::mem::take(&mut turns.idle);
        self.returned.notify_all();
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.returned.wait_timeout_while(turns, left, |turns| turns.aborting > 0);
        drop(waited);
        drop(idle);
    }

    /// Lets go of idle producers: new ones know nothing of topics as they were.
    pub(crate) fn renew(&self) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = std::mem::take(&mut turns.idle);
        turns.unused.extend(idle.iter().map(|(number, _)| *number));
        drop(turns);
        drop(idle);
    }

    /// A number and its producer, if it has one.
    fn take(&self, deadline: Instant) -> Result<(usize, Option<Producer>)> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if turns.closed {
                return Err(Error::Closed);
            }
            if let Some((number, producer)) = turns.idle.pop() {
                return Ok((number, Some(producer)));
            }
            if let Some(number) = turns.unused.pop() {
                return Ok((number, None));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let open = self.options.transactions_max;
                return Err(Error::Unavailable(format!(
                    "{open} transactions are open, and none ended in time"
                )));
            }
            turns = self.returned.wait_timeout(turns, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn put_back(&self, number: usize, producer: Option<Producer>) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = match producer {
            Some(producer) if !turns.closed => {
                turns.idle.push((number, producer));
                None
            }
            other => {
                turns.unused.push(number);
                other
            }
        };
        drop(turns);
        self.returned.notify_one();
        drop(rest);
    }

    /// Aborts the transaction that is open on a producer, and takes the producer back.
    fn abort(self: &Arc<Self>, number: usize, producer: Producer, deadline: Instant) -> Result<()> {
        // Aborting purges what is on its way and waits for the reports of it.
        match until(deadline, |left| producer.abort_transaction(left)) {
            Ok(()) => {
                serve(&producer, deadline);
                self.put_back(number, Some(producer));
                Ok(())
            }
            Err(failed) if failed.may_be_repeated() => {
                self.abort_later(number, producer);
                Err(Error::Unavailable(format!(
                    "the abort takes longer, and goes on: {}",
                    failed.failure.text
                )))
            }
            Err(failed) => {
                // The next producer with this id aborts it, or else the brokers do by their timeout.
                drop(producer);
                self.put_back(number, None);
                Err(error::of(&failed.failure, None))
            }
        }
    }

    /// The same without waiting for it.
    fn abort_later(self: &Arc<Self>, number: usize, producer: Producer) {
        let pool = Arc::clone(self);
        self.count_aborts(1);
        let spawned = thread::Builder::new().name("kafka-abort".to_owned()).spawn(move || {
            let deadline = Instant::now() + pool.options.request_timeout;
            let result = until(deadline, |left| producer.abort_transaction(left));
            if let Err(failed) = &result {
                tracing::warn!("a transaction could not be aborted: {}", failed.failure.text);
            }
            let usable = result.is_ok().then_some(producer);
            pool.put_back(number, usable);
            pool.count_aborts(-1);
        });
        if spawned.is_err() {
            // The producer went with the closure.
            self.put_back(number, None);
            self.count_aborts(-1);
        }
    }

    fn count_aborts(&self, more: isize) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.aborting = turns.aborting.saturating_add_signed(more);
        drop(turns);
        self.returned.notify_all();
    }
}

/// A new producer: whatever an earlier one with the same id left open is aborted.
pub(crate) fn take_over(options: &KafkaOptions, number: usize, deadline: Instant) -> Result<Producer> {
    initialized(&options.transactional(number), deadline)
}

/// The same of an id as it is.
pub(crate) fn take_over_id(options: &KafkaOptions, id: &str, deadline: Instant) -> Result<()> {
    let mut properties = options.transactional(0);
    properties.insert("transactional.id".to_owned(), id.to_owned());
    initialized(&properties, deadline).map(drop)
}

fn initialized(properties: &Properties, deadline: Instant) -> Result<Producer> {
    let producer = Producer::new(properties).map_err(|failure| error::of(&failure, None))?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match producer.init_transactions(left.max(Duration::from_millis(1))) {
            Ok(()) => return Ok(producer),
            Err(failed) if failed.retriable && !left.is_zero() => {}
            Err(failed) => return Err(error::of(&failed.failure, None)),
        }
    }
}

struct KafkaTransaction {
    pool: Arc<Pool>,
    /// Taken when the transaction ends.
    state: Option<(usize, Producer)>,
    /// A record failed: only an abort is left.
    broken: bool,
}

impl KafkaTransaction {
    fn producer(&self) -> Result<&Producer> {
        self.state.as_ref().map(|(_, producer)| producer).ok_or(Error::Closed)
    }

    fn finish_abort(&mut self, deadline: Instant) -> Result<()> {
        let Some((number, producer)) = self.state.take() else { return Ok(()) };
        self.pool.abort(number, producer, deadline)
    }
}

impl Transaction for KafkaTransaction {
    fn produce(&mut self, record: OutgoingRecord, timeout: Duration) -> Result<Ack> {
        let acks = self.produce_all(vec![record], timeout)?;
        acks.into_iter().next().ok_or_else(|| Error::Unknown("no acknowledgement came".to_owned()))
    }

    fn produce_all(&mut self, records: Vec<OutgoingRecord>, timeout: Duration) -> Result<Vec<Ack>> {
        let deadline = Instant::now() + timeout;
        let outcomes: Outcomes = Arc::new(Mutex::new(vec![None; records.len()]));
        let mut failed = None;
        let producer = self.producer()?;
        for (index, record) in records.iter().enumerate() {
            let slot = Arc::clone(&outcomes);
            let acked = Box::new(move |result| {
                // Nobody looks any more if it comes too late.
                if let Some(slot) = slot.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
                    *slot = Some(result);
                }
            });
            if let Err((failure, _)) = producer.send(record, acked) {
                failed = Some(error::of_write(&failure, Some(&record.topic), error::Trace::None));
                break;
            }
        }
        if failed.is_none() {
            serve(producer, deadline);
        }
        let outcomes = std::mem::take(&mut *outcomes.lock().unwrap_or_else(PoisonError::into_inner));
        let acks: Result<Vec<Ack>> = outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(failed.take().unwrap_or_else(late))))
            .collect();
        self.broken |= acks.is_err();
        acks
    }

    fn commit(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        if self.broken {
            let aborted = self.finish_abort(deadline);
            return Err(aborted.err().unwrap_or_else(|| {
                Error::Refused("a record of the transaction failed, so it was aborted".to_owned())
            }));
        }
        let Some((number, producer)) = self.state.take() else { return Err(Error::Closed) };
        serve(&producer, deadline);
        match until(deadline, |left| producer.commit_transaction(left)) {
            Ok(()) => {
                self.pool.put_back(number, Some(producer));
                Ok(())
            }
            Err(failed) if failed.abort => {
                // Whatever becomes of the abort, the transaction is not committed.
                let aborted = self.pool.abort(number, producer, deadline);
                tracing::debug!(?aborted, "a transaction could not be committed");
                Err(error::of(&failed.failure, None))
            }
            Err(failed) => {
                // The next producer with this id brings it to an end. Who was fenced can't know which: it may be the
                // other one that has completed the commit.
                drop(producer);
                self.pool.put_back(number, None);
                Err(Error::Unknown(format!("the end of a transaction: {}", failed.failure.text)))
            }
        }
    }

    fn abort(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        self.finish_abort(Instant::now() + timeout)
    }
}

impl Drop for KafkaTransaction {
    fn drop(&mut self) {
        if let Some((number, producer)) = self.state.take() {
            self.pool.abort_later(number, producer);
        }
    }
}

/// Outcomes of the records of one call, in their order.
type Outcomes = Arc<Mutex<Vec<Option<Result<Ack>>>>>;

/// Serves delivery reports until none is missing. librdkafka's own waiting is coarser.
fn serve(producer: &Producer, deadline: Instant) {
    while producer.in_flight() > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        producer.poll(left.min(Duration::from_millis(100)));
    }
}

/// Repeats a step that may be repeated.
fn until(
    deadline: Instant,
    mut step: impl FnMut(Duration) -> Result<(), TransactionFailure>,
) -> Result<(), TransactionFailure> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match step(left.max(Duration::from_millis(1))) {
            Err(failed) if failed.may_be_repeated() && !left.is_zero() => {}
            result => return result,
        }
    }
}

fn late() -> Error {
    Error::Unknown("no acknowledgement came in time; the transaction can only be aborted".to_owned())
}
