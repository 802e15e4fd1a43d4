//! A producer for much: delivery reports write offsets into slots, nothing is allocated for a record.
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lentic_engine::log::RecordRef;
use lentic_types::{Offset, Timestamp, TopicName};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka_sys::bindings as sys;
use sys::rd_kafka_vtype_t as vtype;

use super::client::{Client, Code, Failure, Kind, cstring, millis};
use super::codes;
use super::consumer::PartitionList;
use super::producer::{self, TransactionFailure};
use crate::options::Properties;

/// Slots are in chunks that stay where they are while more are added.
const CHUNK: usize = 4096;
/// No report yet.
const PENDING: i64 = -1;
/// Above an error's code, which may be negative itself.
const FAILED: i64 = i64::MIN / 2;

/// One thread owns it, and serves its reports.
pub(crate) struct BulkProducer {
    // In this order: the client is gone before what its reports point into.
    client: Client,
    topics: Vec<(TopicName, TopicHandle)>,
    slots: Vec<Box<[AtomicI64]>>,
    sent: usize,
}

struct TopicHandle(*mut sys::rd_kafka_topic_t);

// SAFETY: librdkafka's topic handles are thread-safe.
unsafe impl Send for TopicHandle {}

impl BulkProducer {
    pub(crate) fn new(properties: &Properties) -> Result<Self, Failure> {
        let client = Client::with_delivery(Kind::Producer, properties, Some(on_delivery))?;
        Ok(Self { client, topics: Vec::new(), slots: Vec::new(), sent: 0 })
    }

    /// Queues a record; the code of the failure is `QUEUE_FULL` if there is no room.
    pub(crate) fn send(&mut self, record: &RecordRef<'_>) -> Result<(), Failure> {
        let topic = self.topic(record.topic)?;
        if self.sent == self.slots.len() * CHUNK {
            self.slots.push((0..CHUNK).map(|_| AtomicI64::new(PENDING)).collect());
        }
        let slot = &self.slots[self.sent / CHUNK][self.sent % CHUNK];
        slot.store(PENDING, Ordering::Relaxed);
        let (key, key_len) = producer::part(record.key);
        let (value, value_len) = producer::part(record.value);
        let headers = producer::headers(record.headers);
        // 0 is librdkafka's "now", and so is what it does without.
        let timestamp = if record.timestamp == Timestamp::NONE { 0 } else { record.timestamp.0 };
        // SAFETY: types as librdkafka's documentation has them for each tag; bytes are copied; on success it owns the
        // headers; the slot stays where it is until the report came or the client is gone.
        let result = unsafe {
            codes::rd_kafka_producev(
                self.client.ptr(),
                vtype::RD_KAFKA_VTYPE_RKT,
                topic,
                vtype::RD_KAFKA_VTYPE_PARTITION,
                record.partition.0 as i32,
                vtype::RD_KAFKA_VTYPE_MSGFLAGS,
                sys::RD_KAFKA_MSG_F_COPY,
                vtype::RD_KAFKA_VTYPE_VALUE,
                value,
                value_len,
                vtype::RD_KAFKA_VTYPE_KEY,
                key,
                key_len,
                vtype::RD_KAFKA_VTYPE_OPAQUE,
                ptr::from_ref(slot).cast_mut().cast::<c_void>(),
                vtype::RD_KAFKA_VTYPE_TIMESTAMP,
                timestamp,
                vtype::RD_KAFKA_VTYPE_HEADERS,
                headers,
                vtype::RD_KAFKA_VTYPE_END,
            )
        };
        if let Err(failure) = Failure::check(result) {
            if !headers.is_null() {
                // SAFETY: not queued, so the headers are still ours.
                unsafe { sys::rd_kafka_headers_destroy(headers) };
            }
            return Err(failure);
        }
        self.sent += 1;
        Ok(())
    }

    /// Serves reports for up to `timeout`; returns after the first ones.
    pub(crate) fn poll(&self, timeout: Duration) {
        self.client.poll(timeout);
    }

