//! Tables over a real Kafka, written by others as well: its own console producer, librdkafka, transactions; outages.
#![allow(clippy::float_cmp, reason = "metrics are counts here, printed exactly")]

#[path = "../harness/mod.rs"]
mod harness;

mod attach;
mod bulk;
mod client;
mod cluster;
mod cluster_replicas;
mod cluster_watch;
mod lease;
mod membership;
mod mixed;
mod moving;
mod outage;
mod partitions;
mod produced;
mod recreated;
mod retention;
mod secure;
mod service;
mod transactions;
mod writes;
