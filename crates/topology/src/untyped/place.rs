//! Where a handle stands in the graph.
use std::rc::Rc;
use std::sync::Arc;

use crate::graph::{Input, NodeId, Shared};
use crate::spec::{Name, Policies, Policy, Spec};

/// The node whose records a handle is about, and what is passed on to all that is chained to it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) graph: Shared,
    pub(crate) node: NodeId,
    /// What names are derived from: the topic, store or operator that it comes from.
    pub(crate) base: Name,
    /// Records may lie in other partitions than their keys belong to.
    pub(crate) is_moved: bool,
    pub(crate) policies: Policies,
}

impl Place {
    pub(crate) fn new(graph: &Shared, node: NodeId, base: Name) -> Self {
        let policies = graph.borrow().nodes[node.0].policies;
        Self { graph: Rc::clone(graph), node, base, is_moved: false, policies }
    }

    pub(crate) fn input(&self, port: usize) -> Input {
        Input { node: self.node, port }
    }

    /// Adds a node behind this one, named after both.
    pub(crate) fn add(&self, operation: &str, spec: Spec) -> Self {
        let name = format!("{}.{operation}", self.graph.borrow().name(self.node));
        self.add_named(&name, spec)
    }

    /// Adds a node behind this one.
    pub(crate) fn add_named(&self, name: &str, spec: Spec) -> Self {
        let node = self.graph.borrow_mut().add(name, spec, vec![self.input(0)], self.policies);
        Self { node, ..self.clone() }
    }

    /// Into one with another.
    pub(crate) fn merge(&self, other: &Self) -> Self {
        let merged = self.add("merge", Spec::Merge);
        merged.graph.borrow_mut().nodes[merged.node.0].inputs.push(other.input(0));
        Self { is_moved: self.is_moved || other.is_moved, ..merged }
    }

    pub(crate) fn with_moved(self, is_moved: bool) -> Self {
        Self { is_moved, ..self }
    }

    pub(crate) fn based_on(self, base: &str) -> Self {
        Self { base: Arc::from(base), ..self }
    }

    pub(crate) fn on_processing_error(&self, policy: Policy) -> Self {
        Self { policies: Policies { processing: policy, ..self.policies }, ..self.clone() }
    }

    pub(crate) fn on_production_error(&self, policy: Policy) -> Self {
        Self { policies: Policies { production: policy, ..self.policies }, ..self.clone() }
    }
}
