//! Tables of topics, and what is done with their rows one by one.
use lentic_topology::spec::{KeyMapper, Predicate, StoreIndex, StoreKind, ValueMapper};
use lentic_topology::{NodeId, Payload, Plan, Record};

use super::Processor;
use super::rows::{Kept, Put, Rows};
use crate::stream::{Context, TaskError};

/// Makes a table of a stream.
pub(super) struct Source {
    rows: Option<Rows>,
}

impl Source {
    pub(super) fn new(plan: &Plan, store: Option<StoreIndex>) -> Self {
        Self { rows: store.map(|store| Rows::new(plan, store)) }
    }
}

impl Processor for Source {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let Some(rows) = self.rows.as_ref().filter(|_| record.key.is_some()) else {
            if record.key.is_none() {
                context.drop_record();
                return Ok(());
            }
            return context.forward(Record { old: None, ..record });
        };
        let Some(key) = rows.key(context, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        let old = rows.get(context, &key)?.map(|(old, _)| old).filter(|_| context.sends_old());
        keep(context, rows, &key, record, old)
    }
}

/// Puts a row and passes the change on.
fn keep(
    context: &mut Context<'_>,
    rows: &Rows,
    key: &[u8],
    record: Record,
    old: Option<Payload>,
) -> Result<(), TaskError> {
    let before = if context.merges() { rows.get(context, key)? } else { None };
    let Kept { value, put, bytes } = rows.put(context, key, record.value.clone(), record.timestamp)?;
    if put == Put::TooOld {
        context.drop_record();
        return Ok(());
    }
    let record = Record { value, old, is_latest: put == Put::Latest, ..record };
    context.forward_row(key, record, before, bytes)
}

/// Rows of a table as another keeps them: writes them if they are kept, and passes the change on.
pub(super) struct Keeper {
    rows: Option<Rows>,
}

impl Keeper {
    pub(super) fn new(plan: &Plan, store: Option<StoreIndex>) -> Self {
        Self { rows: store.map(|store| Rows::new(plan, store)) }
    }

    /// The value before, where it is wanted: the row's that is kept, or else what the function makes of the change.
    pub(super) fn old(
        &self,
        context: &mut Context<'_>,
        record: &Record,
        derive: impl FnOnce() -> Result<Option<Payload>, TaskError>,
    ) -> Result<Option<Payload>, TaskError> {
        if !context.sends_old() {
            return Ok(None);
        }
        let Some(rows) = &self.rows else { return derive() };
        let Some(key) = rows.key(context, record.key.as_ref())? else { return Ok(None) };
        Ok(rows.get(context, &key)?.map(|(old, _)| old))
    }

    pub(super) fn keep(
        &self,
        context: &mut Context<'_>,
        record: Record,
        new: Option<Payload>,
        old: Option<Payload>,
    ) -> Result<(), TaskError> {
        let Some(rows) = &self.rows else { return context.forward(record.with_change(new, old)) };
        let Some(key) = rows.key(context, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        keep(context, rows, &key, record.with_value(new), old)
    }
}

/// Keeps the rows of which something is true.
pub(super) struct Filter {
    keep: Predicate,
    keeper: Keeper,
    /// The table before keeps versions: each of its changes goes on, so that versions come after it, too.
    is_versioned: bool,
}

impl Filter {
    pub(super) fn new(plan: &Plan, id: NodeId, keep: Predicate, store: Option<StoreIndex>) -> Self {
        let is_versioned = plan.node(id).inputs.iter().any(|input| is_versioned(plan, input.node));
        Self { keep, keeper: Keeper::new(plan, store), is_versioned }
    }
}

/// Whether a table's changes are of versions.
fn is_versioned(plan: &Plan, id: NodeId) -> bool {
    let node = plan.node(id);
    match node.spec.table_store() {
        Some(store) => matches!(plan.store(store).kind, StoreKind::Versioned { .. }),
        None => node.spec.is_row_by_row() && node.inputs.iter().any(|input| is_versioned(plan, input.node)),
    }
}

impl Processor for Filter {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let judge = |value: &Option<Payload>| {
            value.clone().filter(|value| (self.keep)(record.key.as_ref(), Some(value)))
        };
        let new = judge(&record.value);
        let old = self.keeper.old(context, &record, || Ok(judge(&record.old)))?;
        // Where the value before is known a row that never was in the table is not deleted from it.
        if context.sends_old() && !self.is_versioned && new.is_none() && old.is_none() {
            return Ok(());
        }
        self.keeper.keep(context, record, new, old)
    }
}

/// Another value for each row.
pub(super) struct MapValues {
    map: ValueMapper,
    keeper: Keeper,
}

impl MapValues {
    pub(super) fn new(plan: &Plan, map: ValueMapper, store: Option<StoreIndex>) -> Self {
        Self { map, keeper: Keeper::new(plan, store) }
    }
}

impl Processor for MapValues {
    fn process(
        &mut self,
        context: &mut Context<'_>,
        _port: usize,
        mut record: Record,
    ) -> Result<(), TaskError> {
        let (new, old) = (record.value.take(), record.old.take());
        let about = context.record_context(&record);
        let map = |value: Option<Payload>| match value {
            Some(value) => (self.map)(record.key.as_ref(), Some(value), &about).map_err(TaskError::from),
            None => Ok(None),
        };
        let new = map(new)?;
        let old = self.keeper.old(context, &record, || map(old))?;
        self.keeper.keep(context, record, new, old)
    }
}

/// The same rows under keys of another kind.
pub(super) struct Rekey {
    to: KeyMapper,
    keeper: Keeper,
}

impl Rekey {
    pub(super) fn new(plan: &Plan, to: KeyMapper, store: Option<StoreIndex>) -> Self {
        Self { to, keeper: Keeper::new(plan, store) }
    }
}

impl Processor for Rekey {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = record.key.as_ref().and_then(|key| (self.to)(Some(key), None)) else {
            context.drop_record();
            return Ok(());
        };
        let record = Record { key: Some(key), ..record };
        let old = self.keeper.old(context, &record, || Ok(record.old.clone()))?;
        let new = record.value.clone();
        self.keeper.keep(context, record, new, old)
    }
}
