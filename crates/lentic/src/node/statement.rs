//! The statement log: what the catalog is made of, one record per change, on `<service>-statements`.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_engine::log::{self, Log, Polled, ReadFrom, ReaderOptions, Topic, TopicSettings};
use lentic_types::{Offset, OutgoingRecord, PartitionId, TableSpec, Timestamp, TopicName, TopicPartition};
use serde::{Deserialize, Serialize};

use crate::NodeError;
use crate::query::QueryRecord;
use crate::sql::SqlStatement;
use crate::topics::find_or_create;

/// The newest version that this program understands. Each statement has the version that knew its kind first.
pub(crate) const VERSION: u32 = 3;

/// Behind the service's name in that of the topic.
pub(super) const SUFFIX: &str = "-statements";

/// A change of the catalog as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Statement {
    version: u32,
    kind: String,
    /// The declaration (JSON), of a drop the table's name, or the statement of SQL.
    text: String,
    /// Names chosen at creation, so that a later version derives no others.
    #[serde(default)]
    names: BTreeMap<String, String>,
    /// Of a statement of SQL: what was set where it was given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
    /// Of a statement of SQL: it counts only if no other has come between it and this offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    CreateTable(TableSpec),
    /// The declaration as changed.
    AlterTable(TableSpec),
    DropTable(String),
    /// A query as it is started, or as it goes on.
    RunQuery(QueryRecord),
    DropQuery(String),
    /// What holds for all nodes.
    AlterCluster(ClusterChange),
    /// What the interpreter understands, and behind which statement of SQL it was found to make sense.
    Sql(SqlStatement, Offset),
}

/// What is changed of the service; `None`: that stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterChange {
    /// Copies of each shard beside its owner's.
    pub(crate) num_standby_replicas: Option<usize>,
}

impl Change {
    /// Programs that know statements up to an earlier one can't run it.
    pub(super) fn version(&self) -> u32 {
        match self {
            Self::AlterCluster(_) => 2,
            Self::Sql(..) => 3,
            _ => 1,
        }
    }
}

impl Statement {
    pub(crate) fn new(change: &Change) -> Self {
        let (mut settings, mut after) = (BTreeMap::new(), None);
        let (kind, text, names) = match change {
            Change::CreateTable(spec) => ("create_table", spec_text(spec), names(spec)),
            Change::AlterTable(spec) => ("alter_table", spec_text(spec), names(spec)),
            Change::DropTable(name) => {
                ("drop_table", name.clone(), BTreeMap::from([("table".to_owned(), name.clone())]))
            }
            Change::RunQuery(query) => {
                let text = serde_json::to_string(query).expect("a query's record has string keys only");
                ("run_query", text, BTreeMap::from([("query".to_owned(), query.name.clone())]))
            }
            Change::DropQuery(name) => {
                ("drop_query", name.clone(), BTreeMap::from([("query".to_owned(), name.clone())]))
            }
            Change::AlterCluster(change) => {
                let text = serde_json::to_string(change).expect("numbers are JSON");
                ("alter_cluster", text, BTreeMap::new())
            }
            Change::Sql(statement, behind) => {
                settings.clone_from(&statement.settings);
                after = Some(behind.0);
                ("sql", statement.text.clone(), statement.names.clone())
            }
        };
        Self { version: change.version(), kind: kind.to_owned(), text, names, settings, after }
    }

    pub(crate) fn change(&self) -> Result<Change, String> {
        let spec = || {
            serde_json::from_str(&self.text).map_err(|error| format!("an unreadable declaration: {error}"))
        };
        match self.kind.as_str() {
            "create_table" => Ok(Change::CreateTable(spec()?)),
            "alter_table" => Ok(Change::AlterTable(spec()?)),
            "drop_table" => Ok(Change::DropTable(self.text.clone())),
            "run_query" => serde_json::from_str(&self.text)
                .map(Change::RunQuery)
                .map_err(|error| format!("an unreadable query: {error}")),
            "drop_query" => Ok(Change::DropQuery(self.text.clone())),
            "alter_cluster" => serde_json::from_str(&self.text)
                .map(Change::AlterCluster)
                .map_err(|error| format!("an unreadable change of the cluster: {error}")),
            "sql" => Ok(Change::Sql(
                SqlStatement {
                    text: self.text.clone(),
                    settings: self.settings.clone(),
                    names: self.names.clone(),
                },
                Offset(self.after.unwrap_or_default()),
            )),
            kind => Err(format!(
                "a statement of the unknown kind {kind:?}: start the newer release that wrote it"
            )),
        }
    }
}

fn spec_text(spec: &TableSpec) -> String {
    serde_json::to_string(spec).expect("a declaration has string keys only")
}

fn names(spec: &TableSpec) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("table".to_owned(), spec.name.to_string()),
        ("topic".to_owned(), spec.topic.to_string()),
    ])
}

/// How long a broker may not have heard of the statement log after another one told of it.
const HEARD: Duration = Duration::from_secs(10);

/// Before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// The name of the statement log.
pub(crate) fn topic_name(service: &str) -> Result<TopicName, NodeError> {
    TopicName::new(format!("{service}{SUFFIX}"))
        .map_err(|error| NodeError::Config(format!("service_id: {error}")))
}

/// The topic of the statement log, made if it is missing.
pub(crate) fn topic(log: &dyn Log, service: &str) -> Result<Topic, NodeError> {
    let name = topic_name(service)?;
    let settings = TopicSettings { retention_ms: -1, ..TopicSettings::default() };
    Ok(find_or_create(log, &name, 1, &settings)?)
}

