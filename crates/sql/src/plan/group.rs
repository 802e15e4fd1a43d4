//! `GROUP BY`: rows folded into one for each group.
mod fold;
mod refusal;
mod window;

use std::sync::Arc;

use lentic_sql_syntax::Position;
use lentic_sql_syntax::ast::{Args, Emit, Expr, ExprNode, Literal, Name};
use lentic_topology::spec::{self, RecordContext};
use lentic_topology::{Materialized, Payload, untyped};

use super::flow::{Flow, FlowColumn, Handle, KeyColumn, KeyedBy, Role};
use super::row::{Row, changed, key_columns, key_value, key_window};
use super::select::{Item, qualified};
use super::source::key_payload;
use super::view::View;
use super::{Analysis, codec};
use crate::expr::{Clause, Compiled, replace, visit_calls};
use crate::function::ArgumentType;
use crate::serde::RowSchema;
use crate::{Refusal, SqlType, Value};

pub(super) use fold::Folding;

/// The name of the column with the result of an aggregate.
const RESULT: &str = "KSQL_AGG_VARIABLE_";

/// The store of the aggregates.
const STORE: &str = "Aggregate-Aggregate-Materialize";

/// What a query groups by.
pub(super) struct Grouping {
    exprs: Vec<Expr>,
    pub(super) compiled: Vec<Arc<Compiled>>,
    key: Vec<KeyColumn>,
}

