//! librdkafka's functions about error codes, declared with a number where the bindings have an enum: a newer broker may
//! send a code that the enum lacks, and a value of the enum that is none of its own is undefined behaviour.
use std::ffi::{c_char, c_int, c_void};

use rdkafka_sys::bindings as sys;

use super::client::Code;

unsafe extern "C" {
    pub(super) fn rd_kafka_last_error() -> Code;
    pub(super) fn rd_kafka_err2str(error: Code) -> *const c_char;
    pub(super) fn rd_kafka_error_code(error: *const sys::rd_kafka_error_t) -> Code;
    pub(super) fn rd_kafka_fatal_error(
        handle: *mut sys::rd_kafka_t,
        text: *mut c_char,
        text_size: usize,
    ) -> Code;
    pub(super) fn rd_kafka_event_error(event: *mut sys::rd_kafka_event_t) -> Code;
    pub(super) fn rd_kafka_topic_result_error(result: *const sys::rd_kafka_topic_result_t) -> Code;
    pub(super) fn rd_kafka_ConfigResource_error(resource: *const sys::rd_kafka_ConfigResource_t) -> Code;
    pub(super) fn rd_kafka_AdminOptions_set_request_timeout(
        options: *mut sys::rd_kafka_AdminOptions_t,
        timeout_ms: c_int,
        text: *mut c_char,
        text_size: usize,
    ) -> Code;
    pub(super) fn rd_kafka_metadata(
        handle: *mut sys::rd_kafka_t,
        all_topics: c_int,
        only: *mut sys::rd_kafka_topic_t,
        metadata: *mut *const sys::rd_kafka_metadata,
        timeout_ms: c_int,
    ) -> Code;
    pub(super) fn rd_kafka_producev(handle: *mut sys::rd_kafka_t, ...) -> Code;
    pub(super) fn rd_kafka_poll_set_consumer(handle: *mut sys::rd_kafka_t) -> Code;
    pub(super) fn rd_kafka_get_watermark_offsets(
        handle: *mut sys::rd_kafka_t,
        topic: *const c_char,
        partition: i32,
        low: *mut i64,
        high: *mut i64,
    ) -> Code;
    pub(super) fn rd_kafka_position(
        handle: *mut sys::rd_kafka_t,
        partitions: *mut sys::rd_kafka_topic_partition_list_t,
    ) -> Code;
    pub(super) fn rd_kafka_message_headers(
        message: *const sys::rd_kafka_message_t,
        headers: *mut *mut sys::rd_kafka_headers_t,
    ) -> Code;
    pub(super) fn rd_kafka_header_get_all(
        headers: *const sys::rd_kafka_headers_t,
        index: usize,
        name: *mut *const c_char,
        value: *mut *const c_void,
        size: *mut usize,
    ) -> Code;
}
