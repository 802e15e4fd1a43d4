//! Declaring, changing and dropping tables.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use lentic_engine::log::{self, Topic, TopicSettings};
use lentic_engine::{Assignment, Event, TaskId};
use lentic_format::KeyLayout;
use lentic_store::layout::{RowPrefix, StoreId, position_key};
use lentic_types::{Offset, PartitionId, Partitioner, TableName, TableSpec, TopicName, TopicPartition};

use super::catalog::Catalog;
use super::statement::Change;
use super::{Node, Shared, clerk};
use crate::config::Config;
use crate::table::{Owner, Partition};
use crate::{NodeError, RawTable, TableError};

/// Partitions of a topic that the embedded log creates for a table that doesn't say.
pub(super) const EMBEDDED_PARTITIONS: u32 = 4;

impl Node {
    /// Declares a table. `Ok((table, true))`: created; `false`: it was there, equal in all fields. Blocks.
    pub fn create_table(&self, spec: TableSpec) -> Result<(RawTable, bool), TableError> {
        let spec = with_windows(spec)?;
        let mut catalog = self.catalog();
        if self.shared.is_stopping() {
            return Err(TableError::Closed);
        }
        if let Some(table) = self.table(spec.name.as_str()) {
            return same_or_differs(table, &spec);
        }
        if super::is_own_topic(&self.shared.config, &spec.topic) {
            return Err(TableError::Invalid(format!(
                "the topic {} holds what the service itself remembers: no table can be declared over it",
                spec.topic
            )));
        }
        let (topic, is_new) = self.topic_for(&spec)?;
        let mut spec = TableSpec { partitions: Some(topic.partitions), ..spec };
        if is_new && self.shared.config.kept(&spec.name).is_some() {
            // That there are no keys anywhere can't be seen in some partitions.
            spec.partitioner = spec.partitioner.or(Some(Partitioner::Murmur2));
        }
        let created = self.write_statement(&mut catalog, &Change::CreateTable(spec.clone()))?;
        if let Some(table) = self.table(spec.name.as_str()) {
            // Another node was faster.
            return same_or_differs(table, &spec);
        }
        let table = self.install(&mut catalog, spec, created, topic)?;
        Ok((table, true))
    }

    /// Changes what can be changed. Blocks.
    pub fn alter_table(
        &self,
        name: &TableName,
        read_only: Option<bool>,
        partitioner: Option<Partitioner>,
    ) -> Result<RawTable, TableError> {
        let mut catalog = self.catalog();
        let table = self.table(name.as_str()).ok_or_else(|| TableError::NotFound(name.clone()))?;
        let old = table.spec();
        if old.window.is_some() && read_only == Some(false) {
            return Err(TableError::Invalid(format!("{WINDOWS_ARE_READ}: {name} stays read-only")));
        }
        let spec = TableSpec {
            read_only: read_only.unwrap_or(old.read_only),
            partitioner: partitioner.or(old.partitioner),
            ..old.clone()
        };
        if spec != old {
            self.write_statement(&mut catalog, &Change::AlterTable(spec.clone()))?;
            if table.is_closed() {
                return Err(TableError::NotFound(name.clone()));
            }
            table.declare(spec);
            self.shared.registry.changed();
        }
        Ok(table)
    }

    /// Forgets a table; its topic stays unless `delete_topic`, which is refused while another table is over it. Blocks.
    pub fn drop_table(&self, name: &TableName, delete_topic: bool) -> Result<(), TableError> {
        let mut catalog = self.catalog();
        let table = self.table(name.as_str()).ok_or_else(|| TableError::NotFound(name.clone()))?;
        if delete_topic {
            // First: the table of a topic that is gone can be dropped, the topic of a table that is gone is forgotten.
            self.delete_topic_of(&table.spec())?;
        }
        self.write_statement(&mut catalog, &Change::DropTable(name.to_string()))?;
        self.uninstall(&mut catalog, &table)
    }

    /// A table is dropped: nobody is answered any more, and its rows go.
    pub(super) fn uninstall(&self, catalog: &mut Catalog, table: &RawTable) -> Result<(), TableError> {
        let name = table.spec().name;
        self.shared.registry.remove(&name);
        table.close();
        for partition in table.here().iter() {
            self.shared.inbox.revoke(TaskId::of_table(name.as_str(), partition.id));
        }
        let created = catalog.created.remove(&name).unwrap_or_default();
        catalog.forget_store(&name, created)?;
        let all = (0..table.partitions()).map(PartitionId);
        Ok(self.shared.remove_rows(table.owner(), table.inner.store_id, all)?)
    }

    fn delete_topic_of(&self, spec: &TableSpec) -> Result<(), TableError> {
        if spec.read_only {
            return Err(TableError::TopicReadOnly(spec.topic.clone()));
        }
        let mut others = self.tables().into_iter().map(|table| table.spec());
        match others.find(|other| other.topic == spec.topic && other.name != spec.name) {
            Some(other) => Err(TableError::TopicInUse(spec.topic.clone(), other.name)),
            None => Ok(self.shared.log.delete_topic(&spec.topic)?),
        }
    }

