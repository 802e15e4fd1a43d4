//! `LIST` and `SHOW`.
use std::sync::Arc;

use lentic_sql_syntax::ast::{List, Listed, SourceKind};

use super::{
    Context, Executed, FunctionDescription, FunctionSummary, PersistentQuery, QueryDescription, Session,
    SourceDescription, State,
};
use crate::Refusal;
use crate::catalog::Source;
use crate::plan::QueryPlan;
use crate::types::SqlType;

/// What a statement that asks for something is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// `LIST STREAMS`, `LIST TABLES`
    Sources(SourceKind, Vec<Arc<Source>>),
    /// `DESCRIBE source`
    Source(Box<SourceDescription>),
    /// `DESCRIBE STREAMS`, `DESCRIBE TABLES`, `LIST STREAMS EXTENDED`
    SourceDescriptions(Vec<SourceDescription>),
    /// `LIST QUERIES`
    Queries(Vec<QuerySummary>),
    /// `EXPLAIN`
    Query(Box<QueryDescription>),
    /// `LIST QUERIES EXTENDED`
    QueryDescriptions(Vec<QueryDescription>),
    /// `LIST FUNCTIONS`
    Functions(Vec<FunctionSummary>),
    /// `DESCRIBE FUNCTION`
    Function(Box<FunctionDescription>),
    /// `LIST TYPES`: by name.
    Types(Vec<(Arc<str>, SqlType)>),
    /// `LIST VARIABLES`: name in upper case, and value.
    Variables(Vec<(String, String)>),
    /// `LIST PROPERTIES`: what the session says; what the service says is the caller's to add.
    Properties(Vec<(String, String)>),
    /// `LIST TOPICS`
    Topics {
        /// The topics, by name.
        topics: Vec<TopicSummary>,
        /// With the groups that read them.
        extended: bool,
    },
}

/// A query of a list.
#[derive(Clone, Debug)]
pub struct QuerySummary {
    /// The statement that made it, as it was written: of what keeps the rows of a declared table, the table's.
    pub statement: Arc<str>,
    /// How it runs.
    pub plan: Arc<QueryPlan>,
}

impl QuerySummary {
    pub(super) fn of(query: &PersistentQuery) -> Self {
        Self { statement: Arc::clone(&query.statement), plan: Arc::clone(&query.plan) }
    }
}

/// A topic of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSummary {
    /// Its name.
    pub name: String,
    /// How many replicas each of its partitions has, where that is known.
    pub replicas: Vec<Option<i16>>,
}

/// Topics that belong to no user.
const INTERNAL: [&str; 2] = ["_confluent", "__"];

impl State {
    pub(super) fn list(
        &self,
        context: &Context<'_>,
        session: &Session,
        list: &List,
    ) -> Result<Executed, Refusal> {
        let own = |pair: (&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        Ok(Executed::Answer(match list.what {
            Listed::Streams => self.list_sources(context, SourceKind::Stream, list.extended),
            Listed::Tables => self.list_sources(context, SourceKind::Table, list.extended),
            Listed::Queries if list.extended => {
                let kept = self.kept.keys().filter_map(|table| self.kept_description(table));
                let queries = self.queries.values().map(|query| QueryDescription::of(query));
                Answer::QueryDescriptions(queries.chain(kept).collect())
            }
            Listed::Queries => {
                let kept = self.kept.keys().filter_map(|table| self.kept_summary(table));
                let queries = self.queries.values().map(|query| QuerySummary::of(query));
                Answer::Queries(queries.chain(kept).collect())
            }
            Listed::Functions => Answer::Functions(super::function::list(&context.planner.registry)),
            Listed::Types => {
                let types = self.catalog.custom_types();
                Answer::Types(types.map(|(name, kind)| (Arc::clone(name), kind.clone())).collect())
            }
            Listed::Variables => Answer::Variables(session.variables().map(own).collect()),
            Listed::Properties => {
                let given = session.settings.given().iter();
                Answer::Properties(given.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            Listed::Topics | Listed::AllTopics => {
                let is_shown = |name: &String| {
                    list.what == Listed::AllTopics || !INTERNAL.iter().any(|prefix| name.starts_with(prefix))
                };
                let summary = |name: String| {
                    let partitions = context.topics.partitions(&name).unwrap_or_default() as usize;
                    TopicSummary { replicas: vec![context.topics.replicas(&name); partitions], name }
                };
                let names = context.topics.names().into_iter().filter(is_shown);
                Answer::Topics { topics: names.map(summary).collect(), extended: list.extended }
            }
            Listed::Connectors
            | Listed::SourceConnectors
            | Listed::SinkConnectors
            | Listed::ConnectorPlugins => {
                return Err(super::state::no_connectors());
            }
        }))
    }

    fn list_sources(&self, context: &Context<'_>, kind: SourceKind, extended: bool) -> Answer {
        let sources = self.catalog.sources().filter(|source| source.kind == kind);
        if extended {
            return Answer::SourceDescriptions(
                sources.map(|source| self.described(context, source)).collect(),
            );
        }
        Answer::Sources(kind, sources.cloned().collect())
    }
}
