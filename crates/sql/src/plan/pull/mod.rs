//! Pull queries: one answer, from the rows that there are.
//!
//! What they read is decided by WHERE: some keys, the keys between two, or all. Rows come as a store has them; a
//! [`Collector`] makes the answer of them.
mod collector;
mod group;
mod lookup;
mod open;
mod predicate;
mod refusal;
mod sorting;

use std::sync::Arc;

use lentic_sql_syntax::ast::{ExprNode, Name, Query, SelectItem, SourceKind};

use super::analysis::Analysis;
use super::select::{Item, qualified};
use super::{Planner, QueryPlan, Request, Target, View};
use crate::catalog::{Catalog, Place, Source};
use crate::expr::{Clause, Compiled};
use crate::settings::Settings;
use crate::{Refusal, SqlType};

pub use collector::Collector;
pub use lookup::{Lookup, WindowBounds};

use group::Groups;
use open::Open;

/// A pull query as it was asked.
#[derive(Clone, Copy, Debug)]
pub struct PullRequest<'a> {
    /// The statement, as it was written.
    pub statement: &'a str,
    /// What it says.
    pub query: &'a Query,
    /// Whether it may say what ksqlDB does not know: ORDER BY, GROUP BY, aggregates.
    pub extensions: bool,
}

/// A pull query, ready to run.
#[derive(Clone, Debug)]
pub enum Pull {
    /// Over the rows of a table.
    Table(Arc<TablePull>),
    /// Over the records of a stream, from the first to the last that is there: its rows come as those of a push query.
    Stream(Arc<QueryPlan>),
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub kind: SqlType,
    /// Whether it is one of the table's key, the bounds of windows included, or has headers of its records, which only
    /// `SELECT *` tells.
    pub place: Place,
}

/// A pull query over a table.
pub struct TablePull {
    pub(super) query: Arc<str>,
    pub(super) view: Arc<View>,
    pub(super) columns: Vec<ResultColumn>,
    pub(super) lookup: Lookup,
    pub(super) windows: Option<WindowBounds>,
    pub(super) layout: Layout,
    pub(super) filter: Option<Compiled>,
    pub(super) items: Vec<Compiled>,
    pub(super) groups: Option<Groups>,
    /// What the answer is sorted by, and whether downwards.
    pub(super) order: Vec<(Compiled, bool)>,
    pub(super) limit: Option<usize>,
    pub(super) open: Option<Open>,
}

/// Where the row of expressions has what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) values: usize,
    pub(super) keys: usize,
    pub(super) is_windowed: bool,
}

/// The table's view: the id of the query that keeps its rows, and how they are read there.
pub type ViewOf<'a> = &'a dyn Fn(&str) -> Option<(Arc<str>, Arc<View>)>;

impl TablePull {
    /// The query whose store is read.
    pub fn query(&self) -> &Arc<str> {
        &self.query
    }

    /// The store.
    pub fn store(&self) -> &Arc<str> {
        &self.view.store
    }

    /// The columns of the answer.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    /// Which rows are to be read.
    pub fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// Of windowed tables which windows are to be read.
    pub fn windows(&self) -> Option<&WindowBounds> {
        self.windows.as_ref()
    }

    /// The most rows of the answer.
    pub fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// After so many rows of the answer nothing more is to be read; `None`: every row counts.
    pub fn enough(&self) -> Option<usize> {
        self.limit.filter(|_| self.groups.is_none() && self.order.is_empty())
    }

    /// Whether some of the rows that are read may be in no answer.
    pub fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// What makes the answer of rows.
    pub fn collector(&self) -> Collector<'_> {
        Collector::new(self)
    }
}

impl std::fmt::Debug for TablePull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TablePull")
            .field("query", &self.query)
            .field("lookup", &self.lookup)
            .finish_non_exhaustive()
    }
}

impl Planner {
    /// Plans a pull query over what the catalog has.
    pub fn pull(
        &self,
        catalog: &Catalog,
        settings: &Settings,
        request: PullRequest<'_>,
        view_of: ViewOf<'_>,
    ) -> Result<Pull, Refusal> {
        let query = self.with_columns(request.query);
        let request = PullRequest { query: &query, ..request };
        let plain =
            Request { id: "pull", statement: request.statement, target: Target::Client(request.query) };
        refusal::check(&request, settings, &self.registry)?;
        let analysis = Analysis::new(self, catalog, settings, plain)?;
        if analysis.sources[0].source.kind == SourceKind::Stream {
            return stream(self, catalog, settings, &request);
        }
        analysis.pull(&request, view_of).map(|pull| Pull::Table(Arc::new(pull)))
    }
}

