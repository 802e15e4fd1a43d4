//! Attaching to an application of Kafka Streams or ksqlDB: a read-only table over the changelog of each of its stores.
//! Nothing of the application is written, joined, committed or created.
use lentic_engine::log::Topic;
use lentic_format::KeyLayout;
use lentic_types::{FormatName, TableName, TableSpec, TopicName, WindowKind, WindowSpec};

use super::Node;
use super::changelog::{Seen, stores};
use crate::{RawTable, TableError};

/// What is to be attached, and what the user says of it; the rest is guessed.
#[derive(Clone, Debug, Default)]
pub struct Attach {
    /// `application.id`.
    pub application: String,
    /// One store alone.
    pub store: Option<String>,
    /// The name of the table over it; the store's where left out.
    pub name: Option<TableName>,
    /// Format of the keys.
    pub key: Option<FormatName>,
    /// Format of the values.
    pub value: Option<FormatName>,
    /// How keys carry windows.
    pub window: Option<AttachedWindow>,
    /// The size of time windows.
    pub size_ms: Option<u64>,
    /// How long windows are shown.
    pub retention_ms: Option<u64>,
}

/// How the keys of a store carry windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachedWindow {
    /// They don't.
    None,
    /// By this kind.
    Of(WindowKind),
}

/// What became of one store.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its name in the application.
    pub store: String,
    /// Its changelog.
    pub topic: TopicName,
    /// Records that were looked at to guess what the user didn't say.
    pub sampled: u64,
    /// The table, and whether it is new; or why there is none.
    pub outcome: Result<(RawTable, bool), TableError>,
}

impl Node {
    /// Attaches the stores of an application, or one of them. A table that is there over the same changelog stays as it
    /// is, unless the user says otherwise of it. Blocks.
    pub fn attach(&self, attach: &Attach) -> Result<Vec<Attached>, TableError> {
        let application = &attach.application;
        let topics = self.shared.log.topics()?;
        let mut found = stores(application, &topics);
        if let Some(wanted) = &attach.store {
            found.retain(|(store, _)| store == wanted);
        }
        if found.is_empty() {
            let store = attach.store.as_deref().unwrap_or("*");
            return Err(TableError::TopicNotFound(format!("{application}-{store}-changelog")));
        }
        found
            .into_iter()
            .map(|(store, topic)| {
                let seen = self.look_at(attach, &store, &topic)?;
                let sampled = seen.as_ref().map_or(0, |(_, sampled)| *sampled);
                let outcome = match seen {
                    None => self.standing(attach, &store, &topic).map(|table| (table, false)),
                    Some((spec, _)) => self.create_table(spec),
                };
                Ok(Attached { store, topic, sampled, outcome })
            })
            .collect()
    }

    /// The declaration of a store, and how many records it was guessed from; `None`: there is a table that stays.
    fn look_at(
        &self,
        attach: &Attach,
        store: &str,
        name: &TopicName,
    ) -> Result<Option<(TableSpec, u64)>, TableError> {
        let said = attach.key.is_some() || attach.value.is_some() || attach.window.is_some();
        if !said && attach.size_ms.is_none() && attach.retention_ms.is_none() {
            match self.standing(attach, store, name) {
                Ok(_) => return Ok(None),
                Err(TableError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let topic =
            self.shared.log.topic(name)?.ok_or_else(|| TableError::TopicNotFound(name.to_string()))?;
        let sample = self.sample(name, topic.partitions)?;
        let seen = Seen::of(sample.iter().flat_map(|(_, batch)| batch.iter()));
        let table = table_name(attach, store)?;
        Ok(Some((declaration(attach, table, topic, &seen), seen.records)))
    }

    /// The table of this name over this changelog.
    fn standing(&self, attach: &Attach, store: &str, topic: &TopicName) -> Result<RawTable, TableError> {
        let name = table_name(attach, store)?;
        self.table(name.as_str())
            .filter(|table| table.spec().topic == *topic)
            .ok_or(TableError::NotFound(name))
    }
}

/// ksqlDB calls the stores of all queries alike: there the query's name comes first.
fn table_name(attach: &Attach, store: &str) -> Result<TableName, TableError> {
    if let Some(name) = &attach.name {
        return Ok(name.clone());
    }
    let query = attach
        .application
        .strip_prefix("_confluent-ksql-")
        .map(|rest| rest.split_once("query_").map_or(rest, |(_, query)| query));
    let name = query.map_or_else(|| store.to_owned(), |query| format!("{query}-{store}"));
    TableName::new(name).map_err(|error| TableError::Invalid(error.to_string()))
}

fn declaration(attach: &Attach, name: TableName, topic: Topic, seen: &Seen<'_>) -> TableSpec {
    let kind = match attach.window {
        Some(AttachedWindow::Of(kind)) => Some(kind),
        None if attach.size_ms.is_some() => Some(WindowKind::Time),
        // The rows of a key-value store stay; windows go some time.
        None if topic.settings.cleanup.delete => seen.window_kind(),
        Some(AttachedWindow::None) | None => None,
    };
    let window = kind.map(|kind| WindowSpec {
        kind,
        sequence: kind == WindowKind::Time,
        size_ms: attach.size_ms,
        retention_ms: attach.retention_ms,
    });
    let spec = TableSpec {
        name,
        topic: topic.name,
        key: FormatName::Bytes,
        value: attach.value.unwrap_or_else(|| seen.value()),
        partitions: None,
        partitioner: None,
        read_only: true,
        window,
        history_ms: None,
    };
    let key = attach.key.unwrap_or_else(|| seen.key(KeyLayout::of(&spec)));
    TableSpec { key, ..spec }
}
