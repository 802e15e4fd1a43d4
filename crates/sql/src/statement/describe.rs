//! `DESCRIBE` and `EXPLAIN`.
use std::collections::BTreeSet;
use std::sync::Arc;

use lentic_sql_syntax::ast::{Describe, Explain, SourceKind, Statement};

use super::{Answer, Context, Executed, PersistentQuery, QuerySummary, Session, State};
use crate::Refusal;
use crate::catalog::{Schema, Source};
use crate::plan::{QueryPlan, Request, Target};

/// A stream or table, and who has to do with it.
#[derive(Clone, Debug)]
pub struct SourceDescription {
    /// The stream or table.
    pub source: Arc<Source>,
    /// The queries that read it, what keeps its rows among them.
    pub readers: Vec<QuerySummary>,
    /// The queries that write it.
    pub writers: Vec<QuerySummary>,
    /// The streams and tables that are made from it.
    pub dependents: BTreeSet<Arc<str>>,
    /// How many partitions its topic has, where that is known.
    pub partitions: Option<u32>,
    /// How many replicas they have, where that is known.
    pub replicas: Option<i16>,
}

/// A query, planned.
#[derive(Clone, Debug)]
pub struct QueryDescription {
    /// Its id; empty if it does not run.
    pub id: Arc<str>,
    /// The statement, as it was written.
    pub statement: Arc<str>,
    /// Whether it runs on its own.
    pub is_persistent: bool,
    /// The columns of its rows.
    pub schema: Schema,
    /// The streams and tables that it reads.
    pub sources: BTreeSet<Arc<str>>,
    /// What it writes.
    pub sink: Option<Arc<Source>>,
    /// Its topology, as it is printed.
    pub topology: String,
    /// The same as a Mermaid flowchart.
    pub drawing: String,
    /// Whether it stands still.
    pub is_paused: bool,
    /// The properties that the session gave.
    pub settings: crate::settings::Settings,
}

impl QueryDescription {
    /// Of one that runs.
    pub fn of(query: &PersistentQuery) -> Self {
        let PersistentQuery { id, statement, is_paused, settings, plan, .. } = query;
        Self { id: Arc::clone(id), is_paused: *is_paused, ..Self::planned(plan, statement, settings) }
    }

    pub(super) fn planned(plan: &QueryPlan, statement: &str, settings: &crate::settings::Settings) -> Self {
        Self {
            id: Arc::from(""),
            statement: statement.into(),
            is_persistent: plan.sink.is_some(),
            schema: plan.schema.clone(),
            sources: plan.sources.clone(),
            sink: plan.sink.clone().map(Arc::new),
            topology: plan.topology.describe(),
            drawing: plan.topology.mermaid(),
            is_paused: false,
            settings: settings.clone(),
        }
    }
}

impl State {
    pub(super) fn describe(&self, context: &Context<'_>, describe: &Describe) -> Result<Executed, Refusal> {
        let all = |kind| {
            let sources = self.catalog.sources().filter(|source| source.kind == kind);
            Answer::SourceDescriptions(sources.map(|source| self.described(context, source)).collect())
        };
        Ok(Executed::Answer(match describe {
            Describe::Streams { .. } => all(SourceKind::Stream),
            Describe::Tables { .. } => all(SourceKind::Table),
            Describe::Function(name) => {
                let found = super::function::describe(&context.planner.registry, &name.text);
                Answer::Function(Box::new(found.map_err(|refusal| refusal.at(name.at.0))?))
            }
            Describe::Connector(_) => return Err(super::state::no_connectors()),
            Describe::Source { name, .. } => {
                let Some(source) = self.catalog.source(&name.text) else {
                    let text = format!("Could not find STREAM/TABLE '{}' in the Metastore", name.text);
                    return Err(Refusal::new(text).at(name.at.0).near(self.catalog.near_source(&name.text)));
                };
                Answer::Source(Box::new(self.described(context, source)))
            }
        }))
    }

    pub(super) fn described(&self, context: &Context<'_>, source: &Arc<Source>) -> SourceDescription {
        let name = &source.name;
        let queries = |is: &dyn Fn(&PersistentQuery) -> bool| {
            let queries = self.queries.values().filter(|query| is(query));
            queries.map(|query| QuerySummary::of(query)).collect::<Vec<_>>()
        };
        let reads = |query: &PersistentQuery| query.sources.contains(name);
        let mut readers = queries(&reads);
        readers.extend(self.kept_summary(name));
        let dependents = self.queries.values().filter(|query| reads(query));
        let dependents = dependents.filter_map(|query| query.created().cloned()).collect();
        let topic = source.properties.topic.as_deref().unwrap_or_default();
        SourceDescription {
            source: Arc::clone(source),
            writers: queries(&|query| query.sink.as_ref() == Some(name)),
            readers,
            dependents,
            partitions: context.topics.partitions(topic),
            replicas: context.topics.replicas(topic),
        }
    }

    pub(super) fn explain(
        &self,
        context: &Context<'_>,
        session: &Session,
        text: &str,
        explain: &Explain,
    ) -> Result<Executed, Refusal> {
        let statement = match explain {
            Explain::Statement(statement) => statement,
            Explain::Query(name) => {
                let query = self.query(&name.text).or_else(|| self.query(&name.text.to_uppercase()));
                let kept = || {
                    let (source, _) = self.kept_by(&name.text)?;
                    self.kept_description(&source.name)
                };
                let described = query.map(|query| QueryDescription::of(query)).or_else(kept);
                let described = described.ok_or_else(|| {
                    Refusal::new(format!(
                        "Query with id:{} does not exist, use SHOW QUERIES to view the full set of queries.",
                        name.text
                    ))
                    .at(name.at.0)
                    .near(self.near_query(&name.text))
                })?;
                return Ok(Executed::Answer(Answer::Query(Box::new(described))));
            }
        };
        // As if it were executed, on a copy.
        let mut copy = self.clone();
        let target = match &**statement {
            Statement::CreateAs(_) | Statement::InsertQuery(_) => {
                let executed = copy.execute(context, &mut session.clone(), text, statement)?;
                let Executed::Changed(change) = executed else {
                    return Err(Refusal::new(
                        "The statement does nothing, so that there is nothing to explain.",
                    ));
                };
                let query = change.query_id.as_ref().and_then(|id| copy.query(id));
                let query = query.ok_or_else(|| Refusal::new("The statement starts no query."))?;
                let described = QueryDescription { id: Arc::from(""), ..QueryDescription::of(query) };
                return Ok(Executed::Answer(Answer::Query(Box::new(described))));
            }
            Statement::Query(query) => Target::Client(query),
            _ => return Err(Refusal::new("The provided statement does not run a ksql query")),
        };
        let request = Request { id: "transient", statement: text, target };
        let plan = context.planner.plan(&self.catalog, &session.settings, request)?;
        let described = QueryDescription::planned(&plan, text, &session.settings);
        Ok(Executed::Answer(Answer::Query(Box::new(described))))
    }
}
