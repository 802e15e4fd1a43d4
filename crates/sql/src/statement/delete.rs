//! `DELETE FROM`, beyond ksqlDB: a row of a declared table goes, by a tombstone in its topic.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_sql_syntax::ast::{BinaryOp, Delete, Expr, ExprNode};

use super::{Constants, Context, Executed, InsertedRecord, Session, State};
use crate::Refusal;
use crate::catalog::{Origin, Source, SourceKind};
use crate::serde::Serializer;
use crate::settings::EXTENSIONS;
use crate::value::Value;

impl State {
    pub(super) fn delete(
        &self,
        context: &Context<'_>,
        session: &Session,
        delete: &Delete,
    ) -> Result<Executed, Refusal> {
        if !session.settings.is_on(EXTENSIONS, false) {
            let at = delete.at.0;
            return Err(Refusal::new(format!(
                "line {at}: Syntax Error\nTo delete rows, set '{EXTENSIONS}' to true"
            ))
            .at(at));
        }
        let name = &delete.from.text;
        let refused = |text: String| Refusal::new(text).at(delete.from.at.0);
        let table = self.catalog.source(name);
        let table = table.ok_or_else(|| {
            let refusal = refused(format!("Cannot delete from an unknown table: `{name}`"));
            refusal.near(self.catalog.near_source(name))
        })?;
        if table.kind == SourceKind::Stream {
            return Err(refused(format!("Cannot delete from {name}: it is a stream, whose records stay")));
        }
        match table.origin {
            Origin::Query => {
                return Err(refused(format!(
                    "Cannot delete from {name}: a query writes it, and its rows come and go by it"
                )));
            }
            Origin::Declared { read_only: true } => {
                return Err(refused(format!("Cannot delete from read-only table: {name}")));
            }
            Origin::Declared { read_only: false } => {}
        }
        if table.properties.window.is_some() {
            return Err(refused(format!("Cannot delete from {name}: its keys are windowed")));
        }
        let constants = Constants { planner: &context.planner, catalog: &self.catalog };
        let mut key = BTreeMap::new();
        conditions(&delete.filter, table, &constants, &mut key)?;
        let values: Option<Vec<Value>> = table.schema.key().map(|column| key.remove(&*column.name)).collect();
        let values = values.ok_or_else(|| only_keys(table, &delete.filter))?;
        let formats = &table.formats;
        let serializer = Serializer::new(&formats.key, &formats.key_columns);
        let serializer = serializer.map_err(|error| Refusal::new(error.to_string()))?;
        Ok(Executed::Insert(Box::new(InsertedRecord {
            source: Arc::clone(table),
            topic: table.properties.topic.clone().unwrap_or_default(),
            key: serializer.serialize(&values).map_err(|error| Refusal::new(error.to_string()))?,
            value: None,
            timestamp: context.planner.world.now_ms(),
        })))
    }
}

/// `key = value AND ...`, each key column once.
fn conditions(
    expr: &Expr,
    table: &Arc<Source>,
    constants: &Constants<'_>,
    key: &mut BTreeMap<String, Value>,
) -> Result<(), Refusal> {
    let ExprNode::Binary { op, left, right } = &expr.node else { return Err(only_keys(table, expr)) };
    match op {
        BinaryOp::And => {
            conditions(left, table, constants, key)?;
            conditions(right, table, constants, key)
        }
        BinaryOp::Equal => {
            let column_of = |expr: &Expr| match &expr.node {
                ExprNode::Column { name, .. } => table.schema.key().find(|column| *column.name == *name.text),
                _ => None,
            };
            let (column, value) = match (column_of(left), column_of(right)) {
                (Some(column), _) => (column, right),
                (None, Some(column)) => (column, left),
                (None, None) => return Err(only_keys(table, expr)),
            };
            let value = constants.value(value, &column.kind)?;
            if value.is_null() {
                let text = format!("Primary key columns can not be NULL: {expr}");
                return Err(Refusal::new(text).at(expr.at.0));
            }
            if key.insert(column.name.to_string(), value).is_some() {
                return Err(only_keys(table, expr));
            }
            Ok(())
        }
        _ => Err(only_keys(table, expr)),
    }
}

fn only_keys(table: &Source, expr: &Expr) -> Refusal {
    let columns: Vec<_> = table.schema.key().map(|column| format!("{} = ...", column.name)).collect();
    let text = format!("A row is deleted by its key: WHERE {}. Got {expr}", columns.join(" AND "));
    Refusal::new(text).at(expr.at.0)
}