    /// Sends what gathers at once and serves reports until none is missing, or the time is up: `false`.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        // SAFETY: the handle is valid.
        let _timed_out = unsafe { sys::rd_kafka_flush(self.client.ptr(), millis(timeout)) };
        self.in_flight() == 0
    }

    pub(crate) fn in_flight(&self) -> usize {
        // SAFETY: the handle is valid.
        usize::try_from(unsafe { sys::rd_kafka_outq_len(self.client.ptr()) }).unwrap_or(0)
    }

    /// The outcomes of everything sent since this was asked last, in order; the first failure's code, if there was one.
    pub(crate) fn take_offsets(&mut self) -> Result<Vec<Offset>, (usize, Code)> {
        let sent = std::mem::take(&mut self.sent);
        let slots = self.slots.iter().flat_map(|chunk| chunk.iter()).take(sent);
        let mut offsets = Vec::with_capacity(sent);
        for (index, slot) in slots.enumerate() {
            match slot.load(Ordering::Acquire) {
                PENDING => return Err((index, super::code(super::Err::RD_KAFKA_RESP_ERR__TIMED_OUT))),
                offset if offset >= 0 => offsets.push(Offset(offset as u64)),
                failed => return Err((index, (failed - FAILED) as Code)),
            }
        }
        Ok(offsets)
    }

    /// Forgets topic handles: a topic may be another one than before.
    pub(crate) fn forget_topics(&mut self) {
        for (_, topic) in self.topics.drain(..) {
            // SAFETY: ours; records under way hold it themselves.
            unsafe { sys::rd_kafka_topic_destroy(topic.0) };
        }
    }

    fn topic(&mut self, name: &TopicName) -> Result<*mut sys::rd_kafka_topic_t, Failure> {
        if let Some((_, topic)) = self.topics.iter().find(|(known, _)| known == name) {
            return Ok(topic.0);
        }
        let text = cstring(name.as_str());
        // SAFETY: the handle is valid; the name is copied.
        let topic = unsafe { sys::rd_kafka_topic_new(self.client.ptr(), text.as_ptr(), ptr::null_mut()) };
        if topic.is_null() {
            // SAFETY: the last error of this thread's call.
            return Err(Failure::check(unsafe { codes::rd_kafka_last_error() }).err().unwrap_or(Failure {
                code: super::code(super::Err::RD_KAFKA_RESP_ERR__FAIL),
                text: format!("librdkafka takes no topic {name}"),
            }));
        }
        self.topics.push((name.clone(), TopicHandle(topic)));
        Ok(topic)
    }

    pub(crate) fn init_transactions(&self, timeout: Duration) -> Result<(), TransactionFailure> {
        // SAFETY: the handle is valid.
        TransactionFailure::check(unsafe {
            sys::rd_kafka_init_transactions(self.client.ptr(), millis(timeout))
        })
    }

    pub(crate) fn begin_transaction(&self) -> Result<(), TransactionFailure> {
        // SAFETY: the handle is valid.
        TransactionFailure::check(unsafe { sys::rd_kafka_begin_transaction(self.client.ptr()) })
    }

    pub(crate) fn commit_transaction(&self, timeout: Duration) -> Result<(), TransactionFailure> {
        // SAFETY: the handle is valid.
        TransactionFailure::check(unsafe {
            sys::rd_kafka_commit_transaction(self.client.ptr(), millis(timeout))
        })
    }

    pub(crate) fn abort_transaction(&self, timeout: Duration) -> Result<(), TransactionFailure> {
        // SAFETY: the handle is valid.
        TransactionFailure::check(unsafe {
            sys::rd_kafka_abort_transaction(self.client.ptr(), millis(timeout))
        })
    }

    /// Commits offset 0 of partitions of a topic in the name of a group's member.
    pub(crate) fn send_offsets(
        &self,
        topic: &str,
        partitions: impl Iterator<Item = i32>,
        member: &GroupMetadata,
        timeout: Duration,
    ) -> Result<(), TransactionFailure> {
        let mut offsets = PartitionList::empty();
        for partition in partitions {
            offsets.add(topic, partition, 0);
        }
        // SAFETY: handle, list and metadata are valid; list and metadata are copied.
        TransactionFailure::check(unsafe {
            sys::rd_kafka_send_offsets_to_transaction(self.client.ptr(), offsets.0, member.0, millis(timeout))
        })
    }
}

impl Drop for BulkProducer {
    fn drop(&mut self) {
        self.forget_topics();
        if self.in_flight() > 0 {
            // SAFETY: the handle is a producer's.
            unsafe {
                sys::rd_kafka_purge(
                    self.client.ptr(),
                    sys::RD_KAFKA_PURGE_F_QUEUE | sys::RD_KAFKA_PURGE_F_INFLIGHT,
                )
            };
            while self.in_flight() > 0 {
                self.poll(Duration::from_millis(100));
            }
        }
    }
}

/// Who a member of a group is, and under which generation of the assignment.
pub(crate) struct GroupMetadata(*mut sys::rd_kafka_consumer_group_metadata_t);

impl GroupMetadata {
    /// Of the consumer as it is now; `None` before it has joined.
    pub(crate) fn of<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Option<Self> {
        // SAFETY: the handle is valid as long as the consumer.
        let metadata = unsafe { sys::rd_kafka_consumer_group_metadata(consumer.client().native_ptr()) };
        (!metadata.is_null()).then_some(Self(metadata))
    }

    pub(crate) fn generation(&self) -> i32 {
        // SAFETY: valid.
        unsafe { sys::rd_kafka_consumer_group_metadata_generation_id(self.0) }
    }
}

impl Drop for GroupMetadata {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { sys::rd_kafka_consumer_group_metadata_destroy(self.0) };
    }
}

unsafe extern "C" fn on_delivery(
    _handle: *mut sys::rd_kafka_t,
    message: *const sys::rd_kafka_message_t,
    _opaque: *mut c_void,
) {
    // SAFETY: the opaque of each record is a slot that outlives its report; the message is valid during the call.
    unsafe {
        let slot = &*(*message)._private.cast::<AtomicI64>();
        let failed: Code = (&raw const (*message).err).cast::<Code>().read();
        let outcome = if failed == 0 { (*message).offset.max(0) } else { FAILED + i64::from(failed) };
        slot.store(outcome, Ordering::Release);
    }
}