impl Analysis<'_> {
    /// Folds the rows of each group. Items and HAVING speak of groups and results afterwards.
    pub(super) fn group_by(
        &self,
        flow: Flow,
        exprs: &[Expr],
        items: &mut [Item],
        having: &mut Option<Expr>,
    ) -> Result<Flow, Refusal> {
        if flow.value_format.name == crate::serde::FormatName::Kafka {
            return Err(Refusal::new(format!(
                "Source(s) {} are using the 'KAFKA' value format. This format does not yet support GROUP BY.",
                self.kafka_sources()
            )));
        }
        if self.has_table_functions(items) {
            return Err(Refusal::new("Table functions cannot be used with aggregations."));
        }
        let scope = flow.scope();
        if let Some(having) = having {
            *having = qualified(having, &scope);
        }
        self.refuse_bounds(exprs, items, having.as_ref(), &flow)?;
        let grouping = self.grouping(&flow, exprs, items)?;
        let calls = self.aggregate_calls(items, having.as_ref())?;
        let is_table = matches!(flow.handle, Handle::Table(_));
        let stays = !is_table && is_grouped_by_key(&flow, &grouping);
        let folding = self.folding(&flow, &calls, !stays)?;
        if is_table {
            folding.check_undo()?;
        }
        self.rewrite(items, having, &grouping, &calls, &flow)?;
        folding.check_states(&flow)?;
        let window = self.result_window()?;
        let table = match flow.handle.clone() {
            Handle::Stream(stream) => self.fold_stream(&flow, &stream, &grouping, &folding, stays)?,
            Handle::Table(table) => {
                if self.query().window.is_some() {
                    return Err(Refusal::new("WINDOW clause is only supported on streams, not on tables."));
                }
                self.fold_table(&flow, &table, &grouping, &folding)?
            }
        };
        self.results(flow, table, grouping, folding, &calls, window)
    }

    pub(super) fn grouping(&self, flow: &Flow, exprs: &[Expr], items: &[Item]) -> Result<Grouping, Refusal> {
        let scope = flow.scope();
        let mut grouping = Grouping { exprs: Vec::new(), compiled: Vec::new(), key: Vec::new() };
        for expr in exprs {
            self.refuse_calls(expr, Clause::GroupBy)?;
            let compiled = self.compile(expr, &scope, Clause::GroupBy)?;
            let kind = compiled.kind().cloned();
            let kind = kind.ok_or_else(|| Refusal::new("GROUP BY NULL is not supported.").at(expr.at.0))?;
            let expr = qualified(expr, &scope);
            let name: Arc<str> = match compiled.column() {
                Some(index) => Arc::clone(&flow.columns[index].flat),
                None => self.key_name(&expr, items, &flow.columns).text.as_str().into(),
            };
            let name = if grouping.key.iter().any(|key| key.name == name) {
                let mut names = (0..).map(|number| format!("KSQL_COL_{number}"));
                let free = names.find(|name| grouping.key.iter().all(|key| *key.name != **name));
                free.unwrap_or_default().into()
            } else {
                name
            };
            grouping.key.push(KeyColumn {
                name,
                kind,
                columns: Vec::new(),
                shown: vec![compiled.text().to_owned()],
                same_as: Vec::new(),
            });
            grouping.compiled.push(Arc::new(compiled));
            grouping.exprs.push(expr);
        }
        Ok(grouping)
    }

    /// The calls of aggregates, each once.
    pub(super) fn aggregate_calls(
        &self,
        items: &[Item],
        having: Option<&Expr>,
    ) -> Result<Vec<Expr>, Refusal> {
        let registry = &self.planner.registry;
        let mut calls: Vec<Expr> = Vec::new();
        let exprs = items.iter().map(|item| &item.expr).chain(having);
        for expr in exprs {
            visit_calls(expr, &mut |name| registry.is_aggregate(&name.text), &mut |call| {
                if !calls.contains(call) {
                    calls.push(call.clone());
                }
            });
        }
        for call in &calls {
            let mut nested = false;
            call.for_each_child(|child| {
                visit_calls(child, &mut |name| registry.is_aggregate(&name.text), &mut |_| nested = true);
            });
            if nested {
                let text = format!("Aggregate functions can not be nested: {call}");
                return Err(Refusal::new(text).at(call.at.0));
            }
        }
        Ok(calls)
    }

    /// The aggregates. `narrowed`: their rows have only the columns that they use.
    pub(super) fn folding(&self, flow: &Flow, calls: &[Expr], narrowed: bool) -> Result<Folding, Refusal> {
        let full = flow.scope();
        let mut used = fold::used_columns(calls, &full);
        if used.is_empty() {
            // A row has to have something, for formats that write no empty one.
            used.extend(flow.columns.iter().position(|column| column.role == Role::Pseudo).or(Some(0)));
        }
        let scope = if narrowed { fold::narrowed(&full, &used) } else { full };
        let mut folding = Folding::new(if narrowed { used } else { (0..flow.columns.len()).collect() });
        for call in calls {
            let ExprNode::Call { name, args } = &call.node else { continue };
            let refused = |text: String| Refusal::new(text).at(call.at.0);
            let function =
                self.planner.registry.aggregate(&name.text).map_err(|error| refused(error.to_string()))?;
            // `COUNT(*)` and `COUNT()` count rows, whatever is in them.
            let any_row = [ExprNode::Literal(Literal::Integer(1)).at(call.at)];
            let args = match args {
                Args::List(args) if !args.is_empty() => args.as_slice(),
                _ if name.text.eq_ignore_ascii_case("COUNT") => &any_row,
                _ => &[],
            };
            let mut kinds = Vec::new();
            for arg in args {
                let compiled = self.compile_open(arg, &scope)?;
                kinds.push(compiled.kind().cloned().map_or(ArgumentType::Null, ArgumentType::Value));
            }
            let resolved = function.resolve(&kinds).map_err(|error| refused(error.to_string()))?;
            let (mut arguments, mut constants) = (Vec::new(), Vec::new());
            for (index, (arg, target)) in args.iter().zip(resolved.targets()).enumerate() {
                let compiled = self.compile_to(arg, target.as_ref(), &scope, Clause::Select)?;
                if index < resolved.first_constant() {
                    arguments.push(compiled);
                    continue;
                }
                let Some(constant) = compiled.constant().filter(|_| is_literal(arg)) else {
                    return Err(refused(format!(
                        "Parameter {} passed to function {} must be a literal constant, but was expression: '{}'",
                        index + 1,
                        function.name().to_uppercase(),
                        compiled.text()
                    )));
                };
                constants.push(constant.clone());
            }
            let aggregate = resolved.bind(&constants, self.settings.aggregates());
            let aggregate = aggregate.map_err(|error| refused(error.to_string()))?;
            folding.add(function.name(), aggregate, arguments);
        }
        Ok(folding)
    }

    /// The records of a stream under the keys of their groups, with the arguments of the aggregates as rows.
    fn fold_stream(
        &self,
        flow: &Flow,
        stream: &untyped::Stream,
        grouping: &Grouping,
        folding: &Folding,
        stays: bool,
    ) -> Result<untyped::Table, Refusal> {
        let key_format = if stays { flow.key_format } else { self.key_format_for(flow, false) };
        let window = self.result_window()?;
        let key_schema = super::flow::key_schema(&grouping.key, &key_format);
        let stream = if stays {
            let present = |_: Option<&Payload>, value: Option<&Payload>| value.is_some();
            stream.filter(Arc::new(present))
        } else {
            if flow.window.is_some() {
                return Err(super::join::no_windows());
            }
            let map = self.group_mapper(grouping, folding.used());
            let key = self.defer(codec::key(&key_format, &key_schema, None), codec::no_key);
            let value = codec::row(&flow.value_format, &repartition_schema(flow, folding.used()))?;
            self.add_topic("Aggregate-GroupBy-repartition", key_format, flow, None);
            stream.map(map, key, value).repartition("Aggregate-GroupBy", None, true)
        };
        let stream = folding.with_sequence(&stream);
        let key = self.defer(codec::key(&key_format, &key_schema, window.or(flow.window)), codec::no_key);
        let fold = untyped::Fold {
            add: folding.adder(&self.log),
            value: super::binary::rows(folding.len()),
            key,
            windows: self.windowing(folding)?,
            emit: if self.query().emit == Some(Emit::Final) { spec::Emit::Close } else { spec::Emit::Update },
            needs_value: true,
        };
        let store = self.retained(Materialized::named(STORE).internal())?;
        Ok(stream.aggregate("Aggregate-GroupBy", fold, store))
    }

    fn fold_table(
        &self,
        flow: &Flow,
        table: &untyped::Table,
        grouping: &Grouping,
        folding: &Folding,
    ) -> Result<untyped::Table, Refusal> {
        let key_format = self.key_format_for(flow, false);
        let map = self.group_mapper(grouping, folding.used());
        let key_schema = super::flow::key_schema(&grouping.key, &key_format);
        let key = self.defer(codec::key(&key_format, &key_schema, None), codec::no_key);
        let value = codec::row(&flow.value_format, &repartition_schema(flow, folding.used()))?;
        self.add_topic("Aggregate-GroupBy-repartition", key_format, flow, None);
        let fold = untyped::TableFold {
            add: folding.adder(&self.log),
            subtract: folding.subtracter(&self.log),
            value: super::binary::rows(folding.len()),
        };
        let store = Materialized::named(STORE).internal();
        Ok(table.aggregate_by(map, key, value, "Aggregate-GroupBy", fold, store))
    }

    /// Key of the group, and of the row what is used. A record without a value, and one with a NULL for a group, is in none.
    fn group_mapper(&self, grouping: &Grouping, used: &[usize]) -> spec::Mapper {
        let log = self.log.of("GroupBy");
        let groups = grouping.compiled.clone();
        let used = used.to_vec();
        Arc::new(move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            let Some(value) = value else { return Ok(None) };
            let row = value.get::<Row>();
            let group = |expr: &Compiled| {
                let group = key_value(expr, row, &log);
                if group.is_null() {
                    log.report("Group-by column is NULL, the record is in no group");
                }
                Some(group).filter(|group| !group.is_null())
            };
            // Most keys are one column.
            let key = match &*groups {
                [expr] => group(expr).map(|group| key_payload([group])),
                groups => groups.iter().map(|expr| group(expr)).collect::<Option<Row>>().map(key_payload),
            };
            let Some(key) = key else { return Ok(None) };
            let narrow = |row: &mut Row| {
                let before = row.len();
                for index in &used {
                    row.push(row[*index].clone());
                }
                row.drain(..before);
            };
            Ok(Some((Some(key), Some(changed(value, narrow)))))
        })
    }

    /// The table of groups and results.
    fn results(
        &self,
        flow: Flow,
        table: untyped::Table,
        grouping: Grouping,
        folding: Folding,
        calls: &[Expr],
        window: Option<crate::catalog::SourceWindow>,
    ) -> Result<Flow, Refusal> {
        let (mut columns, key) = grouping.columns(&folding, calls);
        let result_window = window.or(flow.window);
        // Over a join, ksqlDB knows no bounds: they would be those of neither source.
        let has_bounds = result_window.is_some() && !flow.is_joined();
        if has_bounds {
            for name in ["WINDOWSTART", "WINDOWEND"] {
                columns.push(FlowColumn {
                    source: flow.columns[0].source.clone(),
                    name: Name::new(name),
                    flat: name.into(),
                    kind: SqlType::Bigint,
                    role: Role::Bound,
                });
            }
        }
        let width = columns.len();
        let log = self.log.of("Aggregate");
        let map = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            let complete = |row: &mut Row| {
                let states = row.len();
                row.extend_from_slice(key_columns(key));
                folding.append_results(states, row, &log);
                row.drain(..states);
                if has_bounds {
                    let window = key_window(key);
                    row.push(window.map_or(Value::Null, |window| Value::Bigint(window.start)));
                    row.push(window.map_or(Value::Null, |window| Value::Bigint(window.end)));
                }
            };
            Ok(value.map(|value| changed(value, complete)))
        };
        let key_format = self.key_format_for(&flow, false);
        let map: spec::ValueMapper = Arc::new(map);
        let plain_key = codec::key(&key_format, &super::flow::key_schema(&key, &key_format), None);
        let view = plain_key.ok().map(|plain_key| {
            let rows = View::new(STORE, table.key().clone(), plain_key, table.value().clone(), result_window);
            let rows = if window.is_some() { rows.of_window_store() } else { rows };
            rows.mapped(Arc::clone(&map))
        });
        let handle = Handle::Table(table.map_values(map, super::binary::rows(width)));
        let keyed_by = KeyedBy::Group;
        let window = result_window;
        Ok(Flow { handle, columns, key, keyed_by, key_format, window, key_only: None, view, ..flow })
    }

    /// Puts columns in the place of aggregates and groups; what is neither is refused.
    pub(super) fn rewrite(
        &self,
        items: &mut [Item],
        having: &mut Option<Expr>,
        grouping: &Grouping,
        calls: &[Expr],
        flow: &Flow,
    ) -> Result<(), Refusal> {
        let mut rest = Vec::new();
        let scope = flow.scope();
        let put = |expr: &mut Expr| {
            let original = expr.clone();
            replace(expr, &mut |part| {
                if let Some(index) = calls.iter().position(|call| call == part) {
                    let name = Name::new(format!("{RESULT}{index}"));
                    return Some(ExprNode::Column { source: None, name }.at(part.at));
                }
                let index = grouping.exprs.iter().position(|group| group == part)?;
                Some(match &part.node {
                    ExprNode::Column { .. } => part.clone(),
                    _ => {
                        let name = Name::new(&*grouping.key[index].name);
                        ExprNode::Column { source: None, name }.at(part.at)
                    }
                })
            });
            let mut strangers = Vec::new();
            refusal::strangers(expr, grouping, &mut Vec::new(), &mut strangers);
            (original, strangers)
        };
        let mut place = None;
        for item in items {
            let (original, strangers) = put(&mut item.expr);
            let shown = scope.show(&original);
            if !strangers.is_empty() && !rest.contains(&shown) {
                for stranger in &strangers {
                    self.compile(stranger, &scope, Clause::Select)?;
                }
                rest.push(shown);
                // What `*` stands for stands nowhere.
                place = place.or(Some(original.at.0).filter(|at| *at != Position::START));
            }
        }
        if !rest.is_empty() {
            let refusal = Refusal::new(format!(
                "Non-aggregate SELECT expression(s) not part of GROUP BY: {}\nEither add the column(s) to the GROUP BY or remove \
                 them from the SELECT.",
                rest.join(", ")
            ));
            return Err(place.map_or(refusal.clone(), |place| refusal.at(place)));
        }
        if let Some(having) = having {
            let (_, strangers) = put(having);
            if !strangers.is_empty() {
                let shown: Vec<_> = strangers.iter().map(|stranger| scope.show(stranger)).collect();
                return Err(Refusal::new(format!(
                    "Non-aggregate HAVING expression not part of GROUP BY: {}",
                    shown.join(", ")
                )));
            }
        }
        Ok(())
    }
}

