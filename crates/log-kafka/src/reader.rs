//! Reading committed records, and ends, of assigned partitions.
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic_engine::log::{Polled, ReadFrom, Reader, ReaderOptions, Result};
use lentic_types::{Offset, RecordBatch, RecordView, Timestamp, TopicName, TopicPartition};

use crate::error;
use crate::raw::{Consumer, Err, Failure, Message, code, unknown_topic};

/// A poll returns at most so many records, however small they are.
const RECORDS_MAX: usize = 1 << 16;
/// librdkafka's logical offset of the first record.
const BEGINNING: i64 = -2;

pub(crate) struct KafkaReader {
    consumer: Consumer,
    options: ReaderOptions,
    assigned: Assigned,
}

impl KafkaReader {
    pub(crate) fn new(consumer: Consumer, options: ReaderOptions) -> Self {
        Self { consumer, options, assigned: Assigned::default() }
    }

    /// Appends what is there, within the batch size.
    fn drain(&mut self, polled: &mut Vec<Polled>) {
        let Self { consumer, options, assigned, .. } = self;
        let mut run = Run::default();
        let (mut bytes, mut records) = (0, 0);
        let mut gone = Vec::new();
        let emptied = loop {
            let Some(message) = consumer.peek() else {
                run = Run::default();
                if consumer.fill() {
                    continue;
                }
                break true;
            };
            let slot = run.slot(&message, assigned);
            if message.code() == 0 {
                if let Some(slot) =
                    slot.and_then(|slot| assigned.slots[slot].as_mut().map(|found| (slot, found)))
                {
                    let size = message.key().map_or(0, <[u8]>::len) + message.value().map_or(0, <[u8]>::len);
                    if records > 0 && (bytes + size > options.batch_bytes || records >= RECORDS_MAX) {
                        break false;
                    }
                    let (index, slot) = slot;
                    if slot.push(&message, options.headers) {
                        bytes += size;
                        records += 1;
                        if !slot.touched {
                            slot.touched = true;
                            assigned.touched.push(index);
                        }
                    }
                }
            } else {
                let failure = Failure { code: message.code(), text: message.text() };
                if let Some(lost) = assigned.event(slot, message.offset(), &failure, polled) {
                    gone.push(lost);
                    run = Run::default();
                }
            }
            consumer.advance();
        };
        assigned.flush(polled);
        if emptied {
            assigned.ends(consumer, polled);
            if let Some(failure) = consumer.take_reported() {
                match assigned.named(&failure) {
                    Some(slot) => gone.extend(assigned.event(Some(slot), -1, &failure, polled)),
                    // The brokers' trouble concerns all partitions, and comes after what was read before it.
                    None => polled.push(Polled::Failed { partition: None, error: error::of(&failure, None) }),
                }
            }
        }
        for Lost { partition, guessed } in gone {
            let (topic, number) = (partition.topic.as_str(), partition.partition.0 as i32);
            // The partition is forgotten here in any case.
            drop(consumer.unassign(topic, number));
            if !guessed {
                continue;
            }
            match consumer.assign(topic, number, BEGINNING, -1) {
                Ok(()) => assigned.insert(&partition, 0, false),
                Err(_) => polled.push(Polled::OutOfRange { partition }),
            }
        }
    }
}

impl Reader for KafkaReader {
    fn assign(&mut self, partition: &TopicPartition, from: ReadFrom) -> Result<()> {
        self.unassign(partition)?;
        let (topic, number) = (partition.topic.as_str(), partition.partition.0 as i32);
        let (offset, epoch) = match from {
            ReadFrom::Offset(offset) => (offset.0, -1),
            ReadFrom::Position { offset, epoch } => (offset.0, epoch),
            // Most logs begin at 0, and to ask for their beginning takes a fresh client half a second.
            ReadFrom::Start => (0, -1),
        };
        self.consumer
            .assign(topic, number, offset as i64, epoch)
            .map_err(|failure| error::of(&failure, Some(&partition.topic)))?;
        self.assigned.insert(partition, offset, from == ReadFrom::Start);
        Ok(())
    }

