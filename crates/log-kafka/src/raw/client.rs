//! A librdkafka handle: made from properties, logging and reporting errors, destroyed at the end.
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka_sys::bindings as sys;

use super::{Err, codes, unknown_topic};
use crate::options::Properties;

/// librdkafka's and Kafka's error codes. A number, since a newer broker may send one that the Rust enum lacks.
pub(crate) type Code = c_int;

/// The number of an error.
pub(crate) const fn code(error: Err) -> Code {
    error as Code
}

/// A call that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) text: String,
}

impl Failure {
    /// Of a code.
    pub(crate) fn of(code: Code) -> Self {
        Self::check(code).err().unwrap_or_else(|| Self { code, text: "no error".to_owned() })
    }

    pub(super) fn check(code: Code) -> Result<(), Self> {
        // SAFETY: returns a static string for every code it knows, and one of the thread's for others.
        let text = || unsafe { text(codes::rd_kafka_err2str(code)) };
        if code == 0 { Ok(()) } else { Err(Self { code, text: text() }) }
    }
}

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Requests and writes.
    Producer,
    /// Reads.
    Consumer,
}

/// The delivery callback that a producer installs.
pub(super) type DeliveryCallback =
    unsafe extern "C" fn(*mut sys::rd_kafka_t, *const sys::rd_kafka_message_t, *mut c_void);

/// What librdkafka's own threads tell.
#[derive(Default)]
pub(super) struct Told {
    /// Errors, kept for whoever looks next.
    reports: Mutex<Reports>,
    /// Produce requests that have left for a broker.
    produce_requests: AtomicU64,
}

impl Told {
    /// How many produce requests have left so far: as long as it stays the same, no record has.
    pub(super) fn produce_requests(&self) -> u64 {
        self.produce_requests.load(Ordering::Acquire)
    }
}

#[derive(Default)]
struct Reports {
    last: Option<Failure>,
    /// Why a broker could not be reached the last time: librdkafka does not repeat it as long as it stays the same.
    reason: Option<String>,
}

/// A handle.
pub(crate) struct Client {
    handle: NonNull<sys::rd_kafka_t>,
    kind: Kind,
    /// The handle's opaque pointer leads here; boxed so that it stays where it is.
    told: Box<Told>,
}

// SAFETY: librdkafka's handles are thread-safe, and so is `Told`.
unsafe impl Send for Client {}
// SAFETY: as above.
unsafe impl Sync for Client {}

impl Client {
    /// Makes a handle; connects in the background. Fails only because of the properties.
    pub(crate) fn new(kind: Kind, properties: &Properties) -> Result<Self, Failure> {
        Self::with_delivery(kind, properties, None)
    }

    pub(super) fn with_delivery(
        kind: Kind,
        properties: &Properties,
        delivery: Option<DeliveryCallback>,
    ) -> Result<Self, Failure> {
        let told = Box::<Told>::default();
        let conf = Conf::new(properties)?;
        let mut error = ErrorText::default();
        let native = match kind {
            Kind::Producer => sys::rd_kafka_type_t::RD_KAFKA_PRODUCER,
            Kind::Consumer => sys::rd_kafka_type_t::RD_KAFKA_CONSUMER,
        };
        // SAFETY: `conf` is valid; the opaque outlives the handle, which `drop` destroys before `told` goes; on success
        // the handle owns `conf`.
        unsafe {
            let opaque = (&raw const *told).cast_mut().cast();
            sys::rd_kafka_conf_set_opaque(conf.0.as_ptr(), opaque);
            sys::rd_kafka_conf_set_error_cb(conf.0.as_ptr(), Some(on_error));
            sys::rd_kafka_conf_set_log_cb(conf.0.as_ptr(), Some(on_log));
            if delivery.is_some() {
                sys::rd_kafka_conf_set_dr_msg_cb(conf.0.as_ptr(), delivery);
                let name = c"requests".as_ptr();
                sys::rd_kafka_conf_interceptor_add_on_new(conf.0.as_ptr(), name, Some(on_new), opaque);
            }
            let handle = sys::rd_kafka_new(native, conf.0.as_ptr(), error.as_mut_ptr(), ErrorText::LEN);
            let Some(handle) = NonNull::new(handle) else {
                return Err(Failure { code: code(Err::RD_KAFKA_RESP_ERR__INVALID_ARG), text: error.text() });
            };
            std::mem::forget(conf);
            Ok(Self { handle, kind, told })
        }
    }

    pub(super) fn ptr(&self) -> *mut sys::rd_kafka_t {
        self.handle.as_ptr()
    }

    /// Serves callbacks for up to `timeout`; returns after the first ones.
    pub(crate) fn poll(&self, timeout: Duration) {
        // SAFETY: the handle is valid.
        unsafe { sys::rd_kafka_poll(self.ptr(), millis(timeout)) };
    }

    /// Takes the last error that concerns the whole client.
    pub(crate) fn take_reported(&self) -> Option<Failure> {
        self.told.reports.lock().unwrap_or_else(PoisonError::into_inner).last.take()
    }

    pub(super) fn told(&self) -> &Told {
        &self.told
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // No reader joins a group, so there is none to leave.
        let flags = if self.kind == Kind::Consumer { sys::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE } else { 0 };
        // SAFETY: nobody else has the handle any more.
        unsafe { sys::rd_kafka_destroy_flags(self.ptr(), flags) };
    }
}

