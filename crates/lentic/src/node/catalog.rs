//! Declaring, changing and dropping tables.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use lentic_engine::log::{self, Log, Topic, TopicSettings};
use lentic_engine::{Assignment, Event, TaskId};
use lentic_format::KeyLayout;
use lentic_store::layout::{RowPrefix, StoreId, position_key};
use lentic_store::{Database, FamilyId, KeyRange, Order, Store, WriteBatch};
use lentic_types::{Offset, PartitionId, Partitioner, TableName, TableSpec, TopicName, TopicPartition};

use super::clerk;
use super::statement::{self, Change, Statement};
use super::{Node, Shared};
use crate::config::Config;
use crate::query::QueryRecord;
use crate::table::{Partition, Turn};
use crate::{NodeError, RawTable, TableError};

/// Partitions of a topic that the embedded log creates for a table that doesn't say.
pub(super) const EMBEDDED_PARTITIONS: u32 = 4;

/// What the catalog keeps beside the tables themselves; its lock serializes all changes.
pub(crate) struct Catalog {
    /// The node's own notes: the log's identity, store ids.
    notes: Arc<dyn Store>,
    pub(super) topic: Option<Topic>,
    /// The creation offset of each table.
    created: BTreeMap<TableName, Offset>,
    pub(super) conditional: BTreeMap<TopicPartition, Arc<Turn>>,
    /// The queries that were started and not dropped, each with the offset of its creation.
    pub(super) queries: BTreeMap<String, (QueryRecord, Offset)>,
}

const IDENTITY: &[u8] = b"identity";
const SHARDS: &[u8] = b"shards";
const NEXT_STORE: &[u8] = b"next-store";
/// Before the notes on tables that are declared, and on those whose rows are to be removed: what follows is a
/// [`Place::name`], in both.
const STORE: &str = "store/";
const GONE: &str = "gone/";

/// A table's place in this node's stores, as a note keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    id: StoreId,
    partitions: u32,
}

impl Place {
    /// Creations of tables are told apart by their offsets, and services that used the same state by their topics.
    fn name(statements: &Topic, table: &TableName, created: Offset) -> String {
        format!("{}/{table}@{created}", statements.id)
    }

    /// The offset of the creation in a [`Place::name`].
    fn created(name: &str) -> Option<Offset> {
        name.rsplit_once('@')?.1.parse().ok().map(Offset)
    }

    /// The table's name in a [`Place::name`].
    fn table(name: &str) -> Option<TableName> {
        let (_, table) = name.rsplit_once('@')?.0.rsplit_once('/')?;
        TableName::new(table).ok()
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.id.0.to_be_bytes(), self.partitions.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, partitions) = bytes.split_first_chunk()?;
        let partitions = u32::from_be_bytes(partitions.try_into().ok()?);
        Some(Self { id: StoreId(u32::from_be_bytes(*id)), partitions })
    }
}

