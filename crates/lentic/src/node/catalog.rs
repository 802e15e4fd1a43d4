//! Declaring, changing and dropping tables.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use lentic_engine::log::{self, Log, Topic, TopicSettings};
use lentic_engine::{Assignment, Event, TaskId};
use lentic_store::layout::{RowPrefix, StoreId, position_key};
use lentic_store::{Database, FamilyId, KeyRange, Order, Store, WriteBatch};
use lentic_types::{Offset, PartitionId, Partitioner, TableName, TableSpec, TopicName, TopicPartition};

use super::clerk;
use super::statement::{self, Change, Statement};
use super::{Node, Shared};
use crate::config::Config;
use crate::table::{Partition, Turn};
use crate::{NodeError, RawTable, TableError};

/// Partitions of a topic that the embedded log creates for a table that doesn't say.
const EMBEDDED_PARTITIONS: u32 = 4;

/// What the catalog keeps beside the tables themselves; its lock serializes all changes.
pub(crate) struct Catalog {
    /// The node's own notes: the log's identity, store ids.
    notes: Arc<dyn Store>,
    topic: Option<Topic>,
    /// The creation offset of each table.
    created: BTreeMap<TableName, Offset>,
    conditional: BTreeMap<TopicPartition, Arc<Turn>>,
}

const IDENTITY: &[u8] = b"identity";
const NEXT_STORE: &[u8] = b"next-store";
const GONE: &[u8] = b"gone/";

impl Catalog {
    /// Opens the notes and refuses state that was built from another log.
    pub(crate) fn open(database: &dyn Database, log: &dyn Log) -> Result<Self, NodeError> {
        let notes = database.family(FamilyId::Node)?;
        let identity = log.identity()?;
        match notes.get(IDENTITY)? {
            Some(stored) if stored != identity.as_bytes() => {
                return Err(NodeError::Config(format!(
                    "state/ was built from another log ({}) than this one ({identity}): point the node at its log, \
                     or delete state/ (it is rebuilt), or choose another --data-dir",
                    String::from_utf8_lossy(&stored)
                )));
            }
            Some(_) => {}
            None => note(&*notes, IDENTITY, Some(identity.as_bytes()))?,
        }
        Ok(Self { notes, topic: None, created: BTreeMap::new(), conditional: BTreeMap::new() })
    }

    /// Reads the statement log: the declarations in force, each with its creation offset.
    pub(crate) fn replay(
        &mut self,
        config: &Config,
        log: &dyn Log,
    ) -> Result<BTreeMap<TableName, (TableSpec, Offset)>, NodeError> {
        let topic = statement::topic(log, &config.service_id)?;
        let statements = statement::replay(log, &topic)?;
        self.topic = Some(topic);
        fold(&statements)
    }

    /// The number of a table's creation in this node's stores, new ones from a counter that never goes back.
    fn store_id(&self, name: &TableName, created: Offset) -> Result<StoreId, lentic_store::Error> {
        let key = format!("store/{name}@{created}");
        let number = |bytes: &[u8]| bytes.try_into().map(u32::from_be_bytes).unwrap_or(0);
        if let Some(id) = self.notes.get(key.as_bytes())? {
            return Ok(StoreId(number(&id)));
        }
        let id = self.notes.get(NEXT_STORE)?.map_or(1, |next| number(&next));
        let mut batch = WriteBatch::default();
        batch.put(key.as_bytes(), &id.to_be_bytes());
        batch.put(NEXT_STORE, &(id + 1).to_be_bytes());
        self.notes.apply(&batch)?;
        self.notes.flush()?;
        Ok(StoreId(id))
    }

    /// Remembers that a store's rows are to be removed, now and (what a load under way still wrote) at the next start.
    fn forget_store(
        &self,
        name: &TableName,
        created: Offset,
        id: StoreId,
        partitions: u32,
    ) -> lentic_store::Result<()> {
        let mut batch = WriteBatch::default();
        batch.delete(format!("store/{name}@{created}").as_bytes());
        batch.put(&[GONE, &id.0.to_be_bytes()].concat(), &partitions.to_be_bytes());
        self.notes.apply(&batch)?;
        self.notes.flush()
    }
}

/// Folds statements into declarations.
fn fold(statements: &[(Offset, Statement)]) -> Result<BTreeMap<TableName, (TableSpec, Offset)>, NodeError> {
    let mut tables = BTreeMap::new();
    for (offset, statement) in statements {
        match statement.change().map_err(NodeError::Config)? {
            Change::CreateTable(spec) => drop(tables.insert(spec.name.clone(), (spec, *offset))),
            Change::AlterTable(spec) => {
                if let Some((old, _)) = tables.get_mut(&spec.name) {
                    *old = spec;
                }
            }
            Change::DropTable(name) => drop(tables.remove(name.as_str())),
        }
    }
    Ok(tables)
}

