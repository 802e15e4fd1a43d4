//! One query on its way to a plan.
use std::cell::RefCell;
use std::sync::Arc;

use lentic_sql_syntax::ast::{Emit, Expr, ExprNode, Literal, Query, Relation, SelectItem, SourceKind};
use lentic_topology::Topology;

use super::flow::{Flow, Handle};
use super::log::StepLog;
use super::select::qualified;
use super::sink::{self, Inherited};
use super::source::{Aliased, Reading};
use super::{CLIENT_TOPIC, InternalTopic, Planner, QueryPlan, Request, Target};
use crate::catalog::{Catalog, Formats, Properties, Source, SourceWindow, Use, sql_type};
use crate::expr::{Clause, Compiled, Compiler, Environment, ExprError, Problem, Scope};
use crate::serde::{Format, FormatName};
use crate::settings::Settings;
use crate::{Refusal, SqlType};

pub(super) struct Analysis<'a> {
    pub(super) planner: &'a Planner,
    pub(super) catalog: &'a Catalog,
    pub(super) settings: &'a Settings,
    pub(super) request: Request<'a>,
    pub(super) log: StepLog,
    pub(super) topology: Topology,
    /// In the order in which they are named.
    pub(super) sources: Vec<Aliased>,
    /// The format that the keys of the result are to have, if that is said.
    pub(super) sink_key_format: Option<Format>,
    topics: RefCell<Vec<InternalTopic>>,
    /// The statement as messages show it.
    pub(super) shown: RefCell<String>,
    /// What will be refused if nothing else is.
    pub(super) deferred: RefCell<Option<Refusal>>,
}

impl<'a> Analysis<'a> {
    pub(super) fn new(
        planner: &'a Planner,
        catalog: &'a Catalog,
        settings: &'a Settings,
        request: Request<'a>,
    ) -> Result<Self, Refusal> {
        let mut analysis = Self {
            planner,
            catalog,
            settings,
            request,
            log: StepLog::new(&planner.log, request.id, ""),
            topology: Topology::new(request.id),
            sources: Vec::new(),
            sink_key_format: None,
            topics: RefCell::default(),
            shown: RefCell::default(),
            deferred: RefCell::default(),
        };
        let query = analysis.query();
        let relations = std::iter::once(&query.from).chain(query.joins.iter().map(|join| &join.right));
        let sources: Result<_, _> = relations.map(|relation| aliased(relation, catalog)).collect();
        analysis.sources = sources?;
        if let Target::Create(create) = request.target {
            let properties = Properties::of(&create.properties, Use::CreateAs)?;
            if properties.key_format.is_some() {
                analysis.sink_key_format = Some(Formats::key_format(&properties)?);
            }
        }
        Ok(analysis)
    }

