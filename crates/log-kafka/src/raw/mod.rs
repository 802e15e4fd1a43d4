//! librdkafka's C API where the `rdkafka` crate is too slow or silent: batches of messages, the offset of an
//! end-of-partition event, whether a failed record may have been sent, topic ids. All unsafe code of this crate is here;
//! what leaves this module owns or borrows what it needs to stay valid.
mod admin;
mod bulk;
mod client;
mod codes;
mod consumer;
mod producer;

pub(crate) use admin::{Answer, Bound, Described, NewTopic, unknown_topic};
pub(crate) use bulk::{BulkProducer, GroupMetadata};
pub(crate) use client::{Client, Code, Failure, Kind, code};
pub(crate) use consumer::{Consumer, Message};
pub(crate) use producer::{Producer, TransactionFailure};
pub(crate) use rdkafka_sys::types::RDKafkaRespErr as Err;
