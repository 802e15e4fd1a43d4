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
mod commands;
mod declared;
mod declared_tables;
mod lease;
mod loads;
mod membership;
mod mixed;
mod moving;
mod nodes;
mod outage;
mod partitions;
mod peers;
mod produced;
mod recreated;
mod retention;
mod route;
mod secure;
mod seeded;
mod service;
mod transactions;
mod versions;
mod writes;
