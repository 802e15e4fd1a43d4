//! A query's stores as tables: what serves them, and rolls them forward when nobody leads.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_format::{KeyKind, KeyLayout};
use lentic_topology::Plan;
use lentic_topology::spec::{StoreIndex, StoreKind, StoreSpec};
use lentic_types::{
    FormatName, Offset, Partitioner, TableName, TableSpec, TopicName, WindowKind, WindowSpec,
};

use super::QueryError;
use super::topics::Topics;
use crate::table::{Owner, StorePlace};
use crate::{Node, RawTable};

impl Node {
    /// Opens the logged stores of a plan. Those that the user named are served under their names, the others are known to
    /// the node alone.
    pub(super) fn open_stores(
        &self,
        plan: &Plan,
        topics: &mut Topics,
        created: Offset,
    ) -> Result<BTreeMap<StoreIndex, RawTable>, QueryError> {
        let mut tables = BTreeMap::new();
        for part in plan.subtopologies() {
            for index in part.stores.iter().filter(|index| plan.store(**index).logged) {
                let (store, topic) = (plan.store(*index), topics.changelogs[index].clone());
                let name = table_name(plan, store)?;
                let spec = spec(name, &topic.name, store);
                let place = StorePlace {
                    layout: layout(store),
                    is_internal: !store.served,
                    is_in_memory: !store.persistent,
                    owner: owner(plan.name(), &part.name),
                };
                tables.insert(*index, self.open_store(spec, created, topic, place)?);
            }
        }
        Ok(tables)
    }

    /// Opens the global tables of a plan: tables over their topics, known to the node alone.
    pub(super) fn open_globals(&self, plan: &Plan, created: Offset) -> Result<Vec<RawTable>, QueryError> {
        let mut tables = Vec::new();
        for global in plan.globals() {
            let topic = self.shared.log.topic(&global.topic)?;
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
            };
            tables.push(self.open_store(spec, created, topic, place)?);
        }
        Ok(tables)
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

fn table_name(plan: &Plan, store: &StoreSpec) -> Result<TableName, QueryError> {
    if store.served { Ok(store.name.clone()) } else { legal(&format!("{}.{}", plan.name(), store.name)) }
}

fn legal(name: &str) -> Result<TableName, QueryError> {
    TableName::new(name).map_err(|error| QueryError::Invalid(error.to_string()))
}
