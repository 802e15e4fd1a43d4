//! What the statements say is there, and where this node keeps it.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_engine::log::{Log, Topic};
use lentic_store::layout::StoreId;
use lentic_store::{Database, FamilyId, KeyRange, Order, Store, WriteBatch};
use lentic_types::{Offset, TableName, TableSpec, TopicPartition};

use super::statement::{self, Change, Statement};
use crate::query::QueryRecord;
use crate::sql::SqlEntry;
use crate::table::{Owner, Turn};
use crate::{NodeError, TableError};

/// What the catalog keeps beside the tables themselves; its lock serializes all changes.
pub(crate) struct Catalog {
    /// The node's own notes: the log's identity, store ids.
    notes: Arc<dyn Store>,
    pub(super) topic: Option<Topic>,
    /// Of the statements: those before this are in force here.
    pub(super) position: Offset,
    /// The creation offset of each table.
    pub(super) created: BTreeMap<TableName, Offset>,
    pub(super) conditional: BTreeMap<TopicPartition, Arc<Turn>>,
    /// The queries that were started and not dropped, each with the offset of its creation.
    pub(super) queries: BTreeMap<String, (QueryRecord, Offset)>,
    /// As the statements had it at the start; `None`: they say nothing.
    pub(super) num_standby_replicas: Option<usize>,
    /// Behind the last statement of SQL that counted.
    pub(super) sql_position: Offset,
}

const IDENTITY: &[u8] = b"identity";
const SHARDS: &[u8] = b"shards";
const NEXT_STORE: &[u8] = b"next-store";
/// Before the notes on tables that are declared, and on those whose rows are to be removed: what follows is a
/// [`Place::name`], in both.
const STORE: &str = "store/";
const GONE: &str = "gone/";