/// All records of a stream, whatever is said of where to begin.
fn stream(
    planner: &Planner,
    catalog: &Catalog,
    settings: &Settings,
    request: &PullRequest<'_>,
) -> Result<Pull, Refusal> {
    if !settings.is_on("ksql.query.pull.stream.enabled", true) {
        return Err(Refusal::new(
            "Pull queries on streams are disabled. To create a push query on the stream, add EMIT CHANGES to the end. To enable \
             pull queries on streams, set the ksql.query.pull.stream.enabled config to 'true'.",
        ));
    }
    refusal::check_stream(request.query, &planner.registry)?;
    let mut settings = settings.clone();
    settings.set("auto.offset.reset", "earliest");
    let plain = Request { id: "pull", statement: request.statement, target: Target::Client(request.query) };
    planner.plan(catalog, &settings, plain).map(|plan| Pull::Stream(Arc::new(plan)))
}

impl Analysis<'_> {
    fn pull(&self, request: &PullRequest<'_>, view_of: ViewOf<'_>) -> Result<TablePull, Refusal> {
        let query = request.query;
        let source = &self.sources[0].source;
        let flow = self.from()?;
        let scope = flow.scope();
        let mut filter = query
            .filter
            .as_ref()
            .map(|filter| self.compile(filter, &scope, Clause::PullWhere))
            .transpose()?;
        let mut items = self.items(&query.select, &flow, &[])?;
        let mut names = std::collections::BTreeSet::new();
        for item in &items {
            if !names.insert(item.alias.text.as_str()) {
                let kind = self.compile(&item.expr, &scope, Clause::Select)?;
                let kind = kind.kind().map(ToString::to_string).unwrap_or_default();
                return Err(Refusal::new(format!(
                    "Duplicate value columns found in schema: `{}` {kind}",
                    item.alias.text
                )));
            }
        }
        let Some((id, view)) = view_of(&source.name) else {
            return Err(Refusal::new(format!(
                "The `{name}` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_{name} AS \
                 SELECT * FROM {name}'. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push \
                 query.",
                name = source.name
            )));
        };
        let (lookup, windows) = self.lookup(request, &flow, &view)?;
        let open = Open::of(query, &flow, &lookup);
        if let Some((_, others)) = &open {
            let others = others.as_ref().map(|others| self.compile(others, &scope, Clause::PullWhere));
            filter = others.transpose()?;
        }
        let answer = items.len();
        // What the answer is sorted by is rewritten as its columns are, and stands behind them.
        let sorted = query.order_by.as_ref().map(|order_by| order_by.items.as_slice()).unwrap_or_default();
        for by in sorted {
            let of_answer = sorting::item(&by.expr, &items[..answer])?;
            let expr = of_answer.map_or_else(|| qualified(&by.expr, &scope), |item| item.expr.clone());
            items.push(Item { expr, alias: Name::new("") });
        }
        let is_grouped = query.group_by.is_some() || self.has_aggregates(&items);
        let groups = if is_grouped { Some(self.groups(query, &flow, &mut items)?) } else { None };
        let scope = groups.as_ref().map_or(scope, |groups| groups.scope.clone());
        let (mut columns, mut compiled) = (Vec::new(), Vec::new());
        for item in &items[..answer] {
            let one = self.compile(&item.expr, &scope, Clause::Select)?;
            let of_key = |index: usize| flow.columns[index].role.is_of_key();
            let name = item.alias.text.as_str();
            let is_key = groups.is_none() && one.column().is_some_and(of_key) && is_unrenamed(item);
            columns.push(ResultColumn {
                name: name.into(),
                kind: one.kind().cloned().unwrap_or(SqlType::String),
                place: if is_key { Place::Key } else { place_in_star(query, source, name) },
            });
            compiled.push(one);
        }
        let mut order = Vec::new();
        for (item, by) in items[answer..].iter().zip(sorted) {
            order.push((self.compile(&item.expr, &scope, Clause::Select)?, by.descending));
        }
        let layout = Layout {
            values: source.schema.columns().len() - source.schema.key().count(),
            keys: source.schema.key().count(),
            is_windowed: flow.window.is_some(),
        };
        let limit = query.limit.and_then(|limit| usize::try_from(limit).ok());
        Ok(TablePull {
            query: id,
            view,
            columns,
            lookup,
            windows,
            layout,
            filter,
            items: compiled,
            groups,
            order,
            limit,
            open: open.map(|(open, _)| open),
        })
    }
}

/// Where a column beside the key comes from, as `SELECT *` tells it: everything else is only a value to ksqlDB.
fn place_in_star(query: &Query, source: &Source, name: &str) -> Place {
    let is_star = matches!(&*query.select, [SelectItem::All { .. }]);
    let of_headers = source.schema.headers().find(|column| is_star && *column.name == *name);
    of_headers.map_or(Place::Value, |column| column.place.clone())
}

/// A key column under another name is none in the answer's header.
fn is_unrenamed(item: &Item) -> bool {
    matches!(&item.expr.node, ExprNode::Column { name, .. } if *name == item.alias)
}
