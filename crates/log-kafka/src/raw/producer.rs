//! A producer whose delivery reports call what was handed in with each record.
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;

use lentic_engine::log::{Ack, Acked, Error, Result};
use lentic_types::{Header, Offset, OutgoingRecord, Timestamp, TopicName};
use rdkafka_sys::bindings as sys;
use sys::rd_kafka_vtype_t as vtype;

use super::client::{Client, Code, ErrorText, Failure, Kind, Told, cstring, millis, text};
use super::codes;
use super::consumer::check;
use crate::error::{self, Trace};
use crate::options::Properties;

/// A producer. Somebody has to poll it.
pub(crate) struct Producer {
    client: Client,
}

/// A record that waits for its report.
struct Queued {
    acked: Acked,
    /// How many produce requests had left when it was queued.
    sent_before: u64,
}

impl Producer {
    pub(crate) fn new(properties: &Properties) -> Result<Self, Failure> {
        Ok(Self { client: Client::with_delivery(Kind::Producer, properties, Some(on_delivery))? })
    }

    /// Queues a record; `acked` learns its outcome in some `poll`. Gives `acked` back if the record wasn't queued.
    pub(crate) fn send(&self, record: &OutgoingRecord, acked: Acked) -> Result<(), (Failure, Acked)> {
        let topic = cstring(record.topic.as_str());
        let headers = headers(&record.headers);
        // A fat pointer doesn't fit librdkafka's opaque.
        let sent_before = self.client.told().produce_requests();
        let opaque = Box::into_raw(Box::new(Queued { acked, sent_before }));
        let (key, key_len) = part(record.key.as_deref());
        let (value, value_len) = part(record.value.as_deref());
        // 0 is librdkafka's "now", and so is what it does without.
        let timestamp = if record.timestamp == Timestamp::NONE { 0 } else { record.timestamp.0 };
        // SAFETY: types as librdkafka's documentation has them for each tag; bytes are copied; on success it owns the
        // headers and gives the opaque back to `on_delivery`.
        let result = unsafe {
            codes::rd_kafka_producev(
                self.client.ptr(),
                vtype::RD_KAFKA_VTYPE_TOPIC,
                topic.as_ptr(),
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
                opaque.cast::<c_void>(),
                vtype::RD_KAFKA_VTYPE_TIMESTAMP,
                timestamp,
                vtype::RD_KAFKA_VTYPE_HEADERS,
                headers,
                vtype::RD_KAFKA_VTYPE_END,
            )
        };
        Failure::check(result).map_err(|failure| {
            // SAFETY: not queued, so headers and opaque are still ours.
            unsafe {
                if !headers.is_null() {
                    sys::rd_kafka_headers_destroy(headers);
                }
                (failure, Box::from_raw(opaque).acked)
            }
        })
    }

    /// Serves delivery reports for up to `timeout`; returns after the first ones.
    pub(crate) fn poll(&self, timeout: Duration) {
        self.client.poll(timeout);
    }

    /// Asks for a topic anew.
    pub(crate) fn refresh_topic(&self, name: &str, timeout: Duration) -> Result<(), Failure> {
        self.client.refresh_topic(name, timeout)
    }

    /// Records and delivery reports that are not served yet.
    pub(crate) fn in_flight(&self) -> usize {
        // SAFETY: the handle is valid.
        usize::try_from(unsafe { sys::rd_kafka_outq_len(self.client.ptr()) }).unwrap_or(0)
    }

    /// Fails everything that is queued or on its way; the reports come with the next polls.
    pub(crate) fn purge(&self) {
        // SAFETY: the handle is a producer's.
        unsafe {
            sys::rd_kafka_purge(
                self.client.ptr(),
                sys::RD_KAFKA_PURGE_F_QUEUE | sys::RD_KAFKA_PURGE_F_INFLIGHT,
            )
        };
    }

    /// What made this producer useless for good, if anything did.
    pub(crate) fn fatal(&self) -> Option<Failure> {
        let mut reason = ErrorText::default();
        // SAFETY: the text has room for the length given.
        let error =
            unsafe { codes::rd_kafka_fatal_error(self.client.ptr(), reason.as_mut_ptr(), ErrorText::LEN) };
        (error != 0).then(|| Failure { code: error, text: reason.text() })
    }

    /// Takes the last error that concerns the whole producer.
    pub(crate) fn take_reported(&self) -> Option<Failure> {
        self.client.take_reported()
    }

