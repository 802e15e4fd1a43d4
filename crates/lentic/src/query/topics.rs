//! The topics that a query makes for itself.
use std::collections::BTreeMap;

use lentic_engine::log::{CleanupPolicy, Log, Topic, TopicSettings};
use lentic_engine::stream::changelog;
use lentic_topology::spec::{self, OffsetReset, Spec, StoreIndex, StoreKind, StoreSpec};
use lentic_topology::{Plan, TopologyError};
use lentic_types::TopicName;

use super::QueryError;

/// How much longer than its store a changelog keeps what has a time, as in Kafka Streams.
const SPARE_MS: i64 = 86_400_000;

/// All topics of a query, with the internal ones made.
pub(super) struct Topics {
    /// Partitions of what is read.
    pub(super) partitions: BTreeMap<spec::Topic, u32>,
    /// Those that are read, by name.
    pub(super) inputs: BTreeMap<TopicName, Topic>,
    /// Of the logged stores.
    pub(super) changelogs: BTreeMap<StoreIndex, Topic>,
    repartition: Vec<TopicName>,
}

impl Topics {
    /// Those that the query made for itself.
    pub(super) fn own(&self) -> impl Iterator<Item = &Topic> {
        let repartition = self.repartition.iter().filter_map(|name| self.inputs.get(name));
        repartition.chain(self.changelogs.values())
    }
}

pub(super) fn open(log: &dyn Log, plan: &Plan, prefix: &str) -> Result<Topics, QueryError> {
    let (mut known, mut failed) = (BTreeMap::new(), None);
    let mut find = |name: &TopicName| match log.topic(name) {
        Ok(found) => {
            let partitions = found.as_ref().map(|topic| topic.partitions);
            known.extend(found.map(|topic| (name.clone(), topic)));
            partitions
        }
        Err(error) => {
            failed = Some(error);
            None
        }
    };
    let partitions = plan.partitions(&mut find);
    if let Some(error) = failed {
        return Err(error.into());
    }
    let partitions = partitions.map_err(QueryError::Topology)?;
    let (mut inputs, mut repartition) = (known, Vec::new());
    for topic in plan.repartition_topics() {
        let (name, count) = (topic.resolve(prefix), partitions[&topic]);
        let found = own(log, &name, count, &repartition_settings())?;
        inputs.insert(name.clone(), found);
        repartition.push(name);
    }
    let mut changelogs = BTreeMap::new();
    for part in plan.subtopologies() {
        let count = plan.tasks(part, &partitions);
        for index in part.stores.iter().filter(|index| plan.store(**index).logged) {
            let name = changelog(plan, *index, prefix);
            changelogs.insert(*index, own(log, &name, count, &changelog_settings(plan.store(*index)))?);
        }
    }
    Ok(Topics { partitions, inputs, changelogs, repartition })
}

/// Whether a source of a topic begins at its end.
pub(super) fn begins_at_end(plan: &Plan, topic: &spec::Topic) -> bool {
    plan.nodes().iter().any(|node| match &node.spec {
        Spec::Source(source) => source.topics.contains(topic) && source.reset == OffsetReset::Latest,
        _ => false,
    })
}

/// The topic, made if it is missing; one with another number of partitions is refused.
fn own(
    log: &dyn Log,
    name: &TopicName,
    partitions: u32,
    settings: &TopicSettings,
) -> Result<Topic, QueryError> {
    let found = crate::topics::find_or_create(log, name, partitions, settings)?;
    if found.partitions == partitions {
        return Ok(found);
    }
    Err(QueryError::Topology(vec![TopologyError::Incompatible(format!(
        "the topic {name} has {} partitions, and the topology needs {partitions}: its inputs have got another number of \
         partitions since it was made; give the topology another name, or make the inputs as they were",
        found.partitions
    ))]))
}

fn repartition_settings() -> TopicSettings {
    TopicSettings { retention_ms: -1, retention_bytes: -1, ..TopicSettings::default() }
}

/// Kafka Streams' settings of changelogs, so that its tools find what they expect.
fn changelog_settings(store: &StoreSpec) -> TopicSettings {
    let compacted = TopicSettings::compacted();
    match store.kind {
        StoreKind::KeyValue | StoreKind::Ordered => compacted,
        StoreKind::Window { retention_ms, .. } | StoreKind::Session { retention_ms } => TopicSettings {
            cleanup: CleanupPolicy { compact: true, delete: true },
            retention_ms: retention_ms.saturating_add(SPARE_MS),
            ..compacted
        },
        StoreKind::Versioned { history_ms } => {
            TopicSettings { min_compaction_lag_ms: history_ms.saturating_add(SPARE_MS), ..compacted }
        }
    }
}
