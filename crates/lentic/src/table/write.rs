//! Writing rows: through the log, always.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_engine::log;
use lentic_types::{Offset, OutgoingRecord, PartitionId, Timestamp, Token, TopicPartition};

use super::RawTable;
use crate::WriteError;

/// A put, or a delete where `value` is `None`. Bytes as they go to the log: validated by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Option<Bytes>,
}

/// A write that the log has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub partition: PartitionId,
    /// Its offset: wait for `Target::Position(offset.next())` to see it in reads.
    pub offset: Offset,
    /// Its timestamp.
    pub timestamp: Timestamp,
    /// The same as a token.
    pub token: Token,
    /// Of a delete in a table whose keys lie in several partitions: its places in the others.
    pub elsewhere: Vec<(PartitionId, Offset)>,
}

/// What must hold for a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The row exists and its token is one of these.
    Is(Vec<Token>),
    /// There is no row.
    Absent,
    /// There is a row.
    Present,
}

impl RawTable {
    /// Appends one write; `done` is called once, from any thread, and must not block. Never blocks: ask
    /// [`RawTable::admit_write`] first.
    pub fn write(&self, write: Write, done: Box<dyn FnOnce(Result<Written, WriteError>) + Send>) {
        let records = match self.outgoing(write) {
            Ok(record) => self.everywhere(record),
            Err(error) => return done(Err(error)),
        };
        if !records.elsewhere.is_empty() {
            return self.append_everywhere(records, done);
        }
        let record = records.home;
        let (table, partition) = (self.clone(), record.partition);
        let acked = move |ack: log::Result<log::Ack>| {
            done(ack.map(|ack| table.written(partition, ack)).map_err(WriteError::Log));
        };
        self.inner.around.log.append(record, Box::new(acked));
    }

    /// All writes in one transaction, visible together per partition. Blocks up to `timeout`: what is not committed then
    /// is [`WriteError::Undecided`], or [`log::Error::Unknown`] where the commit had begun.
    pub fn write_all(&self, writes: Vec<Write>, timeout: Duration) -> Result<Vec<Written>, WriteError> {
        let deadline = Instant::now() + timeout;
        self.wait_write(timeout)?;
        let mut records = Vec::with_capacity(writes.len());
        // Of each write, how many records it has elsewhere.
        let mut elsewhere = Vec::with_capacity(writes.len());
        for write in writes {
            let all = self.everywhere(self.outgoing(write)?);
            elsewhere.push(all.elsewhere.len());
            records.push(all.home);
            records.extend(all.elsewhere);
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: Vec<_> = records.iter().map(|record| record.partition).collect();
        let failed = |error| not_committed(error, deadline);
        let mut transaction = self.inner.around.log.begin(left(deadline)).map_err(failed)?;
        // A transaction that is dropped is aborted: until the commit nothing has happened.
        let acks = transaction.produce_all(records, left(deadline)).map_err(failed)?;
        if left(deadline).is_zero() {
            return Err(WriteError::Undecided("the time was over before the commit".to_owned()));
        }
        self.announce(&partitions, &acks);
        transaction.commit(left(deadline))?;
        let mut places = partitions.into_iter().zip(acks);
        let mut written = Vec::with_capacity(elsewhere.len());
        for elsewhere in elsewhere {
            let Some((home, ack)) = places.next() else { break };
            let elsewhere = places.by_ref().take(elsewhere).map(|(partition, ack)| (partition, ack.offset));
            let elsewhere = elsewhere.collect();
            written.push(Written { elsewhere, ..self.written(home, ack) });
        }
        Ok(written)
    }

    /// Tells the reader which records of each partition are one transaction's.
    fn announce(&self, partitions: &[PartitionId], acks: &[log::Ack]) {
        let mut spans: BTreeMap<PartitionId, (Offset, Offset)> = BTreeMap::new();
        for (partition, ack) in partitions.iter().zip(acks) {
            let span = spans.entry(*partition).or_insert((ack.offset, ack.offset));
            *span = (span.0.min(ack.offset), span.1.max(ack.offset));
        }
        let topic = self.inner.topic.load().name.clone();
        for (partition, (first, last)) in spans {
            self.inner.around.together.announce(TopicPartition::new(topic.clone(), partition), first, last);
        }
    }

    /// Whether a write of `key` with a value of `value_len` bytes would be refused, without trying it.
    pub fn check_write(&self, key: &[u8], value_len: Option<usize>) -> Result<PartitionId, WriteError> {
        if self.is_closed() {
            return Err(WriteError::Closed);
        }
        if self.inner.spec.load().read_only {
            return Err(WriteError::ReadOnly);
        }
        let limits = &self.inner.around.limits;
        if key.len() as u64 > limits.key_bytes {
            return Err(WriteError::TooLarge("max_key_bytes", limits.key_bytes, key.len() as u64));
        }
        let value_len = value_len.unwrap_or(0) as u64;
        if value_len > limits.value_bytes {
            return Err(WriteError::TooLarge("max_value_bytes", limits.value_bytes, value_len));
        }
        self.write_partition_of(key).ok_or_else(|| self.unroutable())
    }

    pub(super) fn outgoing(&self, write: Write) -> Result<OutgoingRecord, WriteError> {
        let partition = self.check_write(&write.key, write.value.as_ref().map(Bytes::len))?;
        Ok(OutgoingRecord {
            topic: self.inner.topic.load().name.clone(),
            partition,
            key: Some(write.key),
            value: write.value,
            timestamp: Timestamp::NONE,
            headers: Vec::new(),
        })
    }

    pub(super) fn written(&self, partition: PartitionId, ack: log::Ack) -> Written {
        Written {
            partition,
            offset: ack.offset,
            timestamp: ack.timestamp,
            token: self.token(partition, ack.offset),
            elsewhere: Vec::new(),
        }
    }
}

/// A failure before the commit: whatever it was, nothing was written.
pub(super) fn not_committed(error: log::Error, deadline: Instant) -> WriteError {
    match error {
        log::Error::Unavailable(text) | log::Error::Unknown(text) if left(deadline).is_zero() => {
            WriteError::Undecided(text)
        }
        log::Error::Unknown(text) => WriteError::Log(log::Error::Unavailable(text)),
        error => WriteError::Log(error),
    }
}

pub(super) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
