//! Persistent queries: `CREATE ... AS SELECT` and `INSERT INTO ... SELECT`.
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use lentic_sql_syntax::ast::{CreateAs, InsertQuery, Query, Relation, SourceKind};

use super::prepare::preparing;
use super::source::{command, find, topic_of};
use super::{Action, Context, Effect, Executed, Session, State, replace};
use crate::Refusal;
use crate::catalog::{Properties, Use, kind_name};
use crate::plan::{QueryPlan, Request, Target};
use crate::settings::Settings;

/// A query that runs until it is told to stop.
#[derive(Clone)]
pub struct PersistentQuery {
    /// Its id.
    pub id: Arc<str>,
    /// The statement that made it, as it was written.
    pub statement: Arc<str>,
    /// Which statement that was.
    pub kind: QueryKind,
    /// What it selects.
    pub query: Arc<Query>,
    /// The streams and tables that it reads.
    pub sources: BTreeSet<Arc<str>>,
    /// The stream or table that it writes.
    pub sink: Option<Arc<str>>,
    /// How it runs.
    pub plan: Arc<QueryPlan>,
    /// The properties of the session that it was made in.
    pub settings: Settings,
    /// Whether it stands still.
    pub is_paused: bool,
}

/// The statement that a persistent query comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// `CREATE STREAM|TABLE ... AS`
    Create,
    /// `INSERT INTO ... SELECT`
    Insert,
}

impl PersistentQuery {
    /// Whether it is the query that made the stream or table of this name.
    pub fn creates(&self, name: &str) -> bool {
        self.created().is_some_and(|created| **created == *name)
    }

    /// The stream or table that it made.
    pub fn created(&self) -> Option<&Arc<str>> {
        self.sink.as_ref().filter(|_| self.kind == QueryKind::Create)
    }
}

impl fmt::Debug for PersistentQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentQuery").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What ids of queries begin with that get a number.
const RESERVED_PREFIXES: [&str; 4] = ["CTAS_", "CSAS_", "CST_", "INSERTQUERY_"];

impl State {
    pub(super) fn create_as(
        &mut self,
        context: &Context<'_>,
        session: &Session,
        text: &str,
        create: &CreateAs,
    ) -> Result<Executed, Refusal> {
        Properties::of(&create.properties, Use::CreateAs).map_err(preparing)?;
        let name = create.name.text.as_str();
        let known = self.catalog.source(name).cloned();
        if let Some(known) = &known {
            if create.if_not_exists {
                return Ok(Executed::Skipped(replace::already_there(create.kind, &create.name, known.kind)));
            }
            replace::may_replace(known, create.or_replace, create.kind, &create.name)?;
        }
        self.check_sources(&create.query)?;
        let mut next = self.clone();
        let before = next.replaced(name)?;
        let id = match &before {
            Some(before) => Arc::clone(&before.id),
            None => {
                let prefix = if create.kind == SourceKind::Stream { "CSAS" } else { "CTAS" };
                format!("{prefix}_{name}_{}", next.take_number()).into()
            }
        };
        let request = Request { id: &id, statement: text, target: Target::Create(create) };
        let plan = context.planner.plan(&next.catalog, &session.settings, request)?;
        let Some(sink) = plan.sink.clone() else {
            return Err(Refusal::new(format!("The query has nothing to write to: {name} was not planned")));
        };
        if let Some(known) = &known {
            replace::source(known, &sink)?;
        }
        if let Some(before) = &before {
            replace::query(&before.query, &create.query)?;
        }
        let sink = next.put(sink)?;
        let query = next.keep(QueryKind::Create, &create.query, text, plan, session);
        let mut effects = vec![Effect::Topic(topic_of(&sink))];
        effects.push(match before {
            Some(_) => Effect::Replace(query),
            None => Effect::Start(query),
        });
        effects.extend(next.forget_rows(name));
        *self = next;
        let message = format!("Created query with ID {id}");
        let command = command(create.kind, &create.name, Action::Create);
        Ok(Executed::changed(command, message, Some(id), effects))
    }

