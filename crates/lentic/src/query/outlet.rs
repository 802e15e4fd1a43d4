//! Where a stream thread's records go: a transaction for each commit, or a plain producer.
use std::collections::BTreeMap;
use std::time::Duration;

use lentic_engine::log::{self, BulkTransaction, RecordRef, Sender, SharedLog};
use lentic_engine::stream::{ProducedRecord, Sealed};
use lentic_types::{Offset, PartitionId, Timestamp, TopicName};

use crate::config::ProcessingGuarantee;

/// How the end of a transaction came out.
pub(super) enum Outcome {
    Committed,
    /// Known not to be.
    Aborted(String),
    /// Unknown, or another has taken over.
    Lost(String),
}

pub(super) struct Outlet {
    log: SharedLog,
    guarantee: ProcessingGuarantee,
    shards: TopicName,
    timeout: Duration,
    transaction: Option<Box<dyn BulkTransaction>>,
    plain: Option<Box<dyn Sender>>,
    /// Of topics that were written to.
    partitions: BTreeMap<TopicName, u32>,
    any: u32,
    /// Why the transaction can only be aborted.
    failed: Option<String>,
}

impl Outlet {
    pub(super) fn new(
        log: SharedLog,
        guarantee: ProcessingGuarantee,
        shards: TopicName,
        timeout: Duration,
    ) -> Self {
        let (transaction, plain, partitions) = (None, None, BTreeMap::new());
        Self { log, guarantee, shards, timeout, transaction, plain, partitions, any: 0, failed: None }
    }

    /// Queues a record. What fails is told by the next flush.
    pub(super) fn send(&mut self, record: &ProducedRecord<'_>) {
        if self.failed.is_none()
            && let Err(error) = self.try_send(record)
        {
            self.failed = Some(format!("writing to {}: {error}", record.topic));
        }
    }

    fn try_send(&mut self, record: &ProducedRecord<'_>) -> log::Result<()> {
        let partitions = match self.partitions.get(record.topic) {
            Some(partitions) => *partitions,
            None => {
                let topic = self.log.topic(record.topic)?;
                let topic = topic.ok_or_else(|| log::Error::NoSuchTopic(record.topic.clone()))?;
                self.partitions.insert(record.topic.clone(), topic.partitions);
                topic.partitions
            }
        };
        self.any = self.any.wrapping_add(1);
        let record = RecordRef {
            topic: record.topic,
            partition: PartitionId(record.partition(partitions, self.any)),
            key: record.key,
            value: record.value,
            timestamp: record.timestamp,
            headers: record.headers.as_deref().unwrap_or_default(),
        };
        self.sender()?.send(&record)
    }

    fn sender(&mut self) -> log::Result<&mut dyn Sender> {
        if self.guarantee == ProcessingGuarantee::AtLeastOnce {
            if self.plain.is_none() {
                self.plain = Some(self.log.sender()?);
            }
            return Ok(&mut **self.plain.as_mut().expect("it was made a moment ago"));
        }
        if self.transaction.is_none() {
            self.transaction = Some(self.log.begin_bulk(self.timeout)?);
        }
        Ok(&mut **self.transaction.as_mut().expect("it was begun a moment ago"))
    }

    /// Waits until everything sent is acknowledged; the offsets of the last `count` records.
    pub(super) fn flush(&mut self, count: usize) -> Result<Vec<Offset>, String> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let timeout = self.timeout;
        let flushed = self.sender().and_then(|sender| sender.flush(timeout));
        match flushed {
            Ok(offsets) if offsets.len() >= count => Ok(offsets[offsets.len() - count..].to_vec()),
            Ok(offsets) => Err(format!("{} acknowledgements for at least {count} records", offsets.len())),
            Err(error) => {
                let text = error.to_string();
                self.failed = Some(text.clone());
                Err(text)
            }
        }
    }

    /// Writes positions records, fences their shards, and ends the transaction.
    pub(super) fn seal(&mut self, sealed: &[Sealed]) -> Outcome {
        let written = sealed.iter().try_for_each(|sealed| {
            let record = RecordRef {
                topic: &self.shards.clone(),
                partition: PartitionId(sealed.shard.0),
                key: Some(&sealed.key),
                value: Some(&sealed.value),
                timestamp: Timestamp::NONE,
                headers: &[],
            };
            self.sender()?.send(&record)
        });
        let timeout = self.timeout;
        let mut shards: Vec<_> = sealed.iter().map(|sealed| PartitionId(sealed.shard.0)).collect();
        shards.sort_unstable();
        shards.dedup();
        let flushed = written.and_then(|()| self.sender()?.flush(timeout).map(drop));
        if self.guarantee == ProcessingGuarantee::AtLeastOnce {
            return match flushed.and_then(|()| self.log.fence(&shards, timeout)) {
                Ok(()) => Outcome::Committed,
                Err(log::Error::Fenced) => Outcome::Lost(log::Error::Fenced.to_string()),
                Err(error) => self.abort_after(error.to_string()),
            };
        }
        let fenced = flushed.and_then(|()| match &mut self.transaction {
            Some(transaction) => transaction.fence(&shards, timeout),
            None => Ok(()),
        });
        if let Err(error) = fenced {
            let is_fenced = error == log::Error::Fenced;
            let outcome = self.abort_after(error.to_string());
            return if is_fenced { Outcome::Lost(error.to_string()) } else { outcome };
        }
        let Some(transaction) = self.transaction.take() else { return Outcome::Committed };
        match transaction.commit(timeout) {
            Ok(()) => Outcome::Committed,
            Err(error @ (log::Error::Unknown(_) | log::Error::Fenced)) => Outcome::Lost(error.to_string()),
            Err(error) => Outcome::Aborted(error.to_string()),
        }
    }

    fn abort_after(&mut self, reason: String) -> Outcome {
        self.abort();
        Outcome::Aborted(reason)
    }

    /// Takes back what was sent since the last commit. Without transactions that can't be done: it stays, and what is
    /// processed again comes twice.
    pub(super) fn abort(&mut self) {
        self.failed = None;
        self.partitions.clear();
        self.plain = None;
        if let Some(transaction) = self.transaction.take()
            && let Err(error) = transaction.abort(self.timeout)
        {
            tracing::warn!("an abort takes longer, and goes on: {error}");
        }
    }
}