fn note(notes: &dyn Store, key: &[u8], value: Option<&[u8]>) -> lentic_store::Result<()> {
    let mut batch = WriteBatch::default();
    match value {
        Some(value) => batch.put(key, value),
        None => batch.delete(key),
    }
    notes.apply(&batch)?;
    notes.flush()
}

impl Node {
    /// Declares a table. `Ok((table, true))`: created; `false`: it was there, equal in all fields. Blocks.
    pub fn create_table(&self, spec: TableSpec) -> Result<(RawTable, bool), TableError> {
        let mut catalog = self.catalog();
        if self.shared.is_stopping() {
            return Err(TableError::Closed);
        }
        if let Some(table) = self.table(spec.name.as_str()) {
            let differences = differences(&table, &spec);
            return if differences.is_empty() {
                Ok((table, false))
            } else {
                Err(TableError::Differs(differences))
            };
        }
        if super::is_own_topic(&self.shared.config, &spec.topic) {
            return Err(TableError::Invalid(format!(
                "the topic {} holds what the service itself remembers: no table can be declared over it",
                spec.topic
            )));
        }
        let topic = self.topic_for(&spec)?;
        let spec = TableSpec { partitions: Some(topic.partitions), ..spec };
        let statements = catalog.topic.clone().ok_or(TableError::Closed)?;
        let created = statement::append(&*self.shared.log, &statements, &Change::CreateTable(spec.clone()))?;
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
        let catalog = self.catalog();
        let table = self.table(name.as_str()).ok_or_else(|| TableError::NotFound(name.clone()))?;
        let old = table.spec();
        let spec = TableSpec {
            read_only: read_only.unwrap_or(old.read_only),
            partitioner: partitioner.or(old.partitioner),
            ..old.clone()
        };
        if spec != old {
            let statements = catalog.topic.as_ref().ok_or(TableError::Closed)?;
            statement::append(&*self.shared.log, statements, &Change::AlterTable(spec.clone()))?;
            table.inner.spec.store(Arc::new(spec));
            self.shared.registry.changed();
        }
        Ok(table)
    }

