//! Table functions: several rows of one.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Args, Expr, ExprNode, Name};
use lentic_topology::Payload;
use lentic_topology::spec::RecordContext;

use super::Analysis;
use super::flow::{Flow, FlowColumn, Handle, Role};
use super::row::Row;
use super::select::Item;
use crate::expr::{Clause, Compiled, replace, visit_calls};
use crate::function::ArgumentType;
use crate::{Refusal, Value};

/// A call of a table function.
struct Exploded {
    arguments: Vec<Compiled>,
    body: fn(&[Value]) -> crate::Result<Vec<Value>>,
}

impl Analysis<'_> {
    /// Whether an item calls a table function.
    pub(super) fn has_table_functions(&self, items: &[Item]) -> bool {
        let mut found = false;
        for item in items {
            visit_calls(&item.expr, &mut |name| self.planner.registry.is_table(&name.text), &mut |_| {
                found = true
            });
        }
        found
    }

    /// Adds the values of table functions to the rows, as many rows as the longest of them has values.
    pub(super) fn explode(&self, flow: Flow, items: &mut [Item]) -> Result<Flow, Refusal> {
        let Handle::Stream(stream) = &flow.handle else {
            return Err(Refusal::new("Table source is not supported with table functions"));
        };
        let scope = flow.scope();
        let (mut calls, mut columns): (Vec<Expr>, _) = (Vec::new(), flow.columns.clone());
        let mut exploded = Vec::new();
        for item in items.iter() {
            let mut found = Vec::new();
            visit_calls(&item.expr, &mut |name| self.planner.registry.is_table(&name.text), &mut |call| {
                found.push(call.clone());
            });
            for call in found {
                let ExprNode::Call { name, args } = &call.node else { continue };
                let args = if let Args::List(args) = args { args.as_slice() } else { &[] };
                let nested = args.iter().any(|arg| {
                    arg.any(&mut |expr| {
                        matches!(&expr.node, ExprNode::Call { name, .. } if self.planner.registry.is_table(&name.text))
                    })
                });
                if nested {
                    return Err(Refusal::new("Table functions can not be nested.").at(call.at.0));
                }
                let refused = |text: String| Refusal::new(text).at(call.at.0);
                let function =
                    self.planner.registry.table(&name.text).map_err(|error| refused(error.to_string()))?;
                let mut kinds = Vec::new();
                for arg in args {
                    let kind = self.compile(arg, &scope, Clause::GroupBy).map_err(|_| ()).ok();
                    let kind = match kind {
                        Some(compiled) => compiled,
                        None => self.compile(arg, &scope, Clause::Select)?,
                    };
                    kinds.push(kind.kind().cloned().map_or(ArgumentType::Null, ArgumentType::Value));
                }
                let resolved = function.resolve(&kinds).map_err(|error| refused(error.to_string()))?;
                let kind = resolved.returns().map_err(|error| refused(error.to_string()))?;
                let mut arguments = Vec::new();
                for (arg, target) in args.iter().zip(resolved.targets()) {
                    arguments.push(self.compile_to(arg, target.as_ref(), &scope, Clause::Select)?);
                }
                let name = format!("KSQL_SYNTH_{}", calls.len());
                columns.push(FlowColumn {
                    source: None,
                    name: Name::new(&*name),
                    flat: name.as_str().into(),
                    kind,
                    role: Role::Pseudo,
                });
                exploded.push(Exploded { arguments, body: resolved.body() });
                calls.push(call);
            }
        }
        // Each call stands for its own column, also where two say the same.
        let mut next = 0;
        for item in items {
            replace(&mut item.expr, &mut |expr| {
                if calls.get(next) != Some(expr) {
                    return None;
                }
                let name = Name::new(format!("KSQL_SYNTH_{next}"));
                next += 1;
                Some(ExprNode::Column { source: None, name }.at(expr.at))
            });
        }
        let log = self.log.of("FlatMap");
        let width = columns.len();
        let map = move |key: Option<&Payload>,
                        value: Option<&Payload>,
                        _: &RecordContext<'_>,
                        out: &mut dyn FnMut(Option<Payload>, Option<Payload>)| {
            let Some(value) = value else { return Ok(()) };
            let row = value.get::<Row>();
            let lists: Vec<Vec<Value>> = exploded.iter().map(|one| one.rows(row, &log)).collect();
            let rows = lists.iter().map(Vec::len).max().unwrap_or(0);
            for number in 0..rows {
                let mut made = Row::with_capacity(width);
                made.extend_from_slice(row);
                made.extend(lists.iter().map(|list| list.get(number).cloned().unwrap_or_default()));
                out(key.cloned(), Some(Payload::new(made)));
            }
            Ok(())
        };
        let handle = Handle::Stream(stream.flat_map_values(Arc::new(map), super::binary::rows(width)));
        Ok(Flow { handle, columns, key_only: None, ..flow })
    }
}

impl Exploded {
    fn rows(&self, row: &Row, log: &super::log::StepLog) -> Vec<Value> {
        // Without its arguments it has no values.
        let arguments: crate::Result<Row> = self.arguments.iter().map(|one| one.eval(row)).collect();
        arguments.and_then(|arguments| (self.body)(&arguments)).unwrap_or_else(|error| {
            log.report(error);
            Vec::new()
        })
    }
}
