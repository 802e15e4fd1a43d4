//! What queries need of the catalog: their statements, the places of their stores.
use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use lentic_engine::log::{self, Topic, TopicSettings};
use lentic_engine::{Assignment, Event, TaskId};
use lentic_store::layout::StoreId;
use lentic_store::{Database, FamilyId, Store};
use lentic_types::{Offset, PartitionId, TableName, TableSpec, TopicName, TopicPartition};

use super::catalog::Catalog;
use super::statement::Change;
use super::tables::{EMBEDDED_PARTITIONS, settings_of_new};
use super::{Node, Shared, logs};
use crate::query::{Query, QueryError, QueryRecord};
use crate::table::{Owner, Partition, StorePlace};
use crate::topics::find_or_create;
use crate::{RawTable, TableError};

impl Node {
    /// The query as it was started last, and the offset of its creation.
    pub(crate) fn known_query(&self, name: &str) -> Option<(QueryRecord, Offset)> {
        self.catalog().queries.get(name).cloned()
    }

    /// Writes down what a query is, if that is news. Returns the offset of its creation.
    pub(crate) fn remember_query(
        &self,
        query: &QueryRecord,
        known: Option<&(QueryRecord, Offset)>,
    ) -> Result<Offset, QueryError> {
        let mut catalog = self.catalog();
        if let Some((_, created)) = known.filter(|(old, _)| old == query) {
            return Ok(*created);
        }
        let offset = self.write_statement(&mut catalog, &Change::RunQuery(query.clone()))?;
        // Another node may have started it a moment before.
        let created = catalog.queries.get(&query.name).map_or(offset, |(_, created)| *created);
        catalog.queries.insert(query.name.clone(), (query.clone(), created));
        Ok(created)
    }

    pub(crate) fn forget_query(&self, name: &str) -> Result<(), QueryError> {
        let mut catalog = self.catalog();
        self.write_statement(&mut catalog, &Change::DropQuery(name.to_owned()))?;
        catalog.queries.remove(name);
        Ok(())
    }

    /// Removes a store with its rows.
    pub(crate) fn remove_store(&self, table: &RawTable) -> Result<(), TableError> {
        self.shared.remove_store(&self.catalog(), table)
    }
}

impl Shared {
    /// Opens a store over its changelog (or a global table over its topic): its rows come from there until a task leads.
    pub(crate) fn open_store(
        self: &Arc<Self>,
        spec: TableSpec,
        created: Offset,
        topic: Topic,
        place: StorePlace,
    ) -> Result<RawTable, TableError> {
        let mut catalog = self.catalog();
        if let Some(other) = self.registry.table(spec.name.as_str()) {
            if other.is_store_of(&place.owner) && !catalog.created.contains_key(&spec.name) {
                // The query ran before in this process.
                if other.is_same(&spec, &topic, &place) {
                    return Ok(other);
                }
                self.close_store(&other);
            } else {
                return Err(TableError::Invalid(format!(
                    "a table {} is there already (over the topic {}): give the store another name",
                    spec.name,
                    other.spec().topic
                )));
            }
        }
        let store_id = catalog.store_id(&spec.name, created, topic.partitions, &place.owner)?;
        let mut partitions = Vec::new();
        let all = (0..topic.partitions).map(PartitionId);
        for id in all.filter(|id| self.is_placed_here(&place.owner, *id)) {
            let store = self.family_of(&place.owner, id, place.is_in_memory)?;
            let source = TopicPartition::new(topic.name.clone(), id);
            let conditional = Arc::clone(catalog.conditional.entry(source).or_default());
            partitions.push(Partition::new(id, store, store_id, conditional));
        }
        let around = Arc::clone(&self.around);
        let table = RawTable::of_store(spec, place, store_id, topic, partitions, around);
        self.registry.insert(table.clone());
        for partition in table.here().iter() {
            self.assign_partition(&table, partition.id);
        }
        self.leave_rest_behind(&table);
        Ok(table)
    }

    /// On the embedded log: makes a topic that isn't there.
    pub(crate) fn make_embedded_topic(&self, name: &TopicName) -> Result<(), TableError> {
        if self.log.topic(name)?.is_some() {
            return Ok(());
        }
        let settings =
            TopicSettings { cleanup: TopicSettings::default().cleanup, ..settings_of_new(&self.config) };
        match self.log.create_topic(name, EMBEDDED_PARTITIONS, &settings) {
            Ok(_) | Err(log::Error::TopicExists(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn queries(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Query>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.reason()
    }

    /// The name of the topic whose partitions have the positions of the shards.
    pub(crate) fn shards_name(&self) -> TopicName {
        let name = format!("{}{}", self.config.service_id, logs::SHARDS_SUFFIX);
        TopicName::new(name).expect("a service's id was checked at the start")
    }

    /// The same, made if it is missing.
    pub(crate) fn shards_topic(&self) -> Result<TopicName, log::Error> {
        let name = self.shards_name();
        find_or_create(&*self.log, &name, self.config.shards, &TopicSettings::compacted())?;
        Ok(name)
    }

    /// What keeps the rows of a store's partition.
    pub(crate) fn family_of(
        &self,
        owner: &Owner,
        partition: PartitionId,
        is_in_memory: bool,
    ) -> Result<Arc<dyn Store>, lentic_store::Error> {
        let family = owner.shard(partition, self.config.shards).map_or(FamilyId::Global, FamilyId::Shard);
        if is_in_memory { self.memory.family(family) } else { self.database.family(family) }
    }

    /// Nobody is answered by a store any more, and nothing is written to it.
    fn close_store(&self, table: &RawTable) {
        let name = table.spec().name;
        self.registry.remove(&name);
        table.close();
        let here = table.here();
        let followers = here.iter().map(|partition| TaskId::of_table(name.as_str(), partition.id));
        self.inbox.revoke_all(followers.collect());
    }

    /// Removes a store with its rows, under the catalog's lock.
    pub(crate) fn remove_store(&self, _lock: &Catalog, table: &RawTable) -> Result<(), TableError> {
        self.close_store(table);
        let all = (0..table.partitions()).map(PartitionId);
        Ok(self.remove_rows(table.owner(), table.inner.store_id, all)?)
    }

    /// The number of a store that has no changelog.
    pub(crate) fn unlogged_store_id(
        &self,
        store: &TableName,
        created: Offset,
        partition: PartitionId,
        owner: &Owner,
    ) -> Result<StoreId, lentic_store::Error> {
        let catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        catalog.store_id(store, created, partition.0 + 1, owner).map_err(|error| match error {
            TableError::Store(error) => error,
            other => lentic_store::Error::Corrupt(other.to_string()),
        })
    }

    /// Has a partition of a store rolled forward through its changelog.
    pub(crate) fn assign_partition(&self, table: &RawTable, id: PartitionId) {
        let (spec, topic) = (table.spec(), table.inner.topic.load_full());
        let Some(partition) = table.partition(id) else { return };
        let task = TaskId::of_table(spec.name.as_str(), id);
        self.inbox.register(task.clone(), table.clone());
        self.inbox.event(Event::Assigned(Box::new(Assignment {
            task,
            store: Arc::clone(&partition.store),
            store_id: table.inner.store_id,
            source: TopicPartition::new(topic.name.clone(), id),
            partitions: topic.partitions,
            key: table.inner.key,
            retention_ms: spec.window.and_then(|window| window.retention_ms),
            facts: None,
        })));
    }
}
