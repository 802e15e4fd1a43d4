//! What travels through the topology of a query: keys and rows.
use std::sync::Arc;

use lentic_topology::{Payload, Window, WindowedKeyOf};

use super::log::StepLog;
use crate::expr::Compiled;
use crate::value::decimal::fit;
use crate::{SqlType, Value};

/// The value of a record: the columns of the step that it comes from.
pub type Row = Vec<Value>;

/// For how many values of a result a row that is read has a place, so that it can become that in place.
pub(super) const PROJECTED: usize = 8;

/// The row after a change: in place where nobody else has it, else a copy.
pub(super) fn changed(mut value: Payload, change: impl FnOnce(&mut Row)) -> Payload {
    if let Some(row) = value.get_mut() {
        change(row);
        return value;
    }
    let mut row = value.take();
    change(&mut row);
    Payload::new(row)
}

/// The key of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// The values of the key columns.
    pub columns: Arc<[Value]>,
    /// Of windowed keys the window. The end of a time window is exclusive, that of a session the time of its last record.
    pub window: Option<Window>,
}

impl Key {
    /// A key without a window.
    pub fn new(columns: impl Into<Arc<[Value]>>) -> Self {
        Self { columns: columns.into(), window: None }
    }
}

/// The columns of a key; none of a null key.
pub(super) fn key_columns(key: Option<&Payload>) -> &[Value] {
    key.map_or(&[], |key| &key.get::<Key>().columns)
}

/// What an expression is in a key. Equal keys are the same bytes: a DECIMAL has the scale of the type.
pub(super) fn key_value(expr: &Compiled, row: &[Value], log: &StepLog) -> Value {
    let found = expr.evaluate(row, &mut |error| log.report(error));
    match (&found, expr.kind()) {
        (Value::Decimal(number), Some(SqlType::Decimal(kind))) => {
            fit(number, *kind).map_or(found.clone(), Value::from)
        }
        _ => found,
    }
}

/// The window of a key.
pub(super) fn key_window(key: Option<&Payload>) -> Option<Window> {
    key.and_then(|key| key.get::<Key>().window)
}

/// How windowed operators put keys and windows together.
pub(super) fn windowed_key() -> WindowedKeyOf {
    WindowedKeyOf {
        join: |key, window| {
            let columns = Arc::clone(&key.get::<Key>().columns);
            Payload::new(Key { columns, window: Some(window) })
        },
        split: |key| {
            let Key { columns, window } = key.get::<Key>();
            let plain = Payload::new(Key { columns: Arc::clone(columns), window: None });
            (plain, window.unwrap_or(Window { start: 0, end: 0 }))
        },
    }
}
