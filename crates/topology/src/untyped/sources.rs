//! Where streams and tables begin.
use std::rc::Rc;
use std::sync::Arc;

use lentic_types::TopicName;

use super::{Place, Stream, Table};
use crate::codec::Codec;
use crate::dsl::{Consumed, Topology};
use crate::error::TopologyError;
use crate::graph::{Graph, Shared};
use crate::spec::{Policies, Source, Spec, Topic};

/// The topics that a topology reads.
pub struct Sources {
    graph: Shared,
}

impl Topology {
    /// The way to write it with codecs that are known only at run time. Both ways may be mixed.
    pub fn untyped(&self) -> Sources {
        Sources { graph: Rc::clone(self.graph()) }
    }
}

impl Sources {
    /// The records of topics.
    pub fn stream(&self, topics: &[&str], key: Codec, value: Codec, consumed: Consumed) -> Stream {
        let place = self.source(topics, &key, &value, consumed);
        Stream::at(place, key, value)
    }

    /// A topic as a table: the latest value of each key. Its rows are kept only where that is needed, or asked for
    /// ([`Table::materialize`]).
    pub fn table(&self, topic: &str, key: Codec, value: Codec, consumed: Consumed) -> Table {
        let source = self.source(&[topic], &key, &value, consumed);
        Table::at(source.add_named(&format!("{topic}.table"), Spec::Table { store: None }), key, value)
    }

    fn source(&self, topics: &[&str], key: &Codec, value: &Codec, consumed: Consumed) -> Place {
        let mut graph = self.graph.borrow_mut();
        if topics.is_empty() {
            graph.errors.push(TopologyError::Invalid("a stream needs at least one topic".to_owned()));
        }
        let (name, base) = (topics.join("+"), Arc::from(topics.first().copied().unwrap_or_default()));
        let topics = topics.iter().map(|name| Topic::Named(topic(&mut graph, name))).collect();
        let Consumed { timestamp, reset, errors } = consumed;
        let (key, value) = (key.clone(), value.clone());
        let source = Source { topics, key, value, is_change: false, timestamp, reset, errors };
        let node = graph.add(&name, Spec::Source(source), Vec::new(), Policies::default());
        drop(graph);
        Place::new(&self.graph, node, base)
    }
}

/// A topic's name; one that is none is told.
pub(crate) fn topic(graph: &mut Graph, name: &str) -> TopicName {
    TopicName::new(name).unwrap_or_else(|error| {
        graph.errors.push(TopologyError::InvalidName { what: "topic", text: error.to_string() });
        TopicName::new("invalid").expect("a legal name")
    })
}