    fn unassign(&mut self, partition: &TopicPartition) -> Result<()> {
        if self.assigned.remove(partition) {
            self.consumer
                .unassign(partition.topic.as_str(), partition.partition.0 as i32)
                .map_err(|failure| error::of(&failure, Some(&partition.topic)))?;
        }
        Ok(())
    }

    fn poll(&mut self, timeout: Duration, polled: &mut Vec<Polled>) -> Result<()> {
        let deadline = Instant::now() + timeout;
        let before = polled.len();
        loop {
            self.drain(polled);
            let left = deadline.saturating_duration_since(Instant::now());
            if polled.len() > before || left.is_zero() {
                return Ok(());
            }
            self.consumer.wait(left);
        }
    }
}

/// Messages come in runs of one partition: it is looked up once per run.
#[derive(Default)]
struct Run {
    known: Option<(usize, i32, Option<usize>)>,
}

impl Run {
    fn slot(&mut self, message: &Message<'_>, assigned: &Assigned) -> Option<usize> {
        let (topic, partition) = (message.topic_key(), message.partition());
        match self.known {
            Some((t, p, slot)) if (t, p) == (topic, partition) => slot,
            _ => {
                let slot = message.topic().and_then(|name| assigned.find(name, partition));
                self.known = Some((topic, partition, slot));
                slot
            }
        }
    }
}

/// The assigned partitions.
#[derive(Default)]
struct Assigned {
    index: HashMap<TopicName, HashMap<u32, usize>>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    /// Slots with records in this drain, in the order of their first.
    touched: Vec<usize>,
    /// Slots that have returned records since they were last known to be at an end: only their positions prove one.
    moving: Vec<usize>,
}

impl Assigned {
    fn find(&self, topic: &str, partition: i32) -> Option<usize> {
        self.index.get(topic)?.get(&u32::try_from(partition).ok()?).copied()
    }

    fn insert(&mut self, partition: &TopicPartition, next: u64, guessed: bool) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(Slot::new(partition.clone(), next, guessed));
        self.index.entry(partition.topic.clone()).or_default().insert(partition.partition.0, slot);
    }

    fn remove(&mut self, partition: &TopicPartition) -> bool {
        let Some(of_topic) = self.index.get_mut(&partition.topic) else { return false };
        let Some(slot) = of_topic.remove(&partition.partition.0) else { return false };
        if of_topic.is_empty() {
            self.index.remove(&partition.topic);
        }
        self.slots[slot] = None;
        self.free.push(slot);
        self.touched.retain(|&touched| touched != slot);
        self.moving.retain(|&moving| moving != slot);
        true
    }

    /// An event about a partition; gives the partition back if it is no longer assigned.
    fn event(
        &mut self,
        slot: Option<usize>,
        offset: i64,
        failure: &Failure,
        polled: &mut Vec<Polled>,
    ) -> Option<Lost> {
        const OUT_OF_RANGE: [i32; 3] = [
            code(Err::RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET),
            code(Err::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE),
            code(Err::RD_KAFKA_RESP_ERR__LOG_TRUNCATION),
        ];
        let (index, slot) = slot.and_then(|index| Some((index, self.slots[index].as_mut()?)))?;
        let partition = slot.partition.clone();
        // An event of an assignment before this one would be about a smaller offset.
        let current = offset < 0 || offset as u64 >= slot.next;
        if failure.code == code(Err::RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            if current {
                slot.flush(polled);
                slot.end(offset as u64, polled);
                // Its records are handed over, and librdkafka's position now stands behind the event, as if that were
                // a record: it proves nothing until a record has come.
                slot.touched = false;
                self.touched.retain(|&touched| touched != index);
                self.moving.retain(|&moving| moving != index);
            }
            return None;
        }
        if OUT_OF_RANGE.contains(&failure.code) {
            if !current {
                return None;
            }
            if slot.guessed && slot.next == 0 {
                self.remove(&partition);
                return Some(Lost { partition, guessed: true });
            }
            slot.flush(polled);
            polled.push(Polled::OutOfRange { partition: partition.clone() });
        } else {
            let error = error::of(failure, Some(&partition.topic));
            slot.flush(polled);
            polled.push(Polled::Failed { partition: Some(partition.clone()), error });
            if !unknown_topic(failure.code) {
                return None;
            }
        }
        self.remove(&partition);
        Some(Lost { partition, guessed: false })
    }

    /// The partition whose topic is missing: librdkafka reports that of the client as a whole, and names the partition
    /// in the text alone.
    fn named(&self, failure: &Failure) -> Option<usize> {
        let (topic, rest) = failure.text.split_once(" [").filter(|_| unknown_topic(failure.code))?;
        self.find(topic, rest.split_once(']')?.0.parse().ok()?)
    }

    /// Hands over what the drain has gathered.
    fn flush(&mut self, polled: &mut Vec<Polled>) {
        for index in std::mem::take(&mut self.touched) {
            let Some(slot) = self.slots[index].as_mut() else { continue };
            slot.touched = false;
            slot.flush(polled);
            if !slot.moving {
                slot.moving = true;
                self.moving.push(index);
            }
        }
    }

    /// Ends that the positions prove, before the brokers' own event: that comes only after a fetch that found nothing.
    fn ends(&mut self, consumer: &Consumer, polled: &mut Vec<Polled>) {
        let slots = &mut self.slots;
        self.moving.retain(|&index| {
            let Some(slot) = slots[index].as_mut() else { return false };
            if !slot.moving {
                return false;
            }
            let at = consumer.position_at_end(slot.topic(), slot.partition.partition.0 as i32);
            match at {
                Some(offset) if offset as u64 >= slot.next => {
                    slot.end(offset as u64, polled);
                    false
                }
                _ => true,
            }
        });
    }
}

