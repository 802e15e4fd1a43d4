//! Through a topic of the topology's own.
use std::sync::Arc;

use lentic_types::TopicName;

use super::Place;
use crate::codec::Codec;
use crate::error::TopologyError;
use crate::graph::Graph;
use crate::spec::{
    Name, OffsetReset, Policy, Sink, SinkKey, Source, Spec, Target, TimestampExtractor, Topic,
};

/// What goes through the topic, and how.
pub(super) struct Through<'a> {
    pub(super) key: &'a Codec,
    pub(super) value: &'a Codec,
    /// Whether values are a table's changes.
    pub(super) is_change: bool,
    pub(super) partition: SinkKey,
    /// Whether records without a key end here.
    pub(super) needs_key: bool,
    /// How many partitions the topic has, if that is asked for.
    pub(super) partitions: Option<u32>,
}

impl Place {
    /// Writes a repartition topic of this name and reads it again.
    pub(super) fn through(&self, name: &str, through: &Through<'_>) -> Self {
        let topic = new_topic(&mut self.graph.borrow_mut(), name, through.partitions);
        let sink = Sink {
            target: Target::Topic(topic.clone()),
            key: through.key.clone(),
            value: through.value.clone(),
            is_change: through.is_change,
            partition: through.partition,
            needs_key: through.needs_key,
        };
        self.add(&format!("to({name})"), Spec::Sink(sink));
        let source = Source {
            topics: vec![topic],
            key: through.key.clone(),
            value: through.value.clone(),
            is_change: through.is_change,
            timestamp: TimestampExtractor::FailOnInvalid,
            reset: OffsetReset::Earliest,
            errors: Policy::Fail,
        };
        let name = format!("{name}-repartition");
        let node = self.graph.borrow_mut().add(&name, Spec::Source(source), Vec::new(), self.policies);
        Self { node, is_moved: false, ..self.clone() }
    }
}

/// A repartition topic; its name must be free.
fn new_topic(graph: &mut Graph, name: &str, partitions: Option<u32>) -> Topic {
    let name: Name = Arc::from(name);
    if let Err(error) = TopicName::new(format!("{name}-repartition")) {
        graph.errors.push(TopologyError::InvalidName { what: "repartition topic", text: error.to_string() });
    }
    let topic = Topic::Repartition(Arc::clone(&name));
    let is_taken = |node: &crate::graph::Node| matches!(&node.spec, Spec::Source(source) if source.topics.contains(&topic));
    if graph.nodes.iter().any(is_taken) {
        graph.errors.push(TopologyError::NameTaken { what: "repartition topic", name: name.to_string() });
    }
    if partitions == Some(0) {
        graph.errors.push(TopologyError::Invalid(format!("{name} is to have 0 partitions: at least 1")));
    }
    if let Some(partitions) = partitions {
        graph.partitions.insert(name, partitions);
    }
    topic
}