/// Statements with their offsets: all, or those from the first offset to before the second.
pub(crate) fn read(
    log: &dyn Log,
    topic: &Topic,
    between: Option<(Offset, Offset)>,
) -> Result<Vec<(Offset, Statement)>, NodeError> {
    let source = TopicPartition::new(topic.name.clone(), PartitionId(0));
    let mut reader = log.reader(ReaderOptions::default())?;
    // Each broker hears of a new topic when it does: one that was found is there.
    let heard_until = Instant::now() + HEARD;
    // An offset is read from at once; where the log begins librdkafka would ask for half a second.
    let (start, end) = loop {
        match between.map_or_else(|| log.bounds_of(&source).map(|bounds| (bounds.start, bounds.end)), Ok) {
            Err(log::Error::NoSuchTopic(_)) if Instant::now() < heard_until => std::thread::sleep(PAUSE),
            bounds => break bounds?,
        }
    };
    reader.assign(&source, ReadFrom::Offset(start))?;
    let deadline = Instant::now() + Duration::from_secs(30);
    let (mut statements, mut position, mut polled) = (Vec::new(), start, Vec::new());
    while position < end {
        if Instant::now() > deadline {
            let text = format!("the statement log {} could not be read to its end in 30 s", topic.name);
            return Err(log::Error::Unavailable(text).into());
        }
        reader.poll(Duration::from_millis(100), &mut polled)?;
        for found in polled.drain(..) {
            match found {
                Polled::Records { batch, .. } => {
                    for record in batch.iter().filter(|record| record.offset < end) {
                        statements
                            .push((record.offset, parse(record.value.unwrap_or_default(), record.offset)?));
                        position = record.offset.next();
                    }
                }
                Polled::End { offset, .. } => position = position.max(offset),
                Polled::OutOfRange { .. } => return Err(log::Error::NoSuchTopic(topic.name.clone()).into()),
                Polled::Failed { error: log::Error::NoSuchTopic(_), .. } if Instant::now() < heard_until => {
                    std::thread::sleep(PAUSE);
                    reader.assign(&source, ReadFrom::Offset(position))?;
                }
                Polled::Failed { error: error @ log::Error::NoSuchTopic(_), .. } => return Err(error.into()),
                Polled::Failed { .. } => {}
            }
        }
    }
    Ok(statements)
}

fn parse(value: &[u8], offset: Offset) -> Result<Statement, NodeError> {
    /// What statements of all versions have.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let none = |error: serde_json::Error| {
        NodeError::Config(format!("the statement log holds no statement at offset {offset}: {error}"))
    };
    let Versioned { version } = serde_json::from_slice(value).map_err(none)?;
    if version > VERSION {
        return Err(NodeError::Config(format!(
            "the statement at offset {offset} of the statement log is of version {version}, and this program knows up to \
             {VERSION}: start the newer release that wrote it"
        )));
    }
    serde_json::from_slice(value).map_err(none)
}

/// Appends a statement and waits for it.
pub(crate) fn append(log: &dyn Log, topic: &Topic, change: &Change) -> log::Result<Offset> {
    let value = serde_json::to_vec(&Statement::new(change)).expect("a statement has string keys only");
    let record = OutgoingRecord {
        topic: topic.name.clone(),
        partition: PartitionId(0),
        key: None,
        value: Some(Bytes::from(value)),
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    };
    let (acked, outcome) = std::sync::mpsc::sync_channel(1);
    log.append(record, Box::new(move |ack| drop(acked.try_send(ack))));
    let ack = outcome.recv().map_err(|_| log::Error::Closed)??;
    Ok(ack.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a newer version nothing else is known than that it is one.
    #[test]
    fn versions() {
        let read = |text: &str| parse(text.as_bytes(), Offset(7)).map_err(|error| error.to_string());
        let dropped = read(r#"{"version":1,"kind":"drop_table","text":"t","more":1}"#).unwrap();
        assert_eq!(dropped.change(), Ok(Change::DropTable("t".to_owned())));
        for newer in [r#"{"version":4,"kind":"drop_table","text":"t"}"#, r#"{"version":4,"plan":[]}"#] {
            let refused = read(newer).unwrap_err();
            assert!(refused.contains("offset 7") && refused.contains("version 4"), "{refused}");
        }
        for none in ["", "[]", r#"{"kind":"drop_table","text":"t"}"#, r#"{"version":1,"kind":"drop_table"}"#]
        {
            assert!(read(none).unwrap_err().contains("no statement at offset 7"), "{none}");
        }
        let kind = read(r#"{"version":1,"kind":"rename_table","text":"t"}"#).unwrap();
        assert!(kind.change().unwrap_err().contains("rename_table"));
    }

    /// What an earlier program knows stays written so that it understands it.
    #[test]
    fn statements_have_the_version_that_knew_them_first() {
        let standbys = |count| Change::AlterCluster(ClusterChange { num_standby_replicas: Some(count) });
        let sql = SqlStatement {
            text: "SET 'a' = 'b';".to_owned(),
            settings: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            names: BTreeMap::from([("query".to_owned(), "Q_1".to_owned())]),
        };
        let sql = Change::Sql(sql, Offset(7));
        for (change, version) in [(Change::DropTable("t".to_owned()), 1), (standbys(3), 2), (sql, 3)] {
            let statement = Statement::new(&change);
            assert_eq!(statement.version, version, "{change:?}");
            assert_eq!(statement.change(), Ok(change));
        }
    }
}