impl Catalog {
    /// Opens the notes and refuses state that was built from another log, or for another number of shards.
    pub(crate) fn open(database: &dyn Database, log: &dyn Log, shards: u32) -> Result<Self, NodeError> {
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
            None => note(&*notes, IDENTITY, identity.as_bytes())?,
        }
        match notes.get(SHARDS)?.as_deref().and_then(number) {
            Some(stored) if stored != shards => return Err(other_shards("state/", stored, shards)),
            Some(_) => {}
            None => note(&*notes, SHARDS, &shards.to_be_bytes())?,
        }
        Ok(Self {
            notes,
            topic: None,
            created: BTreeMap::new(),
            conditional: BTreeMap::new(),
            queries: BTreeMap::new(),
        })
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
        self.queries = queries(&statements)?;
        fold(&statements)
    }

    /// The number of a table's creation in this node's stores, new ones from a counter that never goes back.
    pub(super) fn store_id(
        &self,
        name: &TableName,
        created: Offset,
        partitions: u32,
    ) -> Result<StoreId, TableError> {
        let key = [STORE, &self.place_name(name, created)?].concat();
        let noted = self.notes.get(key.as_bytes())?.as_deref().and_then(Place::from_bytes);
        if let Some(place) = noted.filter(|place| place.partitions >= partitions) {
            return Ok(place.id);
        }
        let mut batch = WriteBatch::default();
        let id = match noted {
            Some(place) => place.id,
            None => {
                let id = self.notes.get(NEXT_STORE)?.as_deref().and_then(number).unwrap_or(1);
                batch.put(NEXT_STORE, &(id + 1).to_be_bytes());
                StoreId(id)
            }
        };
        batch.put(key.as_bytes(), &Place { id, partitions }.to_bytes());
        self.notes.apply(&batch)?;
        self.notes.flush()?;
        Ok(id)
    }

    /// Remembers that a table's rows are to be removed, now and (what a load under way still wrote) at the next start.
    pub(super) fn forget_store(&self, name: &TableName, created: Offset) -> Result<(), TableError> {
        let name = self.place_name(name, created)?;
        Ok(self.move_notes(STORE, GONE, |noted| noted == name)?)
    }

    fn place_name(&self, name: &TableName, created: Offset) -> Result<String, TableError> {
        let statements = self.topic.as_ref().ok_or(TableError::Closed)?;
        Ok(Place::name(statements, name, created))
    }

    /// Moves notes on tables from one prefix to the other.
    fn move_notes(&self, from: &str, to: &str, chosen: impl Fn(&str) -> bool) -> lentic_store::Result<()> {
        let mut batch = WriteBatch::default();
        for (name, place) in self.notes_under(from)?.into_iter().filter(|(name, _)| chosen(name)) {
            batch.delete([from, &name].concat().as_bytes());
            batch.put([to, &name].concat().as_bytes(), &place.to_bytes());
        }
        self.notes.apply(&batch)?;
        self.notes.flush()
    }

    fn notes_under(&self, prefix: &str) -> lentic_store::Result<Vec<(String, Place)>> {
        let mut notes = Vec::new();
        let mut cursor = self.notes.cursor(KeyRange::prefix(prefix.as_bytes()), Order::Ascending)?;
        while let Some((key, value)) = cursor.next()? {
            let name = String::from_utf8_lossy(&key[prefix.len()..]).into_owned();
            notes.extend(Place::from_bytes(value).map(|place| (name, place)));
        }
        Ok(notes)
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
            Change::RunQuery(_) | Change::DropQuery(_) => {}
        }
    }
    Ok(tables)
}

/// Folds statements into queries.
fn queries(statements: &[(Offset, Statement)]) -> Result<BTreeMap<String, (QueryRecord, Offset)>, NodeError> {
    let mut queries = BTreeMap::<String, (QueryRecord, Offset)>::new();
    for (offset, statement) in statements {
        match statement.change().map_err(NodeError::Config)? {
            Change::RunQuery(query) => {
                let created = queries.get(&query.name).map_or(*offset, |(_, created)| *created);
                queries.insert(query.name.clone(), (query, created));
            }
            Change::DropQuery(name) => drop(queries.remove(&name)),
            Change::CreateTable(_) | Change::AlterTable(_) | Change::DropTable(_) => {}
        }
    }
    Ok(queries)
}

fn note(notes: &dyn Store, key: &[u8], value: &[u8]) -> lentic_store::Result<()> {
    let mut batch = WriteBatch::default();
    batch.put(key, value);
    notes.apply(&batch)?;
    notes.flush()
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_be_bytes)
}

/// Shards are what tasks, and so rows, are placed by.
pub(super) fn other_shards(what: &str, first: u32, shards: u32) -> NodeError {
    NodeError::Config(format!(
        "shards = {shards}, and {what} was made with {first}: the number is fixed by the first start of a service, \
         set it back"
    ))
}

