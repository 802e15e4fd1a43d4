//! From a query to the topology that runs it.
//!
//! The clauses of a query are steps, each a file here, and each makes a [`flow::Flow`] of one: sources and joins, WHERE,
//! PARTITION BY, table functions, GROUP BY with HAVING, the projection, the sink.
mod analysis;
mod binary;
mod codec;
mod explode;
mod filter;
mod flow;
mod group;
mod join;
mod log;
mod partition;
mod project;
pub mod pull;
mod row;
mod select;
mod sink;
mod source;
mod statement;
mod time;
mod unit;
mod view;
mod wanted;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use lentic_sql_syntax::ast::{CreateAs, InsertQuery, Query};

use crate::Refusal;
use crate::catalog::{Catalog, Schema, Source, SourceWindow};
use crate::function::{Registry, World};
use crate::serde::Format;
use crate::settings::Settings;

use analysis::Analysis;

pub use row::{Key, Row};
pub use view::View;

/// What queries are planned with.
#[derive(Clone)]
pub struct Planner {
    /// The functions.
    pub registry: Arc<Registry>,
    /// Clock and chance.
    pub world: Arc<dyn World>,
    /// Who is told of values that could not be computed.
    pub log: Arc<dyn ProcessingLog>,
}

/// Is told of what goes wrong with a record without stopping the query.
pub trait ProcessingLog: Send + Sync {
    /// Something went wrong at a step of a query.
    fn report(&self, query: &str, step: &str, text: &str);
}

/// A query that runs on its own.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The query's id.
    pub id: &'a str,
    /// The whole statement, as it was written.
    pub statement: &'a str,
    /// Where the rows go.
    pub target: Target<'a>,
}

/// Where the rows of a query go.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// `CREATE STREAM|TABLE ... AS`
    Create(&'a CreateAs),
    /// `INSERT INTO`
    Insert(&'a InsertQuery),
    /// To who asked: a push query.
    Client(&'a Query),
}

/// A query, ready to run.
#[derive(Clone)]
pub struct QueryPlan {
    /// Its id.
    pub id: Arc<str>,
    /// What runs.
    pub topology: lentic_topology::Plan,
    /// The stream or table that it writes: a new one, or as it was before `INSERT INTO`.
    pub sink: Option<Source>,
    /// The streams and tables that it reads.
    pub sources: BTreeSet<Arc<str>>,
    /// Its own topics.
    pub topics: Vec<InternalTopic>,
    /// The columns of its rows.
    pub schema: Schema,
    /// How the rows of the table that it makes can be read.
    pub view: Option<Arc<View>>,
}

impl QueryPlan {
    /// What a record of [`CLIENT_TOPIC`] says: whether the row of a table is gone, and the row, by the columns of the schema.
    pub fn client_row(
        &self,
        value: Option<&[u8]>,
    ) -> Result<Option<(bool, Row)>, lentic_topology::DataError> {
        let codec = binary::rows(self.schema.columns().len() + 1);
        let Some(row) = codec.decode(value)? else { return Ok(None) };
        let mut row: Row = row.take();
        let is_gone = matches!(row.remove(0), crate::Value::Boolean(true));
        Ok(Some((is_gone, row)))
    }
}

/// A topic that a query has for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalTopic {
    /// Its name behind the query's prefix: `Aggregate-GroupBy-repartition`.
    pub name: String,
    /// How keys lie in it.
    pub key: Format,
    /// How values lie in it.
    pub value: Format,
    /// The windows of its keys.
    pub window: Option<SourceWindow>,
    /// How many partitions it has; `None`: as many as the source.
    pub partitions: Option<u32>,
}

/// The topic that a push query's rows are written to, which is none: whoever runs it takes them.
pub const CLIENT_TOPIC: &str = "client";

impl Planner {
    /// Plans a query over what the catalog has.
    pub fn plan(
        &self,
        catalog: &Catalog,
        settings: &Settings,
        request: Request<'_>,
    ) -> Result<QueryPlan, Refusal> {
        let named = self.named(&request.target);
        Analysis::new(self, catalog, settings, Request { target: named.target(), ..request })?.plan()
    }

    /// Plans what keeps the rows of a declared table, so that they can be read.
    pub fn keep(&self, id: &str, table: &Arc<Source>) -> Result<QueryPlan, Refusal> {
        let topology = lentic_topology::Topology::new(id);
        let view = source::kept(table, &topology, &log::StepLog::new(&self.log, id, "KsqlTopic"))?;
        Ok(QueryPlan {
            id: id.into(),
            topology: analysis::built(&topology)?,
            sink: None,
            sources: BTreeSet::from([Arc::clone(&table.name)]),
            topics: Vec::new(),
            schema: table.schema.clone(),
            view: Some(Arc::new(view)),
        })
    }
}

impl fmt::Debug for QueryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryPlan")
            .field("id", &self.id)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}
