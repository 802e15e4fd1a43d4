//! Statements that change the service: tried on a copy, their topics made, written to the log.
use std::collections::BTreeMap;
use std::time::Duration;

use lentic::types::{Offset, TopicName};
use lentic::{ExecuteError, Node, SqlError};
use lentic_sql::Refusal;
use lentic_sql::catalog::{Source, SourceKind};
use lentic_sql::statement::{Change, Context, Effect, Executed, Session, State, TopicRequest, Topics as _};
use lentic_sql_syntax::ast::Statement;

use super::{Command, Ksql, LogTopics, entry};

/// A new topic where nobody says otherwise.
const PARTITIONS: u32 = 1;
/// How long a query that begins at the ends of its topics is waited for, so that what is written next is not missed.
const BEGIN: Duration = Duration::from_secs(5);

/// A statement that took effect.
#[derive(Debug)]
pub(crate) struct Changed {
    /// Its place in the log.
    pub(crate) offset: Offset,
    pub(crate) command: Command,
    /// The query that it started.
    pub(crate) started: Option<String>,
}

/// A statement that did not.
#[derive(Debug)]
pub(crate) enum ChangeError {
    Refused(Refusal),
    /// It changes nothing any more: another one came first.
    Skipped(String),
    Log(SqlError),
}

impl From<Refusal> for ChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Ksql {
    /// Has a statement take effect on all nodes. Blocks.
    pub(crate) fn change(
        &self,
        node: &Node,
        topics: &LogTopics,
        session: &Session,
        text: &str,
        statement: &Statement,
    ) -> Result<Changed, ChangeError> {
        let mut started = None;
        let mut deleted = Vec::new();
        let offset = node.execute_sql(|_| {
            let mut snapshot = self.snapshot();
            let context = Context { planner: self.planner.clone(), topics };
            let executed = snapshot.state.execute(&context, &mut session.clone(), text, statement)?;
            let change = match executed {
                Executed::Changed(change) => *change,
                Executed::Skipped(why) => return Err(ChangeError::Skipped(why)),
                _ => return Err(Refusal::new("The statement changes nothing.").into()),
            };
            for (request, settings) in wanted_topics(&snapshot.state, &change, topics)? {
                make_topic(node, topics, &request, &settings)?;
            }
            (started, deleted) = (None, Vec::new());
            for effect in &change.effects {
                match effect {
                    Effect::Start(query) => started = Some(query.id.to_string()),
                    Effect::Materialize(plan) => started = Some(plan.id.to_string()),
                    Effect::Replace(query) => {
                        let checked = node.check_replacement(&query.id, &query.plan.topology);
                        checked.map_err(|error| Refusal::new(error.to_string()))?;
                    }
                    Effect::DeleteTopic(topic) => deleted.push(topic.clone()),
                    _ => {}
                }
            }
            Ok(entry::entry(text, session, &change.effects))
        });
        let offset = offset.map_err(|error| match error {
            ExecuteError::Refused(error) => error,
            ExecuteError::Sql(error) => ChangeError::Log(error),
        })?;
        for name in deleted {
            topics.forget(&name);
            let gone = TopicName::new(&name).map(|name| node.topics().delete(&name));
            if let Ok(Err(error)) = gone {
                tracing::warn!(topic = name, "a topic was not deleted: {error}");
            }
        }
        if let Some(query) = &started {
            node.wait_query(query, BEGIN);
        }
        let command = self.outcome(offset).ok_or_else(|| Refusal::new("The statement is not in force."))?;
        Ok(Changed { offset, command, started })
    }
}

/// The topics that must be there for a change, with their settings. `state`: with the change.
pub(crate) fn wanted_topics(
    state: &State,
    change: &Change,
    topics: &LogTopics,
) -> Result<Vec<(TopicRequest, BTreeMap<String, String>)>, Refusal> {
    let requests = change.effects.iter().filter_map(|effect| match effect {
        Effect::Topic(request) => Some(request),
        _ => None,
    });
    let mut wanted = Vec::new();
    for request in requests {
        let mut request = request.clone();
        let known = topics.partitions(&request.name);
        // What a query writes has as many partitions as the first source.
        let source = change.query_id.as_ref().and_then(|id| state.query(id)).and_then(|query| {
            let first = state.catalog().source(&query.query.from.name.text)?;
            first.properties.topic.clone()
        });
        if let (None, Some(source)) = (request.partitions, &source) {
            request.partitions = Some(known.or_else(|| topics.partitions(source)).unwrap_or(PARTITIONS));
        }
        if let (Some(known), Some(partitions)) = (known, request.partitions)
            && known != partitions
        {
            let replicas = topics.replicas(&request.name).unwrap_or(1);
            return Err(Refusal::new(format!(
                "A Kafka topic with the name '{}' already exists, with different partition/replica configuration than \
                 required. KSQL expects {partitions} partitions (topic has {known}), and {} replication factor (topic has \
                 {replicas}).",
                request.name,
                request.replicas.unwrap_or(replicas),
            )));
        }
        let sink =
            state.catalog().sources().find(|other| other.properties.topic.as_ref() == Some(&request.name));
        // And the records of a stream stay as long.
        if let (None, Some(from), Some(SourceKind::Stream)) =
            (request.retention_ms, &source, sink.map(|sink| sink.kind))
        {
            request.retention_ms = topics.config(from, "retention.ms").and_then(|ms| ms.parse().ok());
        }
        let settings = sink.map(|sink| settings(sink, &request)).unwrap_or_default();
        wanted.push((request, settings));
    }
    Ok(wanted)
}

/// Kafka's settings of a topic for a stream or table.
fn settings(source: &Source, request: &TopicRequest) -> BTreeMap<String, String> {
    let policy = match (source.kind, source.properties.window) {
        (SourceKind::Stream, _) => None,
        (SourceKind::Table, None) => Some("compact"),
        (SourceKind::Table, Some(_)) => Some("compact,delete"),
    };
    let policy = request.cleanup_policy.clone().or_else(|| policy.map(str::to_owned));
    let retention = request.retention_ms.map(|ms| ms.to_string());
    let all = [("cleanup.policy", policy), ("retention.ms", retention)];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn make_topic(
    node: &Node,
    topics: &LogTopics,
    request: &TopicRequest,
    settings: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    if topics.topic(&request.name).is_some() {
        return Ok(());
    }
    let name = TopicName::new(&request.name).map_err(|error| Refusal::new(error.to_string()))?;
    let replicas = request.replicas.and_then(|replicas| u16::try_from(replicas).ok());
    let made = node.topics().create(&name, request.partitions.unwrap_or(PARTITIONS), replicas, settings);
    topics.forget(&request.name);
    match made {
        Ok(_) | Err(lentic::log::Error::TopicExists(_)) => Ok(()),
        Err(error) => Err(Refusal::new(format!("Failed to create topic {name}: {error}"))),
    }
}
