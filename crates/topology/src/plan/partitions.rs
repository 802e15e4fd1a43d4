//! How many partitions each topic of a topology has, and whether those that meet fit.
use std::collections::BTreeMap;

use lentic_types::TopicName;

use super::Plan;
use crate::error::TopologyError;
use crate::spec::{Spec, Target, Topic};

impl Plan {
    /// Partitions of every topic that is read. `of` tells those of the user's topics. Repartition topics get as many as
    /// they were built with, else as many as the topics that they meet, else as many as the part that writes them has.
    pub fn partitions(
        &self,
        of: &mut dyn FnMut(&TopicName) -> Option<u32>,
    ) -> Result<BTreeMap<Topic, u32>, Vec<TopologyError>> {
        let (mut known, mut errors) = (BTreeMap::new(), Vec::new());
        for topic in self.subtopologies().iter().flat_map(|part| &part.topics) {
            match topic {
                Topic::Named(name) => match of(name) {
                    Some(partitions) => drop(known.insert(topic.clone(), partitions)),
                    None => errors.push(TopologyError::NoSuchTopic(name.to_string())),
                },
                Topic::Repartition(name) => {
                    if let Some(partitions) = self.inner.partitions.get(name) {
                        known.insert(topic.clone(), *partitions);
                    }
                }
            }
        }
        for global in self.globals() {
            if of(&global.topic).is_none() {
                errors.push(TopologyError::NoSuchTopic(global.topic.to_string()));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        // Each round settles at least one topic, or nothing is left that can be.
        while self.settle(&mut known) {}
        for part in self.subtopologies() {
            for together in &part.copartitioned {
                let counts: Vec<_> = together
                    .iter()
                    .filter_map(|topic| Some((topic.to_string(), *known.get(topic)?)))
                    .collect();
                if counts.windows(2).any(|pair| pair[0].1 != pair[1].1) {
                    errors.push(TopologyError::NotCopartitioned { topics: counts });
                }
            }
        }
        if errors.is_empty() { Ok(known) } else { Err(errors) }
    }

    /// How many tasks a part has: as many as its widest topic has partitions.
    pub fn tasks(&self, part: &super::Subtopology, partitions: &BTreeMap<Topic, u32>) -> u32 {
        part.topics.iter().filter_map(|topic| partitions.get(topic)).max().copied().unwrap_or(1)
    }

    fn settle(&self, known: &mut BTreeMap<Topic, u32>) -> bool {
        let open: Vec<Topic> =
            self.repartition_topics().into_iter().filter(|topic| !known.contains_key(topic)).collect();
        for topic in &open {
            let together = self.subtopologies().iter().flat_map(|part| &part.copartitioned);
            let met = together
                .filter(|set| set.contains(topic))
                .flatten()
                .filter_map(|other| known.get(other))
                .max();
            if let Some(partitions) = met {
                known.insert(topic.clone(), *partitions);
                return true;
            }
        }
        for topic in &open {
            let writes = |part: &&super::Subtopology| part.nodes.iter().any(|id| self.writes(*id, topic));
            let writer = self.subtopologies().iter().find(writes);
            let settled = writer.filter(|part| part.topics.iter().any(|topic| known.contains_key(topic)));
            if let Some(part) = settled {
                let partitions = self.tasks(part, known);
                known.insert(topic.clone(), partitions);
                return true;
            }
        }
        false
    }

    fn writes(&self, id: crate::NodeId, topic: &Topic) -> bool {
        matches!(&self.node(id).spec, Spec::Sink(sink) if matches!(&sink.target, Target::Topic(target) if target == topic))
    }
}