    /// Forgets a table; its topic stays unless `delete_topic`. Blocks.
    pub fn drop_table(&self, name: &TableName, delete_topic: bool) -> Result<(), TableError> {
        let mut catalog = self.catalog();
        let table = self.table(name.as_str()).ok_or_else(|| TableError::NotFound(name.clone()))?;
        let statements = catalog.topic.as_ref().ok_or(TableError::Closed)?;
        statement::append(&*self.shared.log, statements, &Change::DropTable(name.to_string()))?;
        self.shared.registry.remove(name);
        table.close();
        for partition in &table.inner.partitions {
            self.shared.inbox.revoke(TaskId::of_table(name.as_str(), partition.id));
        }
        let created = catalog.created.remove(name).unwrap_or_default();
        catalog.forget_store(name, created, table.inner.store_id, table.partitions())?;
        remove_rows(
            &*self.shared.database,
            self.shared.config.shards,
            name,
            table.inner.store_id,
            table.partitions(),
        )?;
        if delete_topic {
            self.shared.log.delete_topic(&table.inner.topic.load().name)?;
        }
        Ok(())
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
            Ok(_) => table.close(),
            Err(error) => tracing::warn!(table = %name, "can't read the partitions that were added: {error}"),
        }
    }

    /// Opens the tables of the statement log, then those of the configuration.
    pub(super) fn restore_catalog(
        &self,
        tables: BTreeMap<TableName, (TableSpec, Offset)>,
    ) -> Result<(), NodeError> {
        self.remove_gone()?;
        let mut catalog = self.catalog();
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

    fn catalog(&self) -> std::sync::MutexGuard<'_, Catalog> {
        self.shared.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topic of a new table, created where that is allowed.
    fn topic_for(&self, spec: &TableSpec) -> Result<Topic, TableError> {
        let log = &self.shared.log;
        if let Some(topic) = log.topic(&spec.topic)? {
            return match spec.partitions {
                Some(wanted) if wanted != topic.partitions => Err(TableError::Invalid(format!(
                    "the topic {} has {} partitions, not {wanted}: leave `partitions` out, or say {}",
                    topic.name, topic.partitions, topic.partitions
                ))),
                _ => Ok(topic),
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
            outcome => Ok(outcome?),
        }
    }

    fn install(
        &self,
        catalog: &mut Catalog,
        spec: TableSpec,
        created: Offset,
        topic: Topic,
    ) -> Result<RawTable, TableError> {
        let shared = &self.shared;
        let store_id = catalog.store_id(&spec.name, created)?;
        let mut partitions = Vec::new();
        for number in 0..topic.partitions {
            let id = PartitionId(number);
            let task = TaskId::of_table(spec.name.as_str(), id);
            let store = shared.database.family(FamilyId::Shard(task.shard(shared.config.shards)))?;
            let source = TopicPartition::new(topic.name.clone(), id);
            let conditional = Arc::clone(catalog.conditional.entry(source).or_default());
            partitions.push(Partition::new(id, store, store_id, conditional));
        }
        catalog.created.insert(spec.name.clone(), created);
        let table = RawTable::new(spec, store_id, topic, partitions, Arc::clone(&shared.around));
        shared.registry.insert(table.clone());
        self.assign(&table);
        Ok(table)
    }

    /// Hands the table's partitions to the worker. What the log can't tell now, the clerk goes on asking for.
    fn assign(&self, table: &RawTable) {
        let spec = table.spec();
        let topic = table.inner.topic.load_full();
        let known = topic.id != lentic_types::TopicId::default();
        let facts = if known { clerk::facts(&*self.shared.log, table, &topic) } else { Vec::new() };
        for (number, partition) in table.inner.partitions.iter().enumerate() {
            let task = TaskId::of_table(spec.name.as_str(), partition.id);
            self.shared.inbox.register(task.clone(), table.clone());
            self.shared.inbox.event(Event::Assigned(Box::new(Assignment {
                task,
                store: Arc::clone(&partition.store),
                store_id: table.inner.store_id,
                source: TopicPartition::new(topic.name.clone(), partition.id),
                partitions: topic.partitions,
                key: spec.key,
                facts: facts.get(number).copied().flatten(),
            })));
        }
    }

    /// Removes what dropped tables left behind.
    fn remove_gone(&self) -> Result<(), NodeError> {
        let catalog = self.catalog();
        let mut gone = Vec::new();
        {
            let mut cursor = catalog.notes.cursor(KeyRange::prefix(GONE), Order::Ascending)?;
            while let Some((key, value)) = cursor.next()? {
                let number = |bytes: &[u8]| bytes.try_into().map(u32::from_be_bytes).unwrap_or(0);
                gone.push((key.to_vec(), StoreId(number(&key[GONE.len()..])), number(value)));
            }
        }
        for (key, id, partitions) in gone {
            for shard in 0..self.shared.config.shards {
                let family = self.shared.database.family(FamilyId::Shard(lentic_types::ShardId(shard)))?;
                for partition in (0..partitions).map(PartitionId) {
                    family.delete_range(RowPrefix::all_incarnations(id, partition))?;
                }
            }
            note(&*catalog.notes, &key, None)?;
        }
        Ok(())
    }
}

/// Settings of a topic that takes every row that the limits let through.
fn settings_of_new(config: &Config) -> TopicSettings {
    /// What a record takes beside its key and value, alone in its batch: less than that.
    const OVERHEAD_BYTES: u64 = 1024;
    let compacted = TopicSettings::compacted();
    let largest = (config.max_key_bytes + config.max_value_bytes) as u64 + OVERHEAD_BYTES;
    TopicSettings { max_message_bytes: compacted.max_message_bytes.max(largest), ..compacted }
}

fn remove_rows(
    database: &dyn Database,
    shards: u32,
    name: &TableName,
    id: StoreId,
    partitions: u32,
) -> lentic_store::Result<()> {
    for partition in (0..partitions).map(PartitionId) {
        let shard = TaskId::of_table(name.as_str(), partition).shard(shards);
        let family = database.family(FamilyId::Shard(shard))?;
        let mut batch = WriteBatch::default();
        batch.delete(&position_key(id, partition));
        family.apply(&batch)?;
        family.delete_range(RowPrefix::all_incarnations(id, partition))?;
    }
    Ok(())
}

/// What is known of a topic that isn't there: its table fails until it is.
fn missing(spec: &TableSpec) -> Topic {
    Topic {
        name: spec.topic.clone(),
        id: lentic_types::TopicId::default(),
        partitions: spec.partitions.unwrap_or(1).max(1),
        settings: TopicSettings::compacted(),
    }
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
}