    /// The topic has got more partitions than the table knows of: the table is opened anew with all of them.
    pub(super) fn grow_table(&self, table: &RawTable, topic: Topic) {
        let mut catalog = self.catalog();
        let name = table.spec().name;
        // It may have been dropped meanwhile.
        let is_current = self.table(name.as_str()).is_some_and(|now| Arc::ptr_eq(&now.inner, &table.inner));
        let Some(&created) = catalog.created.get(&name).filter(|_| is_current) else { return };
        tracing::warn!(table = %name, "the topic {} has {} partitions now", topic.name, topic.partitions);
        match self.install(&mut catalog, table.spec(), created, topic) {
            Ok(successor) => table.replace_by(successor),
            Err(error) => tracing::warn!(table = %name, "can't read the partitions that were added: {error}"),
        }
    }

    /// Opens the tables of the statement log, then those of the configuration.
    pub(super) fn restore_catalog(
        &self,
        tables: BTreeMap<TableName, (TableSpec, Offset)>,
    ) -> Result<(), NodeError> {
        let mut catalog = self.catalog();
        for place in catalog.gone(&tables, &self.shared.upkeep.created())? {
            self.shared.remove_rows(&place.owner, place.id, (0..place.partitions).map(PartitionId))?;
        }
        catalog.forget_gone()?;
        for (name, (spec, created)) in tables {
            let topic = self.shared.log.topic(&spec.topic)?;
            let topic = topic.unwrap_or_else(|| missing(&spec));
            self.install(&mut catalog, spec, created, topic)
                .map_err(|error| NodeError::Config(format!("the table {name} can't be opened: {error}")))?;
        }
        drop(catalog);
        for spec in &self.shared.config.tables {
            self.create_table(spec.clone()).map_err(|error| {
                NodeError::Config(format!("the table {} of the configuration: {error}", spec.name))
            })?;
        }
        let known = self.tables().iter().map(|table| table.spec().name).collect();
        *self.shared.known_at_start.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    pub(super) fn catalog(&self) -> std::sync::MutexGuard<'_, Catalog> {
        self.shared.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topic of a new table, and whether it was created, which is where that is allowed.
    pub(super) fn topic_for(&self, spec: &TableSpec) -> Result<(Topic, bool), TableError> {
        let log = &self.shared.log;
        if let Some(topic) = log.topic(&spec.topic)? {
            return match spec.partitions {
                Some(wanted) if wanted != topic.partitions => Err(TableError::Invalid(format!(
                    "the topic {} has {} partitions, not {wanted}: leave `partitions` out, or say {}",
                    topic.name, topic.partitions, topic.partitions
                ))),
                _ => Ok((topic, false)),
            };
        }
        let embedded = self.shared.config.brokers.is_empty();
        let partitions = match spec.partitions {
            Some(0) => return Err(TableError::Invalid("`partitions` must be at least 1".to_owned())),
            Some(partitions) => partitions,
            None if embedded => EMBEDDED_PARTITIONS,
            None => return Err(TableError::TopicNotFound(spec.topic.to_string())),
        };
        match log.create_topic(&spec.topic, partitions, &settings_of_new(&self.shared.config)) {
            Err(log::Error::TopicExists(_)) => self.topic_for(spec),
            outcome => Ok((outcome?, true)),
        }
    }

    pub(super) fn install(
        &self,
        catalog: &mut Catalog,
        spec: TableSpec,
        created: Offset,
        topic: Topic,
    ) -> Result<RawTable, TableError> {
        let shared = &self.shared;
        let owner = Owner::table(&spec.name);
        let store_id = catalog.store_id(&spec.name, created, topic.partitions, &owner)?;
        let mut partitions = Vec::new();
        for id in self.kept_partitions(&spec.name, &owner, store_id, topic.partitions)? {
            let store = shared.family_of(&owner, id, false)?;
            let source = TopicPartition::new(topic.name.clone(), id);
            let conditional = Arc::clone(catalog.conditional.entry(source).or_default());
            partitions.push(Partition::new(id, store, store_id, conditional));
        }
        catalog.created.insert(spec.name.clone(), created);
        let table = RawTable::new(spec, store_id, topic, partitions, Arc::clone(&shared.around));
        shared.registry.insert(table.clone());
        self.assign(&table);
        shared.leave_rest_behind(&table);
        Ok(table)
    }

    /// The partitions that this node keeps of a table: those of its shards, unless the configuration chooses some; then of
    /// others nothing stays that an earlier choice had kept.
    fn kept_partitions(
        &self,
        name: &TableName,
        owner: &Owner,
        store_id: StoreId,
        partitions: u32,
    ) -> Result<Vec<PartitionId>, TableError> {
        let all = (0..partitions).map(PartitionId);
        let Some(kept) = self.shared.config.kept(name) else {
            return Ok(all.filter(|id| self.shared.is_placed_here(owner, *id)).collect());
        };
        if let Some(missing) = kept.iter().find(|kept| kept.0 >= partitions) {
            return Err(TableError::Invalid(format!(
                "kept_partitions names {name}/{missing}, and its topic has {partitions} partitions, from 0"
            )));
        }
        self.shared.remove_rows(owner, store_id, all.filter(|partition| !kept.contains(partition)))?;
        Ok(kept.into_iter().collect())
    }

    /// Hands the table's partitions to the worker. What the log can't tell now, the clerk goes on asking for.
    fn assign(&self, table: &RawTable) {
        let spec = table.spec();
        let topic = table.inner.topic.load_full();
        let known = topic.id != lentic_types::TopicId::default();
        let facts = if known { clerk::facts(&*self.shared.log, table, &topic) } else { Vec::new() };
        for (number, partition) in table.here().iter().enumerate() {
            let task = TaskId::of_table(spec.name.as_str(), partition.id);
            self.shared.inbox.register(task.clone(), table.clone());
            self.shared.inbox.event(Event::Assigned(Box::new(Assignment {
                task,
                store: Arc::clone(&partition.store),
                store_id: table.inner.store_id,
                source: TopicPartition::new(topic.name.clone(), partition.id),
                partitions: topic.partitions,
                key: KeyLayout::of(&spec),
                retention_ms: spec.window.and_then(|window| window.retention_ms),
                facts: facts.get(number).copied().flatten(),
            })));
        }
    }
}

/// Settings of a topic that takes every row that the limits let through.
pub(super) fn settings_of_new(config: &Config) -> TopicSettings {
    /// What a record takes beside its key and value, alone in its batch: less than that.
    const OVERHEAD_BYTES: u64 = 1024;
    let compacted = TopicSettings::compacted();
    let largest = (config.max_key_bytes + config.max_value_bytes) as u64 + OVERHEAD_BYTES;
    TopicSettings { max_message_bytes: compacted.max_message_bytes.max(largest), ..compacted }
}

/// What is known of a topic that isn't there: its table fails until it is.
pub(super) fn missing(spec: &TableSpec) -> Topic {
    Topic {
        name: spec.topic.clone(),
        id: lentic_types::TopicId::default(),
        partitions: spec.partitions.unwrap_or(1).max(1),
        settings: TopicSettings::compacted(),
    }
}

const WINDOWS_ARE_READ: &str = "windowed keys are written by the application that computes the windows";

/// Windows that make sense make a table read-only.
fn with_windows(spec: TableSpec) -> Result<TableSpec, TableError> {
    let Some(window) = spec.window else { return Ok(spec) };
    window.check().map_err(|why| TableError::Invalid(format!("the window: {why}")))?;
    Ok(TableSpec { read_only: true, ..spec })
}

/// A table that is there, for who asks for it as declared so.
fn same_or_differs(table: RawTable, asked: &TableSpec) -> Result<(RawTable, bool), TableError> {
    let differences = differences(&table, asked);
    if differences.is_empty() { Ok((table, false)) } else { Err(TableError::Differs(differences)) }
}

/// Fields in which a declared table and another declaration differ.
fn differences(table: &RawTable, asked: &TableSpec) -> Vec<(&'static str, String, String)> {
    let spec = table.spec();
    let mut fields = Vec::new();
    let mut compare = |field, declared: String, asked: String| {
        if declared != asked {
            fields.push((field, declared, asked));
        }
    };
    let topic: &TopicName = &spec.topic;
    compare("topic", topic.to_string(), asked.topic.to_string());
    compare("key", spec.key.to_string(), asked.key.to_string());
    compare("value", spec.value.to_string(), asked.value.to_string());
    compare("read_only", spec.read_only.to_string(), asked.read_only.to_string());
    let window = |spec: &TableSpec| {
        spec.window.map_or("none".to_owned(), |window| {
            serde_json::to_string(&window).expect("a declaration has string keys only")
        })
    };
    compare("window", window(&spec), window(asked));
    if let Some(partitions) = asked.partitions {
        let declared = spec.partitions.unwrap_or_else(|| table.partitions());
        compare("partitions", declared.to_string(), partitions.to_string());
    }
    if let Some(partitioner) = asked.partitioner {
        let declared = spec.partitioner.map_or("detected".to_owned(), |declared| declared.to_string());
        compare("partitioner", declared, partitioner.to_string());
    }
    fields
}

impl Shared {
    pub(super) fn table_of(&self, task: &TaskId) -> Option<RawTable> {
        self.registry.table(&task.query)
    }

    /// Removes rows and positions that nobody reads or writes any more.
    pub(super) fn remove_rows(
        &self,
        owner: &Owner,
        id: StoreId,
        partitions: impl Iterator<Item = PartitionId>,
    ) -> lentic_store::Result<()> {
        for partition in partitions {
            let family = self.family_of(owner, partition, false)?;
            let position = position_key(id, partition);
            if family.get(&position)?.is_some() {
                let mut batch = lentic_store::WriteBatch::default();
                batch.delete(&position);
                family.apply(&batch)?;
            }
            family.delete_range(RowPrefix::all_incarnations(id, partition))?;
        }
        Ok(())
    }
}
