//! What waits to be processed, by input partition; the next record is the one with the lowest timestamp.
use std::collections::VecDeque;
use std::sync::Arc;

use lentic_topology::Record;
use lentic_types::{Offset, RecordBatch, Timestamp, TopicId, TopicPartition};

/// One input partition of a task.
pub(super) struct Input {
    pub(super) partition: TopicPartition,
    pub(super) topic_id: TopicId,
    /// The source nodes that read it.
    pub(super) sources: Vec<usize>,
    batches: VecDeque<Arc<RecordBatch>>,
    /// Of the first batch: the next record.
    next: usize,
    pub(super) records: usize,
    pub(super) bytes: usize,
    pub(super) head: Option<Head>,
    /// The next offset to process, as the positions record says it: everything below is done.
    pub(super) position: Offset,
    /// The next offset that the reader brings.
    pub(super) read_to: Offset,
    /// The greatest timestamp seen.
    pub(super) time: Timestamp,
    /// Whether the reader has nothing more at the moment.
    pub(super) at_end: bool,
    /// Since when it is empty while others are not; wall clock.
    pub(super) idle_since: Option<Timestamp>,
}

/// The record of an input that comes next, decoded for each source that reads it.
pub(super) struct Head {
    pub(super) timestamp: Timestamp,
    pub(super) offset: Offset,
    /// Source node and record, of the first source that takes it.
    pub(super) first: (usize, Record),
    /// Of the others.
    pub(super) rest: Vec<(usize, Record)>,
}

impl Input {
    pub(super) fn new(
        partition: TopicPartition,
        topic_id: TopicId,
        position: Offset,
        time: Timestamp,
    ) -> Self {
        Self {
            partition,
            topic_id,
            sources: Vec::new(),
            batches: VecDeque::new(),
            next: 0,
            records: 0,
            bytes: 0,
            head: None,
            position,
            read_to: position,
            time,
            at_end: false,
            idle_since: None,
        }
    }

    /// Takes what was read. Records below the position were processed already.
    pub(super) fn push(&mut self, batch: Arc<RecordBatch>) {
        let Some(last) = batch.last_offset() else { return };
        if last < self.read_to {
            return;
        }
        let fresh = batch.iter().filter(|record| record.offset >= self.read_to).count();
        self.read_to = last.next();
        self.at_end = false;
        self.records += fresh;
        self.bytes += batch.bytes();
        self.batches.push_back(batch);
    }

    /// The next raw record, as batch and index; it stays.
    pub(super) fn peek(&mut self) -> Option<(Arc<RecordBatch>, usize)> {
        loop {
            let batch = self.batches.front()?;
            if self.next >= batch.len() {
                self.bytes -= batch.bytes();
                self.batches.pop_front();
                self.next = 0;
                continue;
            }
            if batch.get(self.next).offset < self.position {
                self.next += 1;
                continue;
            }
            return Some((Arc::clone(batch), self.next));
        }
    }

    /// The record that [`Input::peek`] showed is done with.
    pub(super) fn advance(&mut self) {
        if let Some(batch) = self.batches.front() {
            self.position = batch.get(self.next).offset.next();
            self.next += 1;
            self.records -= 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_none()
    }
}
