//! A query's stores as tables: what serves them, and rolls them forward when nobody leads.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_format::{KeyKind, KeyLayout};
use lentic_topology::spec::{SinkKey, Spec, StoreIndex, StoreKind, StoreSpec, Target, Topic};
use lentic_topology::{Plan, Subtopology};
use lentic_types::{
    FormatName, Offset, Partitioner, TableName, TableSpec, TopicName, WindowKind, WindowSpec,
};

use super::QueryError;
use super::topics::Topics;
use crate::node::Shared;
use crate::table::{Lookup, Owner, StorePlace};
use crate::{Node, RawTable};

impl Node {
    /// A store of a query that runs, by its name in the plan: its rows are read like those of a table, here and by way of the
    /// nodes that have them ([`RawTable::holders`]). Stores without a changelog are not served.
    pub fn store(&self, query: &str, store: &str) -> Option<RawTable> {
        let query = self.query(query)?;
        let inner = &query.inner;
        let mut tables = inner.tables.iter();
        tables
            .find(|(index, _)| inner.plan.store(**index).name.as_str() == store)
            .map(|(_, table)| table.clone())
    }
}

impl Shared {
    /// Opens the logged stores of a plan. Those that a program named are served under their names, the others are known to
    /// the node alone.
    pub(super) fn open_stores(
        self: &Arc<Self>,
        plan: &Plan,
        topics: &Topics,
        created: Offset,
        is_of_program: bool,
    ) -> Result<BTreeMap<StoreIndex, RawTable>, QueryError> {
        let mut tables = BTreeMap::new();
        for part in plan.subtopologies() {
            for index in part.stores.iter().filter(|index| plan.store(**index).logged) {
                let (store, topic) = (plan.store(*index), topics.changelogs[index].clone());
                let is_served = is_of_program && store.served;
                let name = if is_served {
                    store.name.clone()
                } else {
                    legal(&format!("{}.{}", plan.name(), store.name))?
                };
                let placed_by = placed_by(plan, part);
                let mut spec = spec(name, &topic.name, store);
                spec.partitioner = placed_by.or(spec.partitioner);
                let lookup = match placed_by {
                    _ if is_of_program => Lookup::Detected,
                    Some(_) => Lookup::Certain,
                    None => Lookup::Anywhere,
                };
                let place = StorePlace {
                    layout: layout(store),
                    is_internal: !is_served,
                    is_in_memory: !store.persistent,
                    owner: owner(plan.name(), &part.name),
                    lookup,
                };
                tables.insert(*index, self.open_store(spec, created, topic, place)?);
            }
        }
        Ok(tables)
    }

    /// Opens the global tables of a plan: tables over their topics, known to the node alone.
    pub(super) fn open_globals(
        self: &Arc<Self>,
        plan: &Plan,
        created: Offset,
    ) -> Result<Vec<RawTable>, QueryError> {
        let mut tables = Vec::new();
        for global in plan.globals() {
            let topic = self.log.topic(&global.topic)?;
            let topic = topic.ok_or_else(|| lentic_engine::log::Error::NoSuchTopic(global.topic.clone()))?;
            let name = legal(&format!("{}.{}", plan.name(), global.name))?;
            let spec = TableSpec {
                name,
                topic: global.topic.clone(),
                key: global.key.format,
                value: global.value.format,
                partitions: None,
                partitioner: None,
                read_only: true,
                window: None,
                history_ms: None,
            };
            let place = StorePlace {
                layout: KeyLayout::plain(global.key.format),
                is_internal: true,
                is_in_memory: false,
                owner: Owner::Everybody,
                lookup: Lookup::Detected,
            };
            tables.push(self.open_store(spec, created, topic, place)?);
        }
        Ok(tables)
    }
}

/// The rule by which the query itself puts the keys of a part into partitions, where it puts all of them.
fn placed_by(plan: &Plan, part: &Subtopology) -> Option<Partitioner> {
    let mut rules = Vec::new();
    for topic in &part.topics {
        let Topic::Repartition(_) = topic else { return None };
        for node in plan.nodes() {
            if let Spec::Sink(sink) = &node.spec
                && matches!(&sink.target, Target::Topic(target) if target == topic)
            {
                rules.push(sink.partition);
            }
        }
    }
    match (rules.first(), rules.iter().all(|rule| Some(rule) == rules.first())) {
        (Some(SinkKey::Hash(partitioner)), true) => Some(*partitioner),
        _ => None,
    }
}

/// The stores of a part are where its tasks are.
pub(super) fn owner(query: &Arc<str>, part: &Arc<str>) -> Owner {
    Owner::Part { query: Arc::clone(query), subtopology: Arc::clone(part) }
}

/// How the keys of a store lie.
fn layout(store: &StoreSpec) -> KeyLayout {
    let kind = match store.kind {
        StoreKind::KeyValue => KeyKind::Plain,
        StoreKind::Ordered => return KeyLayout::plain(FormatName::Bytes),
        StoreKind::Window { .. } => KeyKind::Window { sequence: true },
        StoreKind::Session { .. } => KeyKind::Session,
        StoreKind::Versioned { .. } => KeyKind::Version,
    };
    KeyLayout::new(if store.key.windowed.is_some() { FormatName::Bytes } else { store.key.format }, kind)
}

fn spec(name: TableName, topic: &TopicName, store: &StoreSpec) -> TableSpec {
    let window = match store.kind {
        StoreKind::Window { size_ms, retention_ms, .. } => Some(WindowSpec {
            kind: WindowKind::Time,
            sequence: true,
            size_ms: u64::try_from(size_ms).ok().filter(|size| *size > 0),
            retention_ms: u64::try_from(retention_ms).ok().filter(|retention| *retention > 0),
        }),
        StoreKind::Session { retention_ms } => Some(WindowSpec {
            kind: WindowKind::Session,
            sequence: false,
            size_ms: None,
            retention_ms: u64::try_from(retention_ms).ok().filter(|retention| *retention > 0),
        }),
        StoreKind::KeyValue | StoreKind::Versioned { .. } | StoreKind::Ordered => None,
    };
    let is_plain = store.kind != StoreKind::Ordered && store.key.windowed.is_none();
    TableSpec {
        name,
        topic: topic.clone(),
        key: if is_plain { store.key.format } else { FormatName::Bytes },
        value: store.value.format,
        partitions: None,
        partitioner: Some(Partitioner::Murmur2),
        read_only: true,
        window,
        history_ms: match store.kind {
            StoreKind::Versioned { history_ms } => u64::try_from(history_ms).ok(),
            _ => None,
        },
    }
}

fn legal(name: &str) -> Result<TableName, QueryError> {
    TableName::new(name).map_err(|error| QueryError::Invalid(error.to_string()))
}