    pub(super) fn query(&self) -> &'a Query {
        match self.request.target {
            Target::Create(create) => &create.query,
            Target::Insert(insert) => &insert.query,
            Target::Client(query) => query,
        }
    }

    /// Whether the result is kept, and so has a key.
    pub(super) fn is_persistent(&self) -> bool {
        !matches!(self.request.target, Target::Client(_))
    }

    /// What the result is called.
    pub(super) fn sink_name(&self) -> &'a str {
        match self.request.target {
            Target::Create(create) => &create.name.text,
            Target::Insert(insert) => &insert.into.text,
            Target::Client(_) => "",
        }
    }

    pub(super) fn reading(&self) -> Reading {
        let reset = self.settings.get("auto.offset.reset");
        let reset = reset.or_else(|| self.settings.get("ksql.streams.auto.offset.reset"));
        Reading {
            from_latest: !reset.is_some_and(|reset| reset.eq_ignore_ascii_case("earliest")),
            fails_on_bad_records: self.settings.is_on("ksql.fail.on.deserialization.error", false),
            fails_on_bad_times: self.settings.is_on("ksql.timestamp.throw.on.invalid", false),
        }
    }

    pub(super) fn plan(self) -> Result<QueryPlan, Refusal> {
        let query = self.query();
        self.check_clauses()?;
        let mut flow = self.from()?;
        if let Some(condition) = &query.filter {
            self.refuse_window_bounds_in_where(condition, &flow)?;
            flow = self.filter(flow, condition, Clause::Where)?;
        }
        let mut items;
        if let Some(exprs) = &query.partition_by {
            // The names of expressions are those that they have in the projection.
            let written: Vec<_> =
                query.select.iter().filter(|item| !matches!(item, SelectItem::All { .. })).cloned().collect();
            let named = self.items(&written, &flow, &[])?;
            let exprs_before: Vec<Expr> = exprs.iter().map(|expr| qualified(expr, &flow.scope())).collect();
            flow = self.partition_by(flow, exprs, &named)?;
            items = self.items(&query.select, &flow, &named)?;
            for item in &mut items {
                self.put_keys(&mut item.expr, &exprs_before, &flow);
            }
        } else {
            items = self.items(&query.select, &flow, &[])?;
        }
        self.show_statement(&items, &flow);
        self.check_functions(&items)?;
        let inherited_format = flow.value_format;
        let partitions = flow.partitions;
        // A push query may fold a whole source: all rows are one group.
        let everything = [ExprNode::Literal(Literal::Integer(0)).into()];
        let group_by = match &query.group_by {
            Some(exprs) => Some(exprs.as_slice()),
            None if !self.is_persistent() && self.has_aggregates(&items) => Some(&everything[..]),
            None => None,
        };
        if let Some(exprs) = group_by {
            let mut having = query.having.clone();
            flow = self.group_by(flow, exprs, &mut items, &mut having)?;
            if let Some(having) = &having {
                flow = self.filter(flow, having, Clause::Having)?;
            }
        } else {
            self.check_ungrouped(&items)?;
            if self.has_table_functions(&items) {
                flow = self.explode(flow, &mut items)?;
            }
        }
        let window = flow.window;
        let projection = self.project(flow, &items)?;
        let inherited = Inherited {
            value_format: inherited_format,
            window,
            partitions,
            replicas: self.sources.first().and_then(|first| first.source.properties.replicas),
        };
        let sink = match self.request.target {
            Target::Create(create) => Some(self.create(create, &projection, &inherited)?),
            Target::Insert(insert) => Some(self.insert(insert, &projection)?),
            Target::Client(_) => None,
        };
        if let Some(refusal) = self.deferred.take() {
            return Err(refusal);
        }
        let schema = sink::schema(&projection)?;
        match &sink {
            Some(sink) => self.write(&projection, sink)?,
            None => {
                if let Handle::Stream(stream) = &projection.handle {
                    stream.to(CLIENT_TOPIC);
                }
            }
        }
        let topology = built(&self.topology)?;
        self.narrow();
        Ok(QueryPlan {
            id: self.request.id.into(),
            topology,
            sink,
            sources: self.sources.iter().map(|one| Arc::clone(&one.source.name)).collect(),
            topics: self.topics.into_inner(),
            schema,
            view: projection.view.map(Arc::new),
        })
    }

    pub(super) fn from(&self) -> Result<Flow, Refusal> {
        if !self.query().joins.is_empty() {
            return self.join();
        }
        let source = &self.sources[0];
        if source.source.kind == SourceKind::Table
            && source.source.properties.window.is_some()
            && self.is_persistent()
        {
            return Err(Refusal::new("KSQL does not support persistent queries on windowed tables."));
        }
        source.flow(&self.topology.untyped(), self.reading(), None, &self.log)
    }

    fn check_clauses(&self) -> Result<(), Refusal> {
        let query = self.query();
        if query.limit.is_some() && self.is_persistent() {
            return Err(Refusal::new("CREATE AS SELECT statements don't support LIMIT clause."));
        }
        if query.emit == Some(Emit::Final) && query.window.is_none() {
            return Err(Refusal::new("EMIT FINAL is only supported for windowed aggregations."));
        }
        if query.group_by.is_some() && query.partition_by.is_some() {
            return Err(Refusal::new("GROUP BY and PARTITION BY cannot be used together."));
        }
        if query.having.is_some() && query.group_by.is_none() {
            return Err(Refusal::new("HAVING requires a GROUP BY clause."));
        }
        // Nothing else of a query that ends with the rows that there are.
        if query.emit.is_none() && !self.is_persistent() {
            return Ok(());
        }
        if let Some(order_by) = &query.order_by {
            let what = if self.is_persistent() { "Persistent" } else { "Push" };
            return Err(Refusal::new(format!(
                "{what} queries don't support ORDER BY: their rows come as they change. Leave it out, or keep the rows in a table \
                 (CREATE TABLE ... AS SELECT ...) and sort in a pull query over that."
            ))
            .at(order_by.at.0));
        }
        if query.limit.is_some_and(|limit| limit < 0) {
            return Err(Refusal::new("Push queries don't support negative integers in the LIMIT clause."));
        }
        Ok(())
    }

    pub(super) fn has_aggregates(&self, items: &[super::select::Item]) -> bool {
        let registry = &self.planner.registry;
        let is_aggregate = |part: &Expr| matches!(&part.node, ExprNode::Call { name, .. } if registry.is_aggregate(&name.text));
        items.iter().any(|item| item.expr.any(&mut |part| is_aggregate(part)))
    }

    /// Without GROUP BY there are neither aggregates nor windows.
    fn check_ungrouped(&self, items: &[super::select::Item]) -> Result<(), Refusal> {
        let registry = &self.planner.registry;
        let mut calls = Vec::new();
        for item in items {
            crate::expr::visit_calls(
                &item.expr,
                &mut |name| registry.is_aggregate(&name.text),
                &mut |call| {
                    calls.push(call);
                },
            );
        }
        if let Some(call) = calls.first() {
            if self.query().window.is_some() {
                let names: Vec<_> = items.iter().map(|item| item.expr.to_string()).collect();
                return Err(Refusal::new(format!(
                    "Non-aggregate SELECT expression(s) not part of GROUP BY: {}\nEither add the column(s) to the GROUP BY or remove \
                     them from the SELECT.",
                    names.join(", ")
                )));
            }
            let shown = call.to_string().replace("(*)", "(ROWTIME)");
            let what = match self.request.target {
                Target::Create(create) if create.kind == SourceKind::Table => "CREATE TABLE AS SELECT",
                Target::Create(_) => "CREATE STREAM AS SELECT",
                Target::Insert(_) => "INSERT INTO",
                Target::Client(_) => "SELECT",
            };
            return Err(Refusal::new(format!(
                "{what} statement does not support aggregate function [{shown}] without a GROUP BY clause."
            ))
            .at(call.at.0));
        }
        if self.query().window.is_some() {
            return Err(Refusal::new("WINDOW clause requires a GROUP BY clause."));
        }
        Ok(())
    }

    /// Every function has to be there, before anything is said of what it is called with.
    fn check_functions(&self, items: &[super::select::Item]) -> Result<(), Refusal> {
        let registry = &self.planner.registry;
        let mut unknown = None;
        for item in items {
            item.expr.any(&mut |part| {
                if let ExprNode::Call { name, .. } = &part.node
                    && !registry.is_aggregate(&name.text)
                    && !registry.is_table(&name.text)
                    && let Err(error) = registry.scalar(&name.text)
                {
                    unknown.get_or_insert(Refusal::new(error.to_string()).at(part.at.0));
                }
                false
            });
        }
        unknown.map_or(Ok(()), Err)
    }

    /// Puts columns of the key in the place of the expressions that they are.
    fn put_keys(&self, expr: &mut Expr, exprs: &[Expr], flow: &Flow) {
        crate::expr::replace(expr, &mut |part| {
            if matches!(part.node, ExprNode::Column { .. }) {
                return None;
            }
            let index = exprs.iter().position(|key| key == part)?;
            let column = &flow.columns[*flow.key.get(index)?.columns.first()?];
            let node = ExprNode::Column { source: column.source.clone(), name: column.name.clone() };
            Some(node.at(part.at))
        });
    }

    /// Tells of a topic of the query's own.
    pub(super) fn add_topic(&self, name: &str, key: Format, flow: &Flow, window: Option<SourceWindow>) {
        let (name, value, partitions) = (name.to_owned(), flow.value_format, flow.partitions);
        self.topics.borrow_mut().push(InternalTopic { name, key, value, window, partitions });
    }

    /// Whether its own topics have what is folded into groups, or it has none.
    pub(super) fn has_topics_of_groups_only(&self) -> bool {
        self.topics.borrow().iter().all(|topic| topic.name.starts_with("Aggregate-"))
    }

    /// The sources whose values are of the KAFKA format, for messages.
    pub(super) fn kafka_sources(&self) -> String {
        let of_kafka = |one: &&Aliased| one.source.formats.value.name == FormatName::Kafka;
        let names: Vec<_> = self.sources.iter().filter(of_kafka).map(|one| &*one.source.name).collect();
        names.join(", ")
    }

    /// Compiles an expression; in the SELECT it must have a type.
    pub(super) fn compile(&self, expr: &Expr, scope: &Scope, clause: Clause) -> Result<Compiled, Refusal> {
        self.with_compiler(scope, clause, |compiler| compiler.compile(expr)).map_err(|error| told(&error))
    }

    /// The same for an argument, which may be NULL; errors are those of the SELECT.
    pub(super) fn compile_open(&self, expr: &Expr, scope: &Scope) -> Result<Compiled, Refusal> {
        match self.with_compiler(scope, Clause::Values, |compiler| compiler.compile(expr)) {
            Ok(compiled) => Ok(compiled),
            Err(_) => self.compile(expr, scope, Clause::Select),
        }
    }

    /// Compiles an argument whose type is known.
    pub(super) fn compile_to(
        &self,
        expr: &Expr,
        target: Option<&SqlType>,
        scope: &Scope,
        clause: Clause,
    ) -> Result<Compiled, Refusal> {
        let Some(target) = target else { return self.compile_open(expr, scope) };
        let compiled = self.with_compiler(scope, clause, |compiler| compiler.compile_as(expr, target));
        compiled.map_err(|error| told(&error))?.map_err(|kind| {
            let kind = kind.map_or_else(|| "NULL".to_owned(), |kind| kind.to_string());
            Refusal::new(format!("{kind} cannot be coerced to {target}")).at(expr.at.0)
        })
    }

    fn with_compiler<T>(&self, scope: &Scope, clause: Clause, run: impl FnOnce(&Compiler<'_>) -> T) -> T {
        let types = |data_type: &lentic_sql_syntax::ast::DataType| {
            sql_type(data_type, self.catalog).map_err(|refusal| refusal.advised())
        };
        let environment =
            Environment { registry: &self.planner.registry, world: &self.planner.world, types: &types };
        run(&Compiler::new(environment, scope, clause))
    }

    /// Aggregates and table functions are refused where only expressions of one row are allowed.
    pub(super) fn refuse_calls(&self, expr: &Expr, clause: Clause) -> Result<(), Refusal> {
        let registry = &self.planner.registry;
        let mut found = None;
        expr.any(&mut |part| {
            if let ExprNode::Call { name, .. } = &part.node
                && found.is_none()
            {
                if registry.is_aggregate(&name.text) {
                    found = Some(("aggregate", "an aggregate", name.text.clone(), part.at.0));
                } else if registry.is_table(&name.text) {
                    found = Some(("table", "a table", name.text.clone(), part.at.0));
                }
            }
            false
        });
        let Some((what, article, name, at)) = found else { return Ok(()) };
        let text = format!("{clause} does not support {what} functions: {name} is {article} function.");
        Err(Refusal::new(text).at(at))
    }

    fn refuse_window_bounds_in_where(&self, condition: &Expr, flow: &Flow) -> Result<(), Refusal> {
        if flow.window.is_some() || self.query().window.is_none() {
            return Ok(());
        }
        let mut found = None;
        condition.any(&mut |part| {
            if let ExprNode::Column { source: None, name } = &part.node
                && matches!(name.text.as_str(), "WINDOWSTART" | "WINDOWEND")
                && found.is_none()
            {
                found = Some((name.text.clone(), part.at.0));
            }
            false
        });
        let Some((name, at)) = found else { return Ok(()) };
        Err(Refusal::new(format!("Error in WHERE expression: Unknown column {name}.")).at(at))
    }
}

/// The topology, checked.
pub(super) fn built(topology: &Topology) -> Result<lentic_topology::Plan, Refusal> {
    topology.build().map_err(|errors| {
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Refusal::new(texts.join("; "))
    })
}

/// A refused expression as the statement's refusal.
fn told(error: &ExprError) -> Refusal {
    let prefix = match error.problem() {
        Problem::UnknownSource { .. } => "Failed to prepare statement: ",
        Problem::AmbiguousColumn { .. } => "Exception while preparing statement: ",
        _ => "",
    };
    Refusal::new(format!("{prefix}{error}")).at(error.position())
}

fn aliased(relation: &Relation, catalog: &Catalog) -> Result<Aliased, Refusal> {
    let name = &relation.name;
    let source: Option<&Arc<Source>> = catalog.source(&name.text);
    let source = source.ok_or_else(|| {
        let refusal = Refusal::new(format!("{} does not exist.", name.text)).at(name.at.0);
        refusal.near(catalog.near_source(&name.text))
    })?;
    let alias = relation.alias.clone().unwrap_or_else(|| name.clone());
    Ok(Aliased::new(alias, source))
}
