//! The graph of operators while it is being built.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::codec::Codec;
use crate::error::TopologyError;
use crate::spec::{GlobalSource, Name, Policies, Spec, StoreIndex, StoreSpec};

/// A node's place in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Where a node's records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Who sends them.
    pub node: NodeId,
    /// Which of the receiver's ports they come in at.
    pub port: usize,
}

/// An operator in its place.
#[derive(Clone)]
pub struct Node {
    /// Its name, the same in every build of the same program.
    pub name: Name,
    /// What it does.
    pub spec: Spec,
    /// Who sends it records.
    pub inputs: Vec<Input>,
    /// Tables whose rows it looks up, by port, without taking their changes.
    pub looks_up: Vec<Input>,
    /// Whether somebody downstream needs the old values of its changes.
    pub sends_old: bool,
    /// What happens to records that it can't take on.
    pub policies: Policies,
    /// Of a table: its keys and values.
    pub codecs: Option<(Codec, Codec)>,
    /// Of a table that is kept only where that is needed: the name of its store then, where the node's is not to be taken.
    pub store_name: Option<Name>,
}

/// A graph that handles write into.
pub(crate) type Shared = Rc<RefCell<Graph>>;

/// What the DSL writes into.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) stores: Vec<StoreSpec>,
    pub(crate) globals: Vec<GlobalSource>,
    /// Partitions that repartition topics are to have.
    pub(crate) partitions: BTreeMap<Name, u32>,
    pub(crate) errors: Vec<TopologyError>,
    names: BTreeMap<Name, usize>,
}

impl Graph {
    /// Adds a node. `name` is made its own by a number where siblings share it; only nodes without state may.
    pub(crate) fn add(&mut self, name: &str, spec: Spec, inputs: Vec<Input>, policies: Policies) -> NodeId {
        let uses = self.names.entry(Arc::from(name)).or_insert(0);
        *uses += 1;
        let name = if *uses == 1 { Arc::from(name) } else { Arc::from(format!("{name}.{uses}")) };
        self.nodes.push(Node {
            name,
            spec,
            inputs,
            looks_up: Vec::new(),
            sends_old: false,
            policies,
            codecs: None,
            store_name: None,
        });
        NodeId(self.nodes.len() - 1)
    }

    /// Adds a store; its name must be free.
    pub(crate) fn add_store(&mut self, store: StoreSpec) -> StoreIndex {
        if self.stores.iter().any(|other| other.name == store.name) {
            self.errors.push(TopologyError::NameTaken { what: "store", name: store.name.to_string() });
        }
        self.stores.push(store);
        StoreIndex(self.stores.len() - 1)
    }

    pub(crate) fn name(&self, node: NodeId) -> Name {
        Arc::clone(&self.nodes[node.0].name)
    }
}