/// A configuration until a handle owns it.
struct Conf(NonNull<sys::rd_kafka_conf_t>);

impl Conf {
    fn new(properties: &Properties) -> Result<Self, Failure> {
        // SAFETY: allocates; never null.
        let conf =
            Self(NonNull::new(unsafe { sys::rd_kafka_conf_new() }).expect("librdkafka allocates or aborts"));
        for (key, value) in properties {
            let mut error = ErrorText::default();
            let name = cstring(key);
            let value = cstring(value);
            // SAFETY: all pointers are valid for the call.
            let result = unsafe {
                sys::rd_kafka_conf_set(
                    conf.0.as_ptr(),
                    name.as_ptr(),
                    value.as_ptr(),
                    error.as_mut_ptr(),
                    ErrorText::LEN,
                )
            };
            if result != sys::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK {
                let text = format!("librdkafka refuses the property {key}: {}", error.text());
                return Err(Failure { code: code(Err::RD_KAFKA_RESP_ERR__INVALID_ARG), text });
            }
        }
        Ok(conf)
    }
}

impl Drop for Conf {
    fn drop(&mut self) {
        // SAFETY: still ours.
        unsafe { sys::rd_kafka_conf_destroy(self.0.as_ptr()) };
    }
}

/// Where librdkafka writes what is wrong.
pub(super) struct ErrorText([c_char; Self::LEN]);

impl Default for ErrorText {
    fn default() -> Self {
        Self([0; Self::LEN])
    }
}

impl ErrorText {
    pub(super) const LEN: usize = 512;

    pub(super) fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    pub(super) fn text(&self) -> String {
        // SAFETY: librdkafka ends the text within the length given, and it began as zeroes.
        unsafe { text(self.0.as_ptr()) }
    }
}

/// A copy of a C string; empty for null.
///
/// # Safety
/// `text` is null or a valid C string.
pub(super) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: by the caller.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A C string; what follows a zero byte is cut off (no name or property has one).
pub(super) fn cstring(text: &str) -> CString {
    let text = text.split('\0').next().unwrap_or_default();
    CString::new(text).expect("cut at the first zero byte")
}

/// librdkafka's timeouts; never its "for ever", which is negative.
pub(super) fn millis(timeout: Duration) -> c_int {
    // Rounded up, so that a short wait is no spinning.
    c_int::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX)
}

unsafe extern "C" fn on_error(
    _handle: *mut sys::rd_kafka_t,
    error: c_int,
    reason: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: `opaque` was set by `with_delivery` and lives as long as the handle; `reason` is a C string.
    let (told, reason) = unsafe { (&*opaque.cast::<Told>(), text(reason)) };
    let mut reports = told.reports.lock().unwrap_or_else(PoisonError::into_inner);
    // "All brokers are down" follows the reason why: tell both.
    let text = match &reports.reason {
        Some(why) if error == code(Err::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) => format!("{reason} ({why})"),
        _ => reason,
    };
    if error != code(Err::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) && !unknown_topic(error) {
        reports.reason = Some(text.clone());
    }
    reports.last = Some(Failure { code: error, text });
}

/// Interceptors of requests can be added only while a handle is being made.
unsafe extern "C" fn on_new(
    handle: *mut sys::rd_kafka_t,
    _conf: *const sys::rd_kafka_conf_t,
    opaque: *mut c_void,
    _text: *mut c_char,
    _text_size: usize,
) -> Err {
    // SAFETY: librdkafka calls this with the handle that it makes; the opaque lives as long.
    unsafe {
        sys::rd_kafka_interceptor_add_on_request_sent(
            handle,
            c"requests".as_ptr(),
            Some(on_request_sent),
            opaque,
        )
    }
}

/// Called when the last byte of a request has been given to the system, before it can be answered or fail.
unsafe extern "C" fn on_request_sent(
    _handle: *mut sys::rd_kafka_t,
    _socket: c_int,
    _broker: *const c_char,
    _broker_id: i32,
    api: i16,
    _version: i16,
    _correlation: i32,
    _size: usize,
    opaque: *mut c_void,
) -> Err {
    const PRODUCE: i16 = 0;
    if api == PRODUCE {
        // SAFETY: `opaque` was set by `with_delivery` and lives as long as the handle.
        unsafe { &*opaque.cast::<Told>() }.produce_requests.fetch_add(1, Ordering::AcqRel);
    }
    Err::RD_KAFKA_RESP_ERR_NO_ERROR
}

unsafe extern "C" fn on_log(
    handle: *const sys::rd_kafka_t,
    level: c_int,
    facility: *const c_char,
    message: *const c_char,
) {
    // SAFETY: C strings of librdkafka's, the handle is null or valid.
    let (client, facility, message) = unsafe {
        let client = if handle.is_null() { String::new() } else { text(sys::rd_kafka_name(handle)) };
        (client, text(facility), text(message))
    };
    // What librdkafka calls an error is mostly a connection that it makes again: `health` tells what matters.
    match level {
        0..=2 => tracing::error!(target: "librdkafka", client, facility, "{message}"),
        3..=4 => tracing::warn!(target: "librdkafka", client, facility, "{message}"),
        5..=6 => tracing::debug!(target: "librdkafka", client, facility, "{message}"),
        _ => tracing::trace!(target: "librdkafka", client, facility, "{message}"),
    }
}
