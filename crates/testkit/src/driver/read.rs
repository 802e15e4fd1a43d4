//! What a topology wrote.
use std::collections::BTreeSet;

use lentic_topology::Data;
use lentic_types::{TopicName, TopicPartition};

use super::{Logged, TestDriver};

/// A record of an output topic: key, value, timestamp.
pub type Output<K, V> = (Option<K>, Option<V>, i64);

impl TestDriver {
    /// Records of a topic that came since it was read last.
    ///
    /// # Panics
    /// If one doesn't decode.
    pub fn read<K: Data, V: Data>(&mut self, topic: &str) -> Vec<Output<K, V>> {
        let records = self.read_bytes(topic);
        records.into_iter().map(|record| typed(&record)).collect()
    }

    /// Records of a topic that came since it was read last, as bytes and with headers.
    ///
    /// # Panics
    /// If the topic's name is none.
    pub fn read_bytes(&mut self, topic: &str) -> Vec<Logged> {
        let name = TopicName::new(topic).expect("a topic's name");
        let all: Vec<Logged> = self
            .log
            .produced()
            .filter(|(partition, _)| partition.topic == name)
            .map(|(_, record)| record.clone())
            .collect();
        let read = self.read.entry(name).or_default();
        let fresh = all.get(*read..).unwrap_or_default().to_vec();
        *read = all.len();
        fresh
    }

    /// Records of all topics but the topology's own that came since this was asked last, in the order in which they were
    /// produced.
    pub fn read_all(&mut self) -> Vec<(TopicPartition, Logged)> {
        let own = format!("{}-", self.prefix);
        let all: Vec<_> = self
            .log
            .produced()
            .filter(|(partition, _)| !partition.topic.as_str().starts_with(&own))
            .map(|(partition, record)| (partition.clone(), record.clone()))
            .collect();
        let fresh = all.get(self.all_read..).unwrap_or_default().to_vec();
        self.all_read = all.len();
        fresh
    }

    /// All topics that the topology has written to so far, its own included: repartition topics, and at a commit changelogs.
    pub fn topics(&self) -> Vec<TopicName> {
        let topics: BTreeSet<_> = self.log.produced().map(|(partition, _)| &partition.topic).collect();
        topics.into_iter().cloned().collect()
    }

    /// The log, changelogs and repartition topics included.
    pub fn log(&self) -> &super::TestLog {
        &self.log
    }
}

fn typed<K: Data, V: Data>(record: &Logged) -> Output<K, V> {
    (part(record.key.as_deref()), part(record.value.as_deref()), record.timestamp.0)
}

fn part<T: Data>(bytes: Option<&[u8]>) -> Option<T> {
    match bytes {
        Some(bytes) => Some(T::decode(bytes).expect("an output decodes")),
        None => T::null(),
    }
}
