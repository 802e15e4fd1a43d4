//! Messages in batches from a manually assigned consumer.
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_types::Header;
use rdkafka_sys::bindings as sys;

use super::client::{Client, Code, Failure, Kind, cstring};
use super::codes;
use crate::options::Properties;

/// Messages taken from librdkafka's queue at once.
const CHUNK: usize = 1024;

/// A consumer and the messages taken from its queue.
pub(crate) struct Consumer {
    /// Taken and not yet destroyed: those from `cursor` on.
    pending: Vec<*mut sys::rd_kafka_message_t>,
    cursor: usize,
    queue: NonNull<sys::rd_kafka_queue_t>,
    client: Client,
    /// After `client`: librdkafka's threads use it until the client is gone.
    signal: Arc<Signal>,
}

// SAFETY: messages and queues may be used from any thread, one at a time.
unsafe impl Send for Consumer {}

/// Set when the queue, empty before, has got something.
#[derive(Default)]
struct Signal {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Consumer {
    pub(crate) fn new(properties: &Properties) -> Result<Self, Failure> {
        let client = Client::new(Kind::Consumer, properties)?;
        let signal = Arc::<Signal>::default();
        // SAFETY: the handle is a consumer's; `signal` outlives it. Errors of the client come through the same queue.
        let queue = unsafe {
            Failure::check(codes::rd_kafka_poll_set_consumer(client.ptr()))?;
            let queue = sys::rd_kafka_queue_get_consumer(client.ptr());
            sys::rd_kafka_queue_cb_event_enable(
                queue,
                Some(on_queue),
                Arc::as_ptr(&signal).cast_mut().cast::<c_void>(),
            );
            NonNull::new(queue).expect("a consumer has a queue")
        };
        Ok(Self { pending: Vec::with_capacity(CHUNK), cursor: 0, queue, client, signal })
    }

    /// Adds a partition without disturbing the others. `offset` may be one of librdkafka's logical ones. Before it
    /// fetches, librdkafka asks the leader whether `epoch` (-1: unknown) still ends where the reader has read to.
    pub(crate) fn assign(
        &mut self,
        topic: &str,
        partition: i32,
        offset: i64,
        epoch: i32,
    ) -> Result<(), Failure> {
        let list = PartitionList::of(topic, partition, offset);
        // SAFETY: the list is valid and has one element.
        unsafe { sys::rd_kafka_topic_partition_set_leader_epoch((*list.0).elems, epoch) };
        // SAFETY: the list is valid and copied.
        check(unsafe { sys::rd_kafka_incremental_assign(self.client.ptr(), list.0) })
    }

    /// Removes an assigned partition; what was prefetched of it is dropped.
    pub(crate) fn unassign(&mut self, topic: &str, partition: i32) -> Result<(), Failure> {
        let list = PartitionList::of(topic, partition, sys::RD_KAFKA_OFFSET_INVALID.into());
        // SAFETY: the list is valid and copied.
        let result = check(unsafe { sys::rd_kafka_incremental_unassign(self.client.ptr(), list.0) });
        let mut kept = Vec::with_capacity(CHUNK.max(self.pending.len() - self.cursor));
        for &message in &self.pending[self.cursor..] {
            let view = Message { message, consumer: PhantomData };
            if view.partition() == partition && view.topic() == Some(topic) {
                // SAFETY: ours, and no longer reachable.
                unsafe { sys::rd_kafka_message_destroy(message) };
            } else {
                kept.push(message);
            }
        }
        self.pending = kept;
        self.cursor = 0;
        result
    }

    /// Takes what the queue has, if nothing is left of before; whether there is something now.
    pub(crate) fn fill(&mut self) -> bool {
        if self.cursor < self.pending.len() {
            return true;
        }
        self.pending.clear();
        self.cursor = 0;
        // Cleared before looking: what arrives after the look sets it again.
        *self.signal.set.lock().unwrap_or_else(PoisonError::into_inner) = false;
        // SAFETY: the capacity is CHUNK or more; so many pointers as the call says are initialized and ours. With a
        // timeout it would wait until CHUNK messages are there, hence 0 and the signal.
        unsafe {
            let taken =
                sys::rd_kafka_consume_batch_queue(self.queue.as_ptr(), 0, self.pending.as_mut_ptr(), CHUNK);
            self.pending.set_len(usize::try_from(taken).unwrap_or(0));
        }
        !self.pending.is_empty()
    }

    /// Waits until the queue, found empty by the last `fill`, has got something.
    pub(crate) fn wait(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut set = self.signal.set.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return;
            };
            set = self.signal.changed.wait_timeout(set, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The first message that is left.
    pub(crate) fn peek(&self) -> Option<Message<'_>> {
        self.pending.get(self.cursor).map(|&message| Message { message, consumer: PhantomData })
    }

    /// Lets go of the first message.
    pub(crate) fn advance(&mut self) {
        if let Some(&message) = self.pending.get(self.cursor) {
            self.cursor += 1;
            // SAFETY: ours, and the cursor has passed it.
            unsafe { sys::rd_kafka_message_destroy(message) };
        }
    }

    /// The position after the last message taken (transaction markers passed), if the last fetch said that it is the end.
    pub(crate) fn position_at_end(&self, topic: &CStr, partition: i32) -> Option<i64> {
        let (mut low, mut high) = (0, 0);
        // SAFETY: the pointers are valid for the calls.
        unsafe {
            let known = codes::rd_kafka_get_watermark_offsets(
                self.client.ptr(),
                topic.as_ptr(),
                partition,
                &raw mut low,
                &raw mut high,
            );
            let list = PartitionList::empty();
            let element = sys::rd_kafka_topic_partition_list_add(list.0, topic.as_ptr(), partition);
            let found = codes::rd_kafka_position(self.client.ptr(), list.0);
            let position = (*element).offset;
            (known == 0 && found == 0 && position >= 0 && position == high).then_some(position)
        }
    }

