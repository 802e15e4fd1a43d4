//! Much at once: records gather in memory until they are flushed.
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lentic_engine::log::{BulkTransaction, RecordRef, Result, Sender, Transaction};
use lentic_types::{Offset, OutgoingRecord, PartitionId};

use crate::shared::Shared;
use crate::transaction::LocalTransaction;

/// Each flush is one atomic write.
pub(crate) struct LocalSender {
    shared: Arc<Shared>,
    waiting: Vec<OutgoingRecord>,
}

impl LocalSender {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, waiting: Vec::new() }
    }
}

impl Sender for LocalSender {
    fn send(&mut self, record: &RecordRef<'_>) -> Result<()> {
        self.waiting.push(owned(record));
        Ok(())
    }

    fn flush(&mut self, timeout: Duration) -> Result<Vec<Offset>> {
        let mut transaction = Box::new(LocalTransaction::new(Arc::clone(&self.shared)));
        let acks = transaction.produce_all(std::mem::take(&mut self.waiting), timeout)?;
        transaction.commit(timeout)?;
        Ok(acks.into_iter().map(|ack| ack.offset).collect())
    }
}

/// The append locks are taken by the first flush and held to the end.
pub(crate) struct LocalBulk {
    transaction: Box<LocalTransaction>,
    waiting: Vec<OutgoingRecord>,
}

impl LocalBulk {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { transaction: Box::new(LocalTransaction::new(shared)), waiting: Vec::new() }
    }
}

impl Sender for LocalBulk {
    fn send(&mut self, record: &RecordRef<'_>) -> Result<()> {
        self.waiting.push(owned(record));
        Ok(())
    }

    fn flush(&mut self, timeout: Duration) -> Result<Vec<Offset>> {
        let acks = self.transaction.produce_all(std::mem::take(&mut self.waiting), timeout)?;
        Ok(acks.into_iter().map(|ack| ack.offset).collect())
    }
}

impl BulkTransaction for LocalBulk {
    fn fence(&mut self, _shards: &[PartitionId], _timeout: Duration) -> Result<()> {
        Ok(())
    }

    fn commit(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        if !self.waiting.is_empty() {
            self.flush(timeout)?;
        }
        self.transaction.commit(timeout)
    }

    fn abort(self: Box<Self>, timeout: Duration) -> Result<()> {
        self.transaction.abort(timeout)
    }
}

fn owned(record: &RecordRef<'_>) -> OutgoingRecord {
    OutgoingRecord {
        topic: record.topic.clone(),
        partition: record.partition,
        key: record.key.map(Bytes::copy_from_slice),
        value: record.value.map(Bytes::copy_from_slice),
        timestamp: record.timestamp,
        headers: record.headers.to_vec(),
    }
}
