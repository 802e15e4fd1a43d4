//! Writing rows: through the log, always.
use std::collections::BTreeMap;
use std::time::Duration;

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
    /// Appends one write; `done` is called once, from any thread, and must not block. Never blocks.
    pub fn write(&self, write: Write, done: Box<dyn FnOnce(Result<Written, WriteError>) + Send>) {
        let record = match self.outgoing(write) {
            Ok(record) => record,
            Err(error) => return done(Err(error)),
        };
        let (table, partition) = (self.clone(), record.partition);
        let acked = move |ack: log::Result<log::Ack>| {
            done(ack.map(|ack| table.written(partition, ack)).map_err(WriteError::Log));
        };
        self.inner.around.log.append(record, Box::new(acked));
    }

    /// All writes in one transaction, visible together per partition. Blocks up to `timeout`.
    pub fn write_all(&self, writes: Vec<Write>, timeout: Duration) -> Result<Vec<Written>, WriteError> {
        let records = writes.into_iter().map(|write| self.outgoing(write)).collect::<Result<Vec<_>, _>>()?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: Vec<_> = records.iter().map(|record| record.partition).collect();
        let mut transaction = self.inner.around.log.begin(timeout)?;
        // A transaction that is dropped is aborted: until the commit nothing has happened.
        let acks = transaction.produce_all(records, timeout).map_err(not_committed)?;
        self.announce(&partitions, &acks);
        transaction.commit(timeout)?;
        Ok(partitions.into_iter().zip(acks).map(|(partition, ack)| self.written(partition, ack)).collect())
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
        self.write_partition_of(key).ok_or_else(|| match self.declared_partitions() {
            Some(declared) => WriteError::PartitionsChanged(declared, self.partitions()),
            None => WriteError::MixedPartitioning,
        })
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
        }
    }
}

/// A failure before the commit: whatever it was, nothing was written.
pub(super) fn not_committed(error: log::Error) -> WriteError {
    WriteError::Log(match error {
        log::Error::Unknown(text) => log::Error::Unavailable(text),
        error => error,
    })
}
