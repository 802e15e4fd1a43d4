//! From a text to what answers it.
use std::sync::Arc;

use lentic::{Node, TransientFrom, TransientUntil};
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::plan::pull::{Pull, PullRequest};
use lentic_sql::plan::{QueryPlan, Request, Target};
use lentic_sql::settings::Settings;
use lentic_sql::statement::{Session, State, prepare};
use lentic_sql_syntax::ast::{Print, Query, Statement};

use super::pull::pull_id;
use super::scalable::with_key;
use super::{Columns, Pulled, Question, header_columns};
use crate::ksql::statement::{bad_statement, statements};
use crate::ksql::{Ksql, Rights};

/// A text that is to be answered with rows.
pub(crate) struct Asked<'a> {
    pub(crate) ksql: &'a Arc<Ksql>,
    pub(crate) node: &'a Node,
    pub(crate) rights: &'a Rights,
    pub(crate) session: &'a Session,
    pub(crate) extensions: bool,
    /// What was asked, if the session is the service's own.
    pub(crate) question: Option<Question<'a>>,
}

/// What answers it.
pub(crate) enum Planned {
    /// An answer from the rows of a table.
    Table(Pulled),
    /// A query that runs for the client.
    Stream(Box<Streamed>),
    /// Records of a topic, as they are.
    Print(Print),
}

/// A query whose rows come one after the other.
pub(crate) struct Streamed {
    pub(crate) id: String,
    pub(crate) statement: String,
    pub(crate) plan: QueryPlan,
    pub(crate) columns: Columns,
    pub(crate) limit: Option<u64>,
    pub(crate) from: TransientFrom,
    pub(crate) until: TransientUntil,
    pub(crate) settings: Settings,
}

impl Streamed {
    /// Whether it goes on until somebody has enough.
    pub(crate) fn is_endless(&self) -> bool {
        self.until == TransientUntil::Stopped
    }
}

impl Asked<'_> {
    /// Plans the one statement of a text.
    pub(crate) fn plan(&self, text: &str) -> Result<Planned, ErrorBody> {
        let bad = |message: String| ErrorBody::new(ErrorCode::BAD_STATEMENT, message);
        let texts = statements(text, self.extensions)?;
        let [text] = texts.as_slice() else {
            return Err(ErrorBody::not_one_statement(texts.len()));
        };
        let text = self.session.substitute(text).map_err(|error| bad(error.to_string()))?;
        let parsed = prepare(&text, self.extensions);
        let parsed = parsed.map_err(|refusal| bad_statement(&refusal, &text))?;
        let Some(parsed) = parsed.into_iter().next() else {
            return Err(ErrorBody::not_one_statement(0));
        };
        let state = self.ksql.state();
        self.rights.check(&parsed.statement, &state)?;
        match parsed.statement {
            Statement::Print(print) => Ok(Planned::Print(print)),
            Statement::Query(query) if query.emit.is_some() => self.push(&state, &text, &query),
            Statement::Query(query) => self.pull(&state, &text, &query),
            _ => Err(ErrorBody::new(ErrorCode::BAD_REQUEST, "Neither a query nor a print statement")),
        }
    }

    fn push(&self, state: &State, text: &str, query: &Query) -> Result<Planned, ErrorBody> {
        let id = self.new_id(state, query);
        let settings = &self.session.settings;
        let keyed = is_scalable(state, settings, query).then(|| with_key(state.catalog(), query)).flatten();
        let query = keyed.as_ref().unwrap_or(query);
        let request = Request { id: &id, statement: text, target: Target::Client(query) };
        let planned = self.ksql.planner().plan(state.catalog(), settings, request);
        let plan =
            planned.map_err(|refusal| ErrorBody { statement: None, ..bad_statement(&refusal, text) })?;
        Ok(Planned::Stream(Box::new(Streamed {
            id,
            statement: text.to_owned(),
            columns: header_columns(&plan.schema),
            plan,
            limit: query.limit.and_then(|limit| u64::try_from(limit).ok()),
            from: TransientFrom::AsPlanned,
            until: TransientUntil::Stopped,
            settings: settings.clone(),
        })))
    }

    fn pull(&self, state: &Arc<State>, text: &str, query: &Query) -> Result<Planned, ErrorBody> {
        let settings = &self.session.settings;
        let request = PullRequest { statement: text, query, extensions: self.extensions };
        let planner = self.ksql.planner();
        let to_be = |table: &str| self.extensions.then(|| state.view_to_be(planner, table)).flatten();
        let view_of = |table: &str| state.view(table, self.extensions).or_else(|| to_be(table));
        let planned = planner.pull(state.catalog(), settings, request, &view_of);
        let planned = planned.map_err(|refusal| bad_statement(&refusal, text))?;
        let plan = match planned {
            Pull::Table(_) if self.extensions && self.keep(state, &query.from.name)? => {
                return self.pull(&self.ksql.state(), text, query);
            }
            Pull::Table(pull) => {
                let id = pull_id(planner.world.now_ms());
                let pulled = Pulled::new(id, pull);
                if let Some(question) = self.question {
                    let of = (state, query.from.name.text.as_str());
                    self.ksql.keep_plan(question, text, of, &pulled, self.node);
                }
                return Ok(Planned::Table(pulled));
            }
            Pull::Stream(plan) => QueryPlan::clone(&plan),
        };
        Ok(Planned::Stream(Box::new(Streamed {
            id: self.new_id(state, query),
            statement: text.to_owned(),
            columns: header_columns(&plan.schema),
            plan,
            limit: query.limit.and_then(|limit| u64::try_from(limit).ok()),
            from: TransientFrom::Earliest,
            until: TransientUntil::Ends,
            settings: settings.clone(),
        })))
    }

    /// As ksqlDB names queries for clients; those that could follow the persistent query of their source have another name.
    fn new_id(&self, state: &State, query: &Query) -> String {
        let random = self.ksql.planner().world.random_bits() >> 1;
        if is_scalable(state, &self.session.settings, query) {
            return format!("SCALABLE_PUSH_QUERY_{}_{random}", query.from.name.text);
        }
        format!("transient_{}_{random}", query.from.name.text)
    }
}

/// Whether ksqlDB would answer from the results of the query that writes the source (push queries of its second kind).
fn is_scalable(state: &State, settings: &Settings, query: &Query) -> bool {
    let reset = ["auto.offset.reset", "ksql.streams.auto.offset.reset"];
    let is_latest = reset
        .iter()
        .find_map(|name| settings.get(name))
        .is_none_or(|reset| reset.eq_ignore_ascii_case("latest"));
    let is_plain = query.joins.is_empty()
        && query.window.is_none()
        && query.group_by.is_none()
        && query.having.is_none()
        && query.partition_by.is_none();
    let writers =
        state.queries().filter(|writer| writer.sink.as_deref() == Some(query.from.name.text.as_str()));
    settings.is_on("ksql.query.push.v2.enabled", false)
        && query.emit.is_some()
        && is_latest
        && is_plain
        && writers.count() == 1
}
