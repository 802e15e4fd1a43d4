//! A database made of Kafka topics.
