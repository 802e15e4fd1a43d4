//! The log on Apache Kafka: [`KafkaLog`] implements [`lentic_engine::log::Log`] on librdkafka.
//!
//! ```no_run
//! use lentic_engine::log::Log as _;
//! use lentic_log_kafka::{KafkaLog, KafkaOptions};
//! let log = KafkaLog::connect(KafkaOptions::new("127.0.0.1:9092"))?;
//! println!("cluster {}: {:?}", log.identity()?, log.topics()?);
//! # Ok::<(), lentic_engine::log::Error>(())
//! ```
#![expect(clippy::disallowed_methods, reason = "an edge: clocks and threads belong here")]

mod admin;
mod append;
mod bulk;
mod error;
mod health;
mod log;
pub mod membership;
mod options;
#[expect(unsafe_code, reason = "librdkafka's C API where the rdkafka crate is too slow or silent")]
mod raw;
mod reader;
mod transaction;

pub use log::KafkaLog;
pub use options::KafkaOptions;