    pub(super) fn insert_query(
        &mut self,
        context: &Context<'_>,
        session: &Session,
        text: &str,
        insert: &InsertQuery,
    ) -> Result<Executed, Refusal> {
        let properties = Properties::of(&insert.properties, Use::Insert).map_err(preparing)?;
        let sink = find(&self.catalog, &insert.into)?;
        let name = &sink.name;
        let refused = |text: String| Err(Refusal::new(text).at(insert.into.at.0));
        if sink.kind == SourceKind::Table {
            return refused(format!(
                "INSERT INTO can only be used to insert into a stream. {name} is a table."
            ));
        }
        if sink.is_read_only() {
            return refused(format!("Cannot insert into read-only {}: {name}", kind_name(sink.kind)));
        }
        if sink.schema.headers().next().is_some() {
            return refused(format!("Cannot insert into {name} because it has header columns"));
        }
        self.check_sources(&insert.query)?;
        let mut next = self.clone();
        let id: Arc<str> = match properties.query_id {
            Some(id) => self.own_id(&id)?.into(),
            None => format!("INSERTQUERY_{}", next.take_number()).into(),
        };
        let request = Request { id: &id, statement: text, target: Target::Insert(insert) };
        let plan = context.planner.plan(&next.catalog, &session.settings, request)?;
        let query = next.keep(QueryKind::Insert, &insert.query, text, plan, session);
        *self = next;
        let message = format!("Created query with ID {id}");
        let command = command(SourceKind::Stream, &insert.into, Action::Create);
        Ok(Executed::changed(command, message, Some(id), vec![Effect::Start(query)]))
    }

    /// Whether there is everything that a query selects from.
    fn check_sources(&self, query: &Query) -> Result<(), Refusal> {
        let relations = std::iter::once(&query.from).chain(query.joins.iter().map(|join| &join.right));
        for Relation { name, .. } in relations {
            if self.catalog.source(&name.text).is_none() {
                let hint = super::insert::hint(&self.catalog, &name.text);
                let text =
                    format!("Exception while preparing statement: {} does not exist.{hint}", name.text);
                let near = hint.is_empty().then(|| self.catalog.near_source(&name.text)).flatten();
                return Err(Refusal::new(text).at(name.at.0).near(near));
            }
        }
        Ok(())
    }

    /// The query that `CREATE OR REPLACE` goes on with.
    fn replaced(&self, sink: &str) -> Result<Option<Arc<PersistentQuery>>, Refusal> {
        let mut writers = self.queries.values().filter(|query| query.sink.as_deref() == Some(sink));
        let first = writers.next().cloned();
        if let Some(first) = &first
            && writers.next().is_some()
        {
            let all: Vec<_> = self
                .queries
                .values()
                .filter(|query| query.sink == first.sink)
                .map(|query| &*query.id)
                .collect();
            return Err(Refusal::new(format!(
                "REPLACE for sink {sink} is not supported because there are multiple queries writing into it: [{}]",
                all.join(", ")
            )));
        }
        Ok(first)
    }

    /// An id that the user chose.
    fn own_id(&self, id: &str) -> Result<String, Refusal> {
        let id = id.to_uppercase();
        if let Some(prefix) = RESERVED_PREFIXES.into_iter().find(|prefix| id.starts_with(prefix)) {
            return Err(Refusal::new(format!(
                "Query IDs must not start with a reserved query ID prefix ({}). Got '{prefix}'.",
                RESERVED_PREFIXES.join(", ")
            )));
        }
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Refusal::new(
                "Query IDs may contain only alphanumeric characters and '_'. Choose another QUERY_ID.",
            ));
        }
        if self.queries.contains_key(&*id) {
            return Err(Refusal::new(format!("Query ID '{id}' already exists.")));
        }
        Ok(id)
    }

    fn keep(
        &mut self,
        kind: QueryKind,
        query: &Query,
        text: &str,
        plan: QueryPlan,
        session: &Session,
    ) -> Arc<PersistentQuery> {
        let query = Arc::new(PersistentQuery {
            id: Arc::clone(&plan.id),
            statement: text.into(),
            kind,
            query: Arc::new(query.clone()),
            sources: plan.sources.clone(),
            sink: plan.sink.as_ref().map(|sink| Arc::clone(&sink.name)),
            plan: Arc::new(plan),
            settings: session.settings.clone(),
            is_paused: false,
        });
        self.queries.insert(Arc::clone(&query.id), Arc::clone(&query));
        query
    }
}
