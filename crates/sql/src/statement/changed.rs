//! What became of a statement.
use std::fmt;
use std::sync::Arc;

use super::{Answer, Asserted, InsertedRecord, PersistentQuery};
use crate::plan::QueryPlan;

/// What became of a statement that was executed.
#[derive(Clone, Debug)]
pub enum Executed {
    /// The service is another one than before. Such statements are the ones that a service remembers.
    Changed(Box<Change>),
    /// `IF EXISTS` or `IF NOT EXISTS` made it do nothing; the text is a warning for the user.
    Skipped(String),
    /// The session is another one than before.
    Session,
    /// A record has to be written.
    Insert(Box<InsertedRecord>),
    /// What was asserted has been looked at.
    Asserted(Asserted),
    /// What was asked for.
    Answer(Answer),
}

/// A change of the service.
#[derive(Clone, Debug)]
pub struct Change {
    /// What ksqlDB calls the command.
    pub command: CommandId,
    /// For the user, in ksqlDB's words.
    pub message: String,
    /// The query that was started or replaced.
    pub query_id: Option<Arc<str>>,
    /// What has to happen outside, in this order.
    pub effects: Vec<Effect>,
}

/// Something that has to happen outside.
#[derive(Clone, Debug)]
pub enum Effect {
    /// There must be such a topic, existing or new.
    Topic(TopicRequest),
    /// The query begins to run.
    Start(Arc<PersistentQuery>),
    /// The query of this id goes on as this one, with the rows and positions that it has.
    Replace(Arc<PersistentQuery>),
    /// The query ends, and its own topics and rows go.
    Stop(Arc<str>),
    /// The query stands still.
    Pause(Arc<str>),
    /// The query goes on.
    Resume(Arc<str>),
    /// The rows of a table's topic are kept for reads, by this plan: `CREATE SOURCE TABLE`.
    Materialize(Arc<QueryPlan>),
    /// The rows of a source table are not kept any longer.
    Forget(Arc<str>),
    /// The topic goes.
    DeleteTopic(String),
}

/// A topic that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRequest {
    /// Its name.
    pub name: String,
    /// How many partitions; `None`: the topic must exist already.
    pub partitions: Option<u32>,
    /// How many replicas; `None`: the cluster's default.
    pub replicas: Option<i16>,
    /// `retention.ms`
    pub retention_ms: Option<i64>,
    /// `cleanup.policy`
    pub cleanup_policy: Option<String>,
}

/// What ksqlDB calls a command: ``stream/`X`/create``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandId {
    /// What it is about.
    pub subject: Subject,
    /// Which one.
    pub entity: String,
    /// What is done to it.
    pub action: Action,
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A stream.
    Stream,
    /// A table.
    Table,
    /// A custom type.
    Type,
    /// The end of queries.
    Terminate,
    /// The whole service.
    Cluster,
    /// Their pause.
    Pause,
    /// Their resumption.
    Resume,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It creates.
    Create,
    /// It drops.
    Drop,
    /// It changes.
    Alter,
    /// It is done.
    Execute,
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match self.subject {
            Subject::Stream => "stream",
            Subject::Table => "table",
            Subject::Type => "type",
            Subject::Terminate => "terminate",
            Subject::Cluster => "cluster",
            Subject::Pause => "pause",
            Subject::Resume => "resume",
        };
        let action = match self.action {
            Action::Create => "create",
            Action::Drop => "drop",
            Action::Alter => "alter",
            Action::Execute => "execute",
        };
        write!(f, "{subject}/{}/{action}", self.entity)
    }
}

impl Executed {
    /// A change with this command.
    pub(super) fn changed(
        (subject, entity, action): (Subject, String, Action),
        message: impl Into<String>,
        query_id: Option<Arc<str>>,
        effects: Vec<Effect>,
    ) -> Self {
        let command = CommandId { subject, entity, action };
        Self::Changed(Box::new(Change { command, message: message.into(), query_id, effects }))
    }
}
