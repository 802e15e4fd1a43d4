//! Tables over a real Kafka, written by others as well: its own console producer, librdkafka, transactions; outages.
#![allow(clippy::float_cmp, reason = "metrics are counts here, printed exactly")]

#[path = "../harness/mod.rs"]
mod harness;

#[expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
#[path = "../sql/websocket.rs"]
mod websocket;

mod attach;
mod bulk;
mod client;
mod cluster;
mod cluster_replicas;
mod cluster_sql;
mod cluster_sql_absent;
mod cluster_sql_answers;
mod cluster_sql_hosts;
mod cluster_sql_owner;
mod cluster_sql_pull;
mod cluster_sql_push;
mod cluster_sql_statements;
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