fn is_literal(expr: &Expr) -> bool {
    match &expr.node {
        ExprNode::Literal(_) | ExprNode::Typed { .. } => true,
        ExprNode::Negate(inner) | ExprNode::Plus(inner) => is_literal(inner),
        _ => false,
    }
}

impl Grouping {
    /// The columns of groups and results, and which of them are the key.
    pub(super) fn columns(self, folding: &Folding, calls: &[Expr]) -> (Vec<FlowColumn>, Vec<KeyColumn>) {
        let (mut columns, mut key) = (Vec::new(), self.key);
        for (index, (column, expr)) in key.iter_mut().zip(&self.exprs).enumerate() {
            let (source, name) = match &expr.node {
                ExprNode::Column { source, name } => (source.clone(), name.clone()),
                _ => (None, Name::new(&*column.name)),
            };
            let (flat, kind) = (Arc::clone(&column.name), column.kind.clone());
            columns.push(FlowColumn { source, name, flat, kind, role: Role::Key });
            column.columns = vec![index];
        }
        for (index, (kind, _)) in folding.results().zip(calls).enumerate() {
            let name = format!("{RESULT}{index}");
            columns.push(FlowColumn {
                source: None,
                name: Name::new(&*name),
                flat: name.into(),
                kind,
                role: Role::Value,
            });
        }
        (columns, key)
    }
}

/// Whether the groups are the keys that the records have.
fn is_grouped_by_key(flow: &Flow, grouping: &Grouping) -> bool {
    flow.key.len() == grouping.compiled.len()
        && !flow.key.is_empty()
        && grouping
            .compiled
            .iter()
            .zip(&flow.key)
            .all(|(compiled, key)| compiled.column().is_some_and(|index| key.columns.contains(&index)))
}

fn repartition_schema(flow: &Flow, used: &[usize]) -> RowSchema {
    let columns = used.iter().enumerate().map(|(number, index)| {
        (Arc::from(format!("KSQL_INTERNAL_COL_{number}")), flow.columns[*index].kind.clone())
    });
    super::flow::internal_schema(columns, &flow.value_format)
}
