//! A topology, checked and cut into subtopologies: what the engine runs.
mod describe;
mod materialize;
mod partitions;
mod subtopology;

use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_types::TableName;

use crate::error::TopologyError;
use crate::graph::{Graph, Node, NodeId};
use crate::spec::{GlobalSource, Name, StoreIndex, StoreSpec, Topic};

pub use subtopology::Subtopology;

/// A topology ready to run. Cheap to clone.
#[derive(Clone)]
pub struct Plan {
    inner: Arc<Inner>,
}

struct Inner {
    name: Name,
    nodes: Vec<Node>,
    stores: Vec<StoreSpec>,
    globals: Vec<GlobalSource>,
    subtopologies: Vec<Subtopology>,
    partitions: BTreeMap<Name, u32>,
}

impl Plan {
    pub(crate) fn new(name: &str, graph: &Graph) -> Result<Self, Vec<TopologyError>> {
        let mut errors = graph.errors.clone();
        if let Err(error) = TableName::new(name) {
            errors.push(TopologyError::InvalidName { what: "topology", text: error.to_string() });
        }
        let (mut nodes, mut stores) = (graph.nodes.clone(), graph.stores.clone());
        materialize::run(&mut nodes, &mut stores, &mut errors);
        if nodes.is_empty() {
            errors.push(TopologyError::Invalid("the topology has no source".to_owned()));
        }
        let subtopologies = subtopology::cut(&nodes);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                name: Arc::from(name),
                nodes,
                stores,
                globals: graph.globals.clone(),
                subtopologies,
                partitions: graph.partitions.clone(),
            }),
        })
    }

    /// The query's name.
    pub fn name(&self) -> &Name {
        &self.inner.name
    }

    /// All operators.
    pub fn nodes(&self) -> &[Node] {
        &self.inner.nodes
    }

    /// One operator.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.inner.nodes[id.0]
    }

    /// All stores.
    pub fn stores(&self) -> &[StoreSpec] {
        &self.inner.stores
    }

    /// One store.
    pub fn store(&self, index: StoreIndex) -> &StoreSpec {
        &self.inner.stores[index.0]
    }

    /// Tables that every node has whole.
    pub fn globals(&self) -> &[GlobalSource] {
        &self.inner.globals
    }

    /// The parts that are tied together by topics only, by name.
    pub fn subtopologies(&self) -> &[Subtopology] {
        &self.inner.subtopologies
    }

    /// The same plan with other names for some of its parts, by the names they have: those under which tasks of before left
    /// their positions.
    #[must_use]
    pub fn with_part_names(&self, names: &BTreeMap<String, String>) -> Self {
        let mut subtopologies = self.inner.subtopologies.clone();
        for part in &mut subtopologies {
            if let Some(name) = names.get(&*part.name) {
                part.name = Arc::from(name.as_str());
            }
        }
        Self {
            inner: Arc::new(Inner {
                name: Arc::clone(&self.inner.name),
                nodes: self.inner.nodes.clone(),
                stores: self.inner.stores.clone(),
                globals: self.inner.globals.clone(),
                subtopologies,
                partitions: self.inner.partitions.clone(),
            }),
        }
    }

    /// Who gets what a node forwards, in the order in which they were added: node and port.
    pub fn outputs(&self, id: NodeId) -> Vec<(NodeId, usize)> {
        let nodes = self.inner.nodes.iter().enumerate();
        nodes
            .flat_map(|(to, node)| node.inputs.iter().map(move |input| (input, NodeId(to))))
            .filter(|(input, _)| input.node == id)
            .map(|(input, to)| (to, input.port))
            .collect()
    }

    /// The topology's own repartition topics.
    pub fn repartition_topics(&self) -> Vec<Topic> {
        let topics = self.inner.subtopologies.iter().flat_map(|subtopology| &subtopology.topics);
        topics.filter(|topic| matches!(topic, Topic::Repartition(_))).cloned().collect()
    }
}
