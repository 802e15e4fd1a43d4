//! `PARTITION BY`: another key.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Expr, ExprNode, Literal, Name};
use lentic_topology::Payload;
use lentic_topology::spec::RecordContext;

use super::flow::{Flow, FlowColumn, Handle, KeyColumn, KeyedBy, Role, empty_row};
use super::row::{Row, key_value};
use super::select::{Item, qualified};
use super::source::key_payload;
use super::{Analysis, codec};
use crate::expr::{Clause, Compiled, Scope};
use crate::serde::{Format, FormatName};
use crate::{Refusal, Value};

/// Where a column of the new key comes from.
enum From {
    /// It is in the row already.
    Column(usize),
    /// It is computed, and added to the row. `false`: from columns of the key alone.
    Computed(Compiled, bool),
}

impl Analysis<'_> {
    /// Gives the records of a stream another key. Items that say the same as an expression of it become that column.
    pub(super) fn partition_by(&self, flow: Flow, exprs: &[Expr], items: &[Item]) -> Result<Flow, Refusal> {
        let Handle::Stream(stream) = &flow.handle else {
            let text =
                "PARTITION BY clause can only be used when the source is a stream. The source is a table.";
            return Err(Refusal::new(text));
        };
        if flow.window.is_some() {
            return Err(super::join::no_windows());
        }
        let is_null = |expr: &Expr| matches!(expr.node, ExprNode::Literal(Literal::Null));
        if exprs.len() > 1 && exprs.iter().any(is_null) {
            return Err(Refusal::new("Cannot PARTITION BY multiple columns including NULL"));
        }
        let exprs = if exprs.iter().any(is_null) { &[] } else { exprs };
        let scope = flow.scope();
        let (mut columns, mut key, mut from) = (flow.columns.clone(), Vec::new(), Vec::new());
        for column in &mut columns {
            if column.role == Role::Key {
                column.role = Role::Value;
            }
        }
        for expr in exprs {
            self.refuse_calls(expr, Clause::PartitionBy)?;
            let compiled = self.compile(expr, &scope, Clause::PartitionBy)?;
            let kind = compiled.kind().cloned().ok_or_else(|| Refusal::new("Cannot PARTITION BY NULL"))?;
            let expr = qualified(expr, &scope);
            let shown = vec![expr.to_string()];
            if let Some(index) = compiled.column() {
                columns[index].role = Role::Key;
                let name = Arc::clone(&columns[index].flat);
                key.push(KeyColumn { name, kind, columns: vec![index], shown, same_as: Vec::new() });
                from.push(From::Column(index));
                continue;
            }
            let name = self.key_name(&expr, items, &columns);
            let index = columns.len();
            columns.push(FlowColumn {
                source: None,
                name: name.clone(),
                flat: name.text.as_str().into(),
                kind: kind.clone(),
                role: Role::Key,
            });
            key.push(KeyColumn {
                name: name.text.as_str().into(),
                kind,
                columns: vec![index],
                shown,
                same_as: Vec::new(),
            });
            from.push(From::Computed(compiled, reads_values(&expr, &scope, &flow)));
        }
        let key_format = self.key_format_for(&flow, key.is_empty());
        let (width, before) = (columns.len(), flow.columns.len());
        let of_key: Vec<bool> = flow.columns.iter().map(|column| column.role == Role::Key).collect();
        let (log, key_only) = (self.log.of("PartitionBy"), flow.key_only.clone());
        let map = move |old: Option<&Payload>, value: Option<Payload>, context: &RecordContext<'_>| {
            let is_deletion = value.is_none();
            let mut row: Row = match (value, &key_only) {
                (Some(value), _) => value.take(),
                (None, Some(make)) => make(old, context),
                (None, None) => empty_row(before),
            };
            row.reserve(width - before);
            let mut key = Row::with_capacity(from.len());
            let mut computed = Row::new();
            for one in &from {
                match one {
                    From::Column(index) if is_deletion && !of_key[*index] => key.push(Value::Null),
                    From::Column(index) => key.push(row[*index].clone()),
                    From::Computed(compiled, reads_values) => {
                        let found = if is_deletion && *reads_values {
                            Value::Null
                        } else {
                            key_value(compiled, &row, &log)
                        };
                        key.push(found.clone());
                        computed.push(found);
                    }
                }
            }
            row.append(&mut computed);
            let key = (!key.is_empty()).then(|| key_payload(key));
            Ok(Some((key, (!is_deletion).then(|| Payload::new(row)))))
        };
        let schema = super::flow::key_schema(&key, &key_format);
        let key_codec = self.defer(codec::key(&key_format, &schema, None), codec::no_key);
        let handle = Handle::Stream(stream.map(Arc::new(map), key_codec, super::binary::rows(width)));
        Ok(Flow { handle, columns, key, keyed_by: KeyedBy::Partition, key_format, key_only: None, ..flow })
    }

    /// The format of new keys: that which the result is to have, or that of the keys before, if there were any.
    pub(super) fn key_format_for(&self, flow: &Flow, is_none: bool) -> Format {
        if is_none {
            return Format::new(FormatName::None);
        }
        if let Some(format) = self.sink_key_format
            && format.name != FormatName::None
        {
            return format;
        }
        if flow.key_format.name != FormatName::None {
            return flow.key_format;
        }
        let default = self.settings.defaults().key_format;
        Format::new(default.parse().unwrap_or(FormatName::Kafka))
    }

    /// The name of a key column that is an expression: that of the field, or a generated one.
    pub(super) fn key_name(&self, expr: &Expr, items: &[Item], columns: &[FlowColumn]) -> Name {
        if let Some(item) = items.iter().find(|item| item.expr == *expr) {
            return item.alias.clone();
        }
        let taken = |name: &str| columns.iter().any(|column| column.name.text == name);
        if let ExprNode::Field { field, .. } = &expr.node
            && !taken(&field.text)
        {
            return field.clone();
        }
        let mut names = (0..).map(|number| format!("KSQL_COL_{number}"));
        Name::new(names.find(|name| !taken(name)).unwrap_or_default())
    }
}

/// Whether an expression names columns that a record without a value does not have.
fn reads_values(expr: &Expr, scope: &Scope, flow: &Flow) -> bool {
    expr.any(&mut |part| {
        let ExprNode::Column { source, name } = &part.node else { return false };
        scope.resolve(source.as_ref(), name).is_ok_and(|column| flow.columns[column.index].role != Role::Key)
    })
}