/// A table's place in this node's stores, as a note keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: StoreId,
    pub(super) partitions: u32,
    /// By which its partitions are in shards, and so in families.
    pub(super) owner: Owner,
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

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [self.id.0.to_be_bytes(), self.partitions.to_be_bytes()].concat();
        bytes.extend_from_slice(self.owner.to_text().as_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk()?;
        let (partitions, owner) = rest.split_first_chunk()?;
        let owner = Owner::from_text(std::str::from_utf8(owner).ok()?)?;
        Some(Self {
            id: StoreId(u32::from_be_bytes(*id)),
            partitions: u32::from_be_bytes(*partitions),
            owner,
        })
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
            position: Offset(0),
            created: BTreeMap::new(),
            conditional: BTreeMap::new(),
            queries: BTreeMap::new(),
            num_standby_replicas: None,
            sql_position: Offset(0),
        })
    }

    /// Takes over what the statement log says; returns the declarations in force, each with its creation offset.
    pub(crate) fn take(&mut self, declared: Declared) -> BTreeMap<TableName, (TableSpec, Offset)> {
        self.position = declared.position;
        self.topic = Some(declared.topic);
        self.queries = declared.queries;
        self.num_standby_replicas = declared.num_standby_replicas;
        declared.tables
    }

    /// The number of a table's creation in this node's stores, new ones from a counter that never goes back.
    pub(super) fn store_id(
        &self,
        name: &TableName,
        created: Offset,
        partitions: u32,
        owner: &Owner,
    ) -> Result<StoreId, TableError> {
        let name = self.place_name(name, created)?;
        let key = [STORE, &name].concat();
        let noted = self.notes.get(key.as_bytes())?.as_deref().and_then(Place::from_bytes);
        let mut batch = WriteBatch::default();
        let id = match noted {
            Some(place) if place.owner == *owner => {
                if place.partitions >= partitions {
                    return Ok(place.id);
                }
                place.id
            }
            elsewhere => {
                // Its rows are looked for in other families now.
                if let Some(place) = elsewhere {
                    batch.put([GONE, &name].concat().as_bytes(), &place.to_bytes());
                }
                let id = self.notes.get(NEXT_STORE)?.as_deref().and_then(number).unwrap_or(1);
                batch.put(NEXT_STORE, &(id + 1).to_be_bytes());
                StoreId(id)
            }
        };
        batch.put(key.as_bytes(), &Place { id, partitions, owner: owner.clone() }.to_bytes());
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

    /// The places that nothing is in any more which is declared, by what they were of: their rows are to be removed. `kept`: when
    /// the queries were created that statements of SQL want.
    pub(super) fn gone(
        &self,
        declared: &BTreeMap<TableName, (TableSpec, Offset)>,
        kept: &BTreeSet<Offset>,
    ) -> lentic_store::Result<Vec<Place>> {
        let Some(statements) = &self.topic else { return Ok(Vec::new()) };
        let declared: BTreeSet<_> =
            declared.iter().map(|(table, (_, created))| Place::name(statements, table, *created)).collect();
        let of_queries: BTreeSet<_> =
            self.queries.values().map(|(_, created)| *created).chain(kept.iter().copied()).collect();
        let declared = |name: &str| {
            declared.contains(name) || Place::created(name).is_some_and(|at| of_queries.contains(&at))
        };
        self.move_notes(STORE, GONE, |name| !declared(name))?;
        Ok(self.notes_under(GONE)?.into_iter().map(|(_, place)| place).collect())
    }

    /// Their rows are removed.
    pub(super) fn forget_gone(&self) -> lentic_store::Result<()> {
        self.notes.delete_range(KeyRange::prefix(GONE.as_bytes()))
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

/// What the statement log says.
pub(crate) struct Declared {
    topic: Topic,
    /// The end of what was read.
    position: Offset,
    tables: BTreeMap<TableName, (TableSpec, Offset)>,
    queries: BTreeMap<String, (QueryRecord, Offset)>,
    num_standby_replicas: Option<usize>,
    sql: Vec<SqlEntry>,
}

impl Declared {
    /// Takes the statements of SQL out.
    pub(crate) fn take_sql(&mut self) -> Vec<SqlEntry> {
        std::mem::take(&mut self.sql)
    }

    /// Of a service that has a statement log. `Err`: also where a statement is none that this program can run.
    pub(crate) fn known(log: &dyn Log, service: &str) -> Result<Option<Self>, NodeError> {
        let topic = log.topic(&statement::topic_name(service)?)?;
        topic.map(|topic| Self::read(log, topic)).transpose()
    }

    /// The same, and the topic is made if it is missing.
    pub(crate) fn found(log: &dyn Log, service: &str) -> Result<Self, NodeError> {
        Self::read(log, statement::topic(log, service)?)
    }

    fn read(log: &dyn Log, topic: Topic) -> Result<Self, NodeError> {
        let statements = statement::read(log, &topic, None)?;
        Ok(Self {
            topic,
            position: statements.last().map_or(Offset(0), |(offset, _)| offset.next()),
            tables: fold(&statements)?,
            queries: queries(&statements)?,
            num_standby_replicas: num_standby_replicas(&statements)?,
            sql: sql(&statements)?,
        })
    }
}

/// Folds statements into declarations.
fn fold(statements: &[(Offset, Statement)]) -> Result<BTreeMap<TableName, (TableSpec, Offset)>, NodeError> {
    let mut tables = BTreeMap::new();
    for (offset, statement) in statements {
        match statement.change().map_err(NodeError::Config)? {
            // Two nodes may declare one name at the same time: the first one counts.
            Change::CreateTable(spec) => drop(tables.entry(spec.name.clone()).or_insert((spec, *offset))),
            Change::AlterTable(spec) => {
                if let Some((old, _)) = tables.get_mut(&spec.name) {
                    *old = spec;
                }
            }
            Change::DropTable(name) => drop(tables.remove(name.as_str())),
            Change::RunQuery(_) | Change::DropQuery(_) | Change::AlterCluster(_) | Change::Sql(..) => {}
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
            Change::CreateTable(_)
            | Change::AlterTable(_)
            | Change::DropTable(_)
            | Change::AlterCluster(_)
            | Change::Sql(..) => {}
        }
    }
    Ok(queries)
}

/// The statements of SQL, in order, each with what it follows.
fn sql(statements: &[(Offset, Statement)]) -> Result<Vec<SqlEntry>, NodeError> {
    let mut entries = Vec::new();
    for (offset, statement) in statements {
        if let Change::Sql(statement, after) = statement.change().map_err(NodeError::Config)? {
            entries.push(SqlEntry { offset: *offset, statement, after });
        }
    }
    Ok(entries)
}

/// The last word on how many copies there are.
fn num_standby_replicas(statements: &[(Offset, Statement)]) -> Result<Option<usize>, NodeError> {
    let mut last = None;
    for (_, statement) in statements {
        if let Change::AlterCluster(change) = statement.change().map_err(NodeError::Config)? {
            last = change.num_standby_replicas.or(last);
        }
    }
    Ok(last)
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
