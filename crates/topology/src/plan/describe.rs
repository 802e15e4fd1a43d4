//! A plan as text and as a picture.
use std::fmt::Write;

use super::Plan;
use crate::graph::NodeId;
use crate::spec::{Spec, Target};

impl Plan {
    /// The operators of each subtopology with their inputs, stores and topics, as text.
    pub fn describe(&self) -> String {
        let mut text = format!("topology {}\n", self.name());
        for part in self.subtopologies() {
            let _ = writeln!(text, "\nsubtopology {}", part.name);
            for &id in &part.nodes {
                let node = self.node(id);
                let _ = write!(text, "  {} [{}]", node.name, node.spec.kind());
                let inputs: Vec<_> =
                    node.inputs.iter().map(|input| self.node(input.node).name.to_string()).collect();
                if !inputs.is_empty() {
                    let _ = write!(text, " <- {}", inputs.join(", "));
                }
                let stores: Vec<_> =
                    node.spec.stores().iter().map(|store| self.store(*store).name.to_string()).collect();
                if !stores.is_empty() {
                    let _ = write!(text, " (stores: {})", stores.join(", "));
                }
                if let Some(topics) = self.topics_of(id) {
                    let _ = write!(text, " (topics: {topics})");
                }
                text.push('\n');
            }
        }
        for global in self.globals() {
            let _ = writeln!(text, "\nglobal table {} (topic: {})", global.name, global.topic);
        }
        text
    }

    /// The same as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        let mut text = "flowchart TD\n".to_owned();
        for (number, part) in self.subtopologies().iter().enumerate() {
            let _ = writeln!(text, "  subgraph s{number}[\"{}\"]", part.name);
            for &id in &part.nodes {
                let _ = writeln!(text, "    n{}[\"{}<br/>{}\"]", id.0, self.node(id).name, self.label(id));
            }
            text.push_str("  end\n");
        }
        for (from, to) in self.edges() {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text
    }

    /// The same for Graphviz.
    pub fn graphviz(&self) -> String {
        let mut text = format!("digraph \"{}\" {{\n  node [shape=box];\n", self.name());
        for (number, part) in self.subtopologies().iter().enumerate() {
            let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label=\"{}\";", part.name);
            for &id in &part.nodes {
                let _ =
                    writeln!(text, "    n{} [label=\"{}\\n{}\"];", id.0, self.node(id).name, self.label(id));
            }
            text.push_str("  }\n");
        }
        for (from, to) in self.edges() {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text.push_str("}\n");
        text
    }

    fn label(&self, id: NodeId) -> String {
        let spec = &self.node(id).spec;
        let stores: Vec<_> = spec.stores().iter().map(|store| self.store(*store).name.to_string()).collect();
        let more = self.topics_of(id).unwrap_or_else(|| stores.join(", "));
        if more.is_empty() { spec.kind().to_owned() } else { format!("{}: {more}", spec.kind()) }
    }

    fn topics_of(&self, id: NodeId) -> Option<String> {
        match &self.node(id).spec {
            Spec::Source(source) => {
                Some(source.topics.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            Spec::Sink(sink) => Some(match &sink.target {
                Target::Topic(topic) => topic.to_string(),
                Target::Dynamic(_) => "by record".to_owned(),
            }),
            _ => None,
        }
    }

    /// Who sends to whom, through repartition topics too.
    fn edges(&self) -> Vec<(usize, usize)> {
        let mut edges = Vec::new();
        for (to, node) in self.nodes().iter().enumerate() {
            edges.extend(node.inputs.iter().chain(&node.looks_up).map(|input| (input.node.0, to)));
            if let Spec::Source(source) = &node.spec {
                let writes = |(from, node): (usize, &crate::Node)| match &node.spec {
                    Spec::Sink(sink) => match &sink.target {
                        Target::Topic(topic) if source.topics.contains(topic) => Some((from, to)),
                        _ => None,
                    },
                    _ => None,
                };
                edges.extend(self.nodes().iter().enumerate().filter_map(writes));
            }
        }
        edges
    }
}