impl Node {
    /// Declares a table. `Ok((table, true))`: created; `false`: it was there, equal in all fields. Blocks.
    pub fn create_table(&self, spec: TableSpec) -> Result<(RawTable, bool), TableError> {
        let spec = with_windows(spec)?;
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
        let (topic, is_new) = self.topic_for(&spec)?;
        let mut spec = TableSpec { partitions: Some(topic.partitions), ..spec };
        if is_new && self.shared.config.kept(&spec.name).is_some() {
            // That there are no keys anywhere can't be seen in some partitions.
            spec.partitioner = spec.partitioner.or(Some(Partitioner::Murmur2));
        }
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
        if old.window.is_some() && read_only == Some(false) {
            return Err(TableError::Invalid(format!("{WINDOWS_ARE_READ}: {name} stays read-only")));
        }
        let spec = TableSpec {
            read_only: read_only.unwrap_or(old.read_only),
            partitioner: partitioner.or(old.partitioner),
            ..old.clone()
        };
        if spec != old {
            let statements = catalog.topic.as_ref().ok_or(TableError::Closed)?;
            statement::append(&*self.shared.log, statements, &Change::AlterTable(spec.clone()))?;
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
        let statements = catalog.topic.as_ref().ok_or(TableError::Closed)?;
        statement::append(&*self.shared.log, statements, &Change::DropTable(name.to_string()))?;
        self.shared.registry.remove(name);
        table.close();
        for partition in &table.inner.partitions {
            self.shared.inbox.revoke(TaskId::of_table(name.as_str(), partition.id));
        }
        let created = catalog.created.remove(name).unwrap_or_default();
        catalog.forget_store(name, created)?;
        let partitions = table.inner.partitions.iter().map(|partition| partition.id);
        self.remove_rows(name, table.inner.store_id, partitions)?;
        Ok(())
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
        self.remove_gone(&catalog, &tables)?;
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

    fn install(
        &self,
        catalog: &mut Catalog,
        spec: TableSpec,
        created: Offset,
        topic: Topic,
    ) -> Result<RawTable, TableError> {
        let shared = &self.shared;
        let store_id = catalog.store_id(&spec.name, created, topic.partitions)?;
        let mut partitions = Vec::new();
        for id in self.kept_partitions(&spec.name, store_id, topic.partitions)? {
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

    /// The partitions that this node keeps of a table: of others nothing stays that an earlier choice had kept.
    fn kept_partitions(
        &self,
        name: &TableName,
        store_id: StoreId,
        partitions: u32,
    ) -> Result<Vec<PartitionId>, TableError> {
        let all = (0..partitions).map(PartitionId);
        let Some(kept) = self.shared.config.kept(name) else { return Ok(all.collect()) };
        if let Some(missing) = kept.iter().find(|kept| kept.0 >= partitions) {
            return Err(TableError::Invalid(format!(
                "kept_partitions names {name}/{missing}, and its topic has {partitions} partitions, from 0"
            )));
        }
        self.remove_rows(name, store_id, all.filter(|partition| !kept.contains(partition)))?;
        Ok(kept.into_iter().collect())
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
                key: KeyLayout::of(&spec),
                retention_ms: spec.window.and_then(|window| window.retention_ms),
                facts: facts.get(number).copied().flatten(),
            })));
        }
    }

    /// Removes what tables left behind that are not declared any more: dropped ones, and those of another service that
    /// used this state.
    fn remove_gone(
        &self,
        catalog: &Catalog,
        declared: &BTreeMap<TableName, (TableSpec, Offset)>,
    ) -> Result<(), NodeError> {
        let Some(statements) = &catalog.topic else { return Ok(()) };
        let declared: BTreeSet<_> =
            declared.iter().map(|(table, (_, created))| Place::name(statements, table, *created)).collect();
        let of_queries: BTreeSet<_> = catalog.queries.values().map(|(_, created)| *created).collect();
        let declared = |name: &str| {
            declared.contains(name) || Place::created(name).is_some_and(|at| of_queries.contains(&at))
        };
        catalog.move_notes(STORE, GONE, |name| !declared(name))?;
        for (name, place) in catalog.notes_under(GONE)? {
            if let Some(table) = Place::table(&name) {
                self.remove_rows(&table, place.id, (0..place.partitions).map(PartitionId))?;
            }
        }
        Ok(catalog.notes.delete_range(KeyRange::prefix(GONE.as_bytes()))?)
    }

    /// Removes rows and positions that nobody reads or writes any more.
    pub(super) fn remove_rows(
        &self,
        name: &TableName,
        id: StoreId,
        partitions: impl Iterator<Item = PartitionId>,
    ) -> lentic_store::Result<()> {
        for partition in partitions {
            let shard = TaskId::of_table(name.as_str(), partition).shard(self.shared.config.shards);
            let family = self.shared.database.family(FamilyId::Shard(shard))?;
            let position = position_key(id, partition);
            if family.get(&position)?.is_some() {
                let mut batch = WriteBatch::default();
                batch.delete(&position);
                family.apply(&batch)?;
            }
            family.delete_range(RowPrefix::all_incarnations(id, partition))?;
        }
        Ok(())
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
fn missing(spec: &TableSpec) -> Topic {
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
}
