//! Parts of a topology that are tied together by topics only.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::graph::{Node, NodeId};
use crate::spec::{Name, Spec, StoreIndex, Topic};

/// Operators and stores that one task runs for one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtopology {
    /// The first of its sources by name: an edit elsewhere changes nothing.
    pub name: Name,
    /// Its operators.
    pub nodes: Vec<NodeId>,
    /// The topics it reads.
    pub topics: Vec<Topic>,
    /// Its stores.
    pub stores: Vec<StoreIndex>,
    /// Topics whose partitions have to belong together, because records of one key meet.
    pub copartitioned: Vec<BTreeSet<Topic>>,
}

/// Connected by records, lookups, shared stores, or a common topic.
pub(super) fn cut(nodes: &[Node]) -> Vec<Subtopology> {
    let mut groups = Groups::new(nodes.len());
    let (mut by_store, mut by_topic) = (BTreeMap::new(), BTreeMap::new());
    for (id, node) in nodes.iter().enumerate() {
        for input in node.inputs.iter().chain(&node.looks_up) {
            groups.unite(id, input.node.0);
        }
        for store in node.spec.stores() {
            let first = *by_store.entry(store).or_insert(id);
            groups.unite(id, first);
        }
        for topic in topics(&node.spec) {
            let first = *by_topic.entry(topic).or_insert(id);
            groups.unite(id, first);
        }
    }
    let mut parts: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
    for id in 0..nodes.len() {
        parts.entry(groups.find(id)).or_default().push(NodeId(id));
    }
    let mut cut: Vec<_> = parts.into_values().filter_map(|part| subtopology(nodes, part)).collect();
    cut.sort_by(|one, other| one.name.cmp(&other.name));
    cut
}

fn topics(spec: &Spec) -> &[Topic] {
    match spec {
        Spec::Source(source) => &source.topics,
        _ => &[],
    }
}

fn subtopology(all: &[Node], nodes: Vec<NodeId>) -> Option<Subtopology> {
    let own = || nodes.iter().map(|id| &all[id.0]);
    let topics: BTreeSet<Topic> = own().flat_map(|node| topics(&node.spec)).cloned().collect();
    let stores: BTreeSet<StoreIndex> = own().flat_map(|node| node.spec.stores()).collect();
    let name = topics.iter().map(ToString::to_string).min()?;
    let meets = |node: &Node| {
        let inputs = node.inputs.iter().chain(&node.looks_up);
        let topics: BTreeSet<Topic> = inputs.flat_map(|input| sources(all, input.node)).collect();
        (topics.len() > 1 && !matches!(node.spec, Spec::Merge)).then_some(topics)
    };
    let copartitioned = own().filter_map(meets).collect();
    Some(Subtopology {
        name: Arc::from(name),
        nodes,
        topics: topics.into_iter().collect(),
        stores: stores.into_iter().collect(),
        copartitioned,
    })
}

/// The topics that records at a node come from.
fn sources(all: &[Node], id: NodeId) -> BTreeSet<Topic> {
    let node = &all[id.0];
    let own = topics(&node.spec).iter().cloned();
    own.chain(node.inputs.iter().flat_map(|input| sources(all, input.node))).collect()
}

struct Groups(Vec<usize>);

impl Groups {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn find(&self, mut id: usize) -> usize {
        while self.0[id] != id {
            id = self.0[id];
        }
        id
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0[one.max(other)] = one.min(other);
    }
}