    /// Takes over the transactional id: what its last user left open is aborted, and that user fenced.
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

    /// With reports still to be served this serves them, slowly: poll them first.
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
}

impl Drop for Producer {
    fn drop(&mut self) {
        // Every `acked` is called before the handle goes.
        if self.in_flight() > 0 {
            self.purge();
            while self.in_flight() > 0 {
                self.poll(Duration::from_millis(100));
            }
        }
    }
}

/// A failed step of a transaction, and what can be done about it.
#[derive(Clone, Debug)]
pub(crate) struct TransactionFailure {
    pub(crate) failure: Failure,
    /// The producer is of no use any more.
    pub(crate) fatal: bool,
    /// The same call may be made again.
    pub(crate) retriable: bool,
    /// The transaction can only be aborted.
    pub(crate) abort: bool,
}

impl TransactionFailure {
    /// Whether the same call may end otherwise.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.retriable && !self.fatal && !self.abort
    }

    pub(super) fn check(error: *mut sys::rd_kafka_error_t) -> Result<(), Self> {
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: not null; `check` destroys it.
        let (fatal, retriable, abort) = unsafe {
            (
                sys::rd_kafka_error_is_fatal(error) != 0,
                sys::rd_kafka_error_is_retriable(error) != 0,
                sys::rd_kafka_error_txn_requires_abort(error) != 0,
            )
        };
        check(error).map_err(|failure| Self { failure, fatal, retriable, abort })
    }
}

/// Start and length, with a null start for Kafka's null and another for no bytes.
pub(super) fn part(bytes: Option<&[u8]>) -> (*const c_void, usize) {
    bytes.map_or((ptr::null(), 0), |bytes| (bytes.as_ptr().cast(), bytes.len()))
}

pub(super) fn headers(own: &[Header]) -> *mut sys::rd_kafka_headers_t {
    if own.is_empty() {
        return ptr::null_mut();
    }
    // SAFETY: allocates; names and values are copied.
    unsafe {
        let list = sys::rd_kafka_headers_new(own.len());
        for header in own {
            let (value, len) = part(header.value.as_deref());
            sys::rd_kafka_header_add(
                list,
                header.name.as_ptr().cast::<c_char>(),
                header.name.len() as isize,
                value,
                len as isize,
            );
        }
        list
    }
}

unsafe extern "C" fn on_delivery(
    _handle: *mut sys::rd_kafka_t,
    message: *const sys::rd_kafka_message_t,
    opaque: *mut c_void,
) {
    // SAFETY: the opaque of each record is the box that `send` made, and each report comes once; the handle's is the
    // client's and lives as long.
    let (queued, told) =
        unsafe { (Box::from_raw((*message)._private.cast::<Queued>()), &*opaque.cast::<Told>()) };
    // SAFETY: the message is valid during the call.
    let result = unsafe { outcome(message, told.produce_requests() != queued.sent_before) };
    if catch_unwind(AssertUnwindSafe(|| (queued.acked)(result))).is_err() {
        tracing::error!("what waited for an acknowledgement panicked");
    }
}

/// SAFETY: `message` is a delivery report; `may_be_sent`: a produce request left since the record was queued.
unsafe fn outcome(message: *const sys::rd_kafka_message_t, may_be_sent: bool) -> Result<Ack> {
    // SAFETY: by the caller; the error as a number, since the enum may lack what a newer broker says.
    unsafe {
        let failed: Code = (&raw const (*message).err).cast::<c_int>().read();
        if failed == 0 {
            let timestamp = Timestamp(sys::rd_kafka_message_timestamp(message, ptr::null_mut()));
            return match u64::try_from((*message).offset) {
                Ok(offset) => Ok(Ack { offset: Offset(offset), timestamp }),
                Err(_) => Err(Error::Unknown("the broker has the record, but did not say where".to_owned())),
            };
        }
        let is_persisted = sys::rd_kafka_message_status(message)
            != sys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
        let trace = match (is_persisted, may_be_sent) {
            (true, _) => Trace::Possible,
            (false, true) => Trace::Sent,
            (false, false) => Trace::None,
        };
        let topic = TopicName::new(text(sys::rd_kafka_topic_name((*message).rkt))).ok();
        let failure = Failure { code: failed, text: text(sys::rd_kafka_message_produce_errstr(message)) };
        Err(error::of_write(&failure, topic.as_ref(), trace))
    }
}
