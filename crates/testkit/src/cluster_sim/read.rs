//! What a cluster at rest has written, and what its stores hold.
use std::ops::Bound;

use lentic_engine::TaskId;
use lentic_engine::stream::State;
use lentic_topology::Data;
use lentic_topology::spec::StoreIndex;
use lentic_types::{Offset, TopicName};

use super::SimCluster;
use super::node::Node;
use crate::driver::rows;
use crate::sim::log::Isolation;
use crate::{Logged, Output, SessionEntry, StoreRow, WindowEntry};

impl SimCluster {
    /// The records of a topic as a `read_committed` consumer gets them, partition by partition.
    ///
    /// # Panics
    /// If one doesn't decode.
    pub fn read<K: Data, V: Data>(&self, topic: &str) -> Vec<Output<K, V>> {
        let typed = |record: Logged| {
            let key = record.key.as_deref().map(|bytes| K::decode(bytes).expect("a key"));
            let value = record.value.as_deref().map(|bytes| V::decode(bytes).expect("a value"));
            (key, value, record.timestamp.0)
        };
        self.read_bytes(topic).into_iter().map(typed).collect()
    }

    /// The same as bytes, with headers.
    ///
    /// # Panics
    /// If the topic's name is none.
    pub fn read_bytes(&self, topic: &str) -> Vec<Logged> {
        let topic = TopicName::new(topic).expect("a topic's name");
        let logs = self.world.broker.topics().filter(|(partition, _)| partition.topic == topic);
        logs.flat_map(|(_, log)| log.records(Offset(0), Isolation::Committed))
            .map(|(_, record, _)| Logged::from(record))
            .collect()
    }

    /// All rows of a key-value store, in key order.
    ///
    /// # Panics
    /// If there is no such store, or a row doesn't decode.
    pub fn rows<K: Data + Ord, V: Data>(&self, store: &str) -> Vec<StoreRow<K, V>> {
        let mut found = self.of_stores(store, |state, index| {
            let mut found: Vec<StoreRow<K, V>> = Vec::new();
            let scanned = state.scan(index, Bound::Unbounded, Bound::Unbounded, &mut |key, row| {
                found.push(rows::typed(key, row));
                true
            });
            scanned.expect("rows are read");
            found
        });
        found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        found
    }

    /// The windows of a window store that can be read, by start within each partition.
    ///
    /// # Panics
    /// As [`SimCluster::rows`].
    pub fn windows<K: Data, V: Data>(&self, store: &str) -> Vec<WindowEntry<K, V>> {
        let plan = &self.world.application.plan;
        self.of_stores(store, |state, index| rows::windows(plan, state, index))
    }

    /// The sessions of a session store that can be read, by end within each partition.
    ///
    /// # Panics
    /// As [`SimCluster::rows`].
    pub fn sessions<K: Data, V: Data>(&self, store: &str) -> Vec<SessionEntry<K, V>> {
        self.of_stores(store, rows::sessions)
    }

    fn of_stores<T>(&self, store: &str, read: impl Fn(&mut State, StoreIndex) -> Vec<T>) -> Vec<T> {
        let plan = &self.world.application.plan;
        let place = plan.stores().iter().position(|spec| spec.name.as_str() == store);
        let index = StoreIndex(place.unwrap_or_else(|| panic!("the topology has no store {store}")));
        let mut found = Vec::new();
        for task in self.world.application.tasks.values().flatten() {
            if !self.world.application.stores_of(task).contains(&index) {
                continue;
            }
            let mut state = self.state(task);
            found.extend(read(&mut state, index));
        }
        found
    }

    /// The process that runs a task.
    pub(super) fn leader(&self, task: &TaskId) -> Option<&Node> {
        let mut nodes = self.nodes.iter().filter_map(|seat| seat.process.as_ref());
        nodes.find(|node| node.running.contains_key(task))
    }
}