    /// Takes the last error that concerns the whole consumer.
    pub(crate) fn take_reported(&self) -> Option<Failure> {
        self.client.take_reported()
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        while self.cursor < self.pending.len() {
            self.advance();
        }
        // SAFETY: the queue is ours; without a callback nobody looks at the signal any more.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}

unsafe extern "C" fn on_queue(_handle: *mut sys::rd_kafka_t, opaque: *mut c_void) {
    // SAFETY: set by `Consumer::new`; the consumer holds it until the callback is off.
    let signal = unsafe { &*opaque.cast::<Signal>() };
    *signal.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
    signal.changed.notify_one();
}

/// A message, or an event about a partition, in the consumer's hands.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    message: *mut sys::rd_kafka_message_t,
    consumer: PhantomData<&'a Consumer>,
}

// SAFETY of this block: `message` is valid while the consumer is borrowed, and its bytes with it.
impl<'a> Message<'a> {
    /// 0 for a record.
    pub(crate) fn code(&self) -> Code {
        // SAFETY: see above; as a number, since the enum may lack what a newer broker says.
        unsafe { (&raw const (*self.message).err).cast::<Code>().read() }
    }

    pub(crate) fn text(&self) -> String {
        // SAFETY: see above.
        unsafe { super::client::text(sys::rd_kafka_message_errstr(self.message)) }
    }

    /// What tells topics apart among the messages at hand.
    pub(crate) fn topic_key(&self) -> usize {
        // SAFETY: see above.
        unsafe { (*self.message).rkt as usize }
    }

    pub(crate) fn topic(&self) -> Option<&'a str> {
        // SAFETY: see above; the name lives as long as the topic, which the message holds.
        unsafe {
            let topic = (*self.message).rkt;
            if topic.is_null() {
                return None;
            }
            CStr::from_ptr(sys::rd_kafka_topic_name(topic)).to_str().ok()
        }
    }

    pub(crate) fn partition(&self) -> i32 {
        // SAFETY: see above.
        unsafe { (*self.message).partition }
    }

    pub(crate) fn offset(&self) -> i64 {
        // SAFETY: see above.
        unsafe { (*self.message).offset }
    }

    pub(crate) fn key(&self) -> Option<&'a [u8]> {
        // SAFETY: see above.
        unsafe { part((*self.message).key, (*self.message).key_len) }
    }

    pub(crate) fn value(&self) -> Option<&'a [u8]> {
        // SAFETY: see above.
        unsafe { part((*self.message).payload, (*self.message).len) }
    }

    /// Milliseconds, -1 for none.
    pub(crate) fn timestamp(&self) -> i64 {
        // SAFETY: see above; the kind of timestamp may be null.
        unsafe { sys::rd_kafka_message_timestamp(self.message, ptr::null_mut()) }
    }

    /// Leader epoch, -1 where unknown.
    pub(crate) fn epoch(&self) -> i32 {
        // SAFETY: see above.
        unsafe { sys::rd_kafka_message_leader_epoch(self.message) }
    }

    pub(crate) fn headers(&self) -> Vec<Header> {
        let mut headers = Vec::new();
        let mut list = ptr::null_mut();
        // SAFETY: see above; names and values live as long as the message and are copied.
        unsafe {
            if codes::rd_kafka_message_headers(self.message, &raw mut list) != 0 {
                return headers;
            }
            let (mut name, mut value, mut size): (*const c_char, *const c_void, usize) =
                (ptr::null(), ptr::null(), 0);
            while codes::rd_kafka_header_get_all(
                list,
                headers.len(),
                &raw mut name,
                &raw mut value,
                &raw mut size,
            ) == 0
            {
                headers.push(Header {
                    name: super::client::text(name),
                    value: part(value.cast_mut(), size).map(Bytes::copy_from_slice),
                });
            }
        }
        headers
    }
}

/// Bytes, or `None` for Kafka's null.
unsafe fn part<'a>(start: *mut c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: by the caller, `len` bytes are valid at `start` unless that is null.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start.cast::<u8>(), len) })
}

/// A list of partitions of librdkafka's.
pub(super) struct PartitionList(pub(super) *mut sys::rd_kafka_topic_partition_list_t);

impl PartitionList {
    pub(super) fn empty() -> Self {
        // SAFETY: allocates.
        Self(unsafe { sys::rd_kafka_topic_partition_list_new(1) })
    }

    pub(super) fn of(topic: &str, partition: i32, offset: i64) -> Self {
        let mut list = Self::empty();
        list.add(topic, partition, offset);
        list
    }

    pub(super) fn add(&mut self, topic: &str, partition: i32, offset: i64) {
        let topic = cstring(topic);
        // SAFETY: the list is valid, the name is copied, and the element is used before the list grows again.
        unsafe {
            (*sys::rd_kafka_topic_partition_list_add(self.0, topic.as_ptr(), partition)).offset = offset;
        }
    }
}

impl Drop for PartitionList {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { sys::rd_kafka_topic_partition_list_destroy(self.0) };
    }
}

/// Turns librdkafka's owned error into a failure.
pub(super) fn check(error: *mut sys::rd_kafka_error_t) -> Result<(), Failure> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: not null, ours to destroy.
    unsafe {
        let failure = Failure {
            code: codes::rd_kafka_error_code(error),
            text: super::client::text(sys::rd_kafka_error_string(error)),
        };
        sys::rd_kafka_error_destroy(error);
        if failure.code == 0 { Ok(()) } else { Err(failure) }
    }
}