/// A partition that librdkafka no longer reads.
struct Lost {
    partition: TopicPartition,
    /// Because the log does not begin where it mostly does: it is read from its beginning.
    guessed: bool,
}

/// An assigned partition.
struct Slot {
    partition: TopicPartition,
    topic: CString,
    /// Everything below is returned, or was not asked for.
    next: u64,
    /// `next` stands for the log's beginning, which is not known.
    guessed: bool,
    batch: RecordBatch,
    epoch: i32,
    /// Has records in this drain.
    touched: bool,
    /// Has returned records since it was last known to be at an end.
    moving: bool,
    last_end: Option<u64>,
    /// Records and bytes of the last batch: what to reserve for the next.
    last_size: (usize, usize),
}

impl Slot {
    fn new(partition: TopicPartition, next: u64, guessed: bool) -> Self {
        let topic = CString::new(partition.topic.as_str()).expect("topic names have no zero byte");
        Self {
            partition,
            topic,
            next,
            guessed,
            batch: RecordBatch::default(),
            epoch: -1,
            touched: false,
            moving: false,
            last_end: None,
            last_size: (0, 0),
        }
    }

    fn topic(&self) -> &CStr {
        &self.topic
    }

    /// Takes a record, unless it lies below what was asked for.
    fn push(&mut self, message: &Message<'_>, headers: bool) -> bool {
        let offset = message.offset() as u64;
        if offset < self.next {
            return false;
        }
        if self.batch.is_empty() {
            let (records, bytes) = self.last_size;
            self.batch = RecordBatch::with_capacity(records, bytes);
        }
        let timestamp = Timestamp(message.timestamp());
        let (key, value) = (message.key(), message.value());
        if headers {
            let record = RecordView { offset: Offset(offset), timestamp, key, value };
            self.batch.push_with_headers(record, message.headers());
        } else {
            self.batch.push(Offset(offset), timestamp, key, value);
        }
        self.epoch = message.epoch();
        self.next = offset + 1;
        true
    }

    fn flush(&mut self, polled: &mut Vec<Polled>) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        self.last_size = (batch.len(), batch.bytes());
        polled.push(Polled::Records {
            partition: self.partition.clone(),
            batch: Arc::new(batch),
            epoch: self.epoch,
        });
    }

    fn end(&mut self, offset: u64, polled: &mut Vec<Polled>) {
        self.next = offset;
        self.moving = false;
        if self.last_end.replace(offset) != Some(offset) {
            polled.push(Polled::End { partition: self.partition.clone(), offset: Offset(offset) });
        }
    }
}
