//! Tables of topics, and what is done with their rows one by one.
use lentic_topology::spec::{Predicate, StoreIndex, StoreKind, ValueMapper};
use lentic_topology::{Codec, NodeId, Payload, Plan, Record};

use super::Processor;
use crate::stream::{Context, TaskError};

/// Makes a table of a stream.
pub(super) struct Source {
    store: Option<(StoreIndex, Codec, Codec, bool)>,
}

impl Source {
    pub(super) fn new(plan: &Plan, _id: NodeId, store: Option<StoreIndex>) -> Self {
        let store = store.map(|index| {
            let spec = plan.store(index);
            (index, spec.key, spec.value, matches!(spec.kind, StoreKind::Versioned { .. }))
        });
        Self { store }
    }
}

impl Processor for Source {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = &record.key else {
            context.drop_record();
            return Ok(());
        };
        let Some((store, key_codec, codec, is_versioned)) = &self.store else {
            return context.forward(Record { old: None, ..record });
        };
        let Some(key) = context.bytes(key_codec, Some(key))? else {
            context.drop_record();
            return Ok(());
        };
        let value = context.bytes(codec, record.value.as_ref())?;
        // A type's own null deletes as no value does.
        let record = Record { value: record.value.clone().filter(|_| value.is_some()), ..record };
        if *is_versioned {
            let at = record.timestamp.0;
            let before = context.state().version_at(*store, &key, at)?.and_then(|version| version.value);
            let old = codec_decode(codec, before.as_deref())?;
            let Some(is_latest) = context.state().put_version(*store, &key, value.as_deref(), at)? else {
                context.drop_record();
                return Ok(());
            };
            let old = old.filter(|_| context.sends_old());
            return context.forward(Record { old, is_latest, ..record });
        }
        let old = context.row(*store, &key, codec)?.map(|(old, _)| old);
        context.state().put(*store, &key, value.as_deref(), record.timestamp)?;
        let old = old.filter(|_| context.sends_old());
        context.forward(Record { old, ..record })
    }
}

fn codec_decode(codec: &Codec, bytes: Option<&[u8]>) -> Result<Option<Payload>, TaskError> {
    match bytes {
        Some(bytes) => codec.decode(Some(bytes)).map_err(TaskError::Undecodable),
        None => Ok(None),
    }
}

/// Rows of a table as another keeps them: writes them if they are kept, and passes the change on.
pub(super) struct Keeper {
    store: Option<(StoreIndex, Codec, Codec)>,
}

impl Keeper {
    pub(super) fn new(plan: &Plan, store: Option<StoreIndex>) -> Self {
        let store = store.map(|index| (index, plan.store(index).key, plan.store(index).value));
        Self { store }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.store.is_some()
    }

    /// With a store the old value is the row's; else the one given.
    pub(super) fn keep(
        &self,
        context: &mut Context<'_>,
        record: Record,
        new: Option<Payload>,
        old: Option<Payload>,
    ) -> Result<(), TaskError> {
        let Some((store, key_codec, codec)) = &self.store else {
            return context.forward(record.with_change(new, old));
        };
        let Some(key) = context.bytes(key_codec, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        let value = context.bytes(codec, new.as_ref())?;
        let old = context.row(*store, &key, codec)?.map(|(old, _)| old);
        context.state().put(*store, &key, value.as_deref(), record.timestamp)?;
        let old = old.filter(|_| context.sends_old());
        context.forward(record.with_change(new, old))
    }
}

/// Keeps the rows of which something is true.
pub(super) struct Filter {
    keep: Predicate,
    keeper: Keeper,
    /// The table before sends old values: both halves can be judged.
    knows_old: bool,
}

impl Filter {
    pub(super) fn new(plan: &Plan, id: NodeId, keep: Predicate, store: Option<StoreIndex>) -> Self {
        let knows_old = plan.node(id).inputs.iter().any(|input| plan.node(input.node).sends_old);
        Self { keep, keeper: Keeper::new(plan, store), knows_old }
    }

    fn judge(&self, key: Option<&Payload>, value: Option<Payload>) -> Option<Payload> {
        value.filter(|value| (self.keep)(key, Some(value)))
    }
}

impl Processor for Filter {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let new = self.judge(record.key.as_ref(), record.value.clone());
        let sends_old = context.sends_old() && !self.keeper.is_kept();
        let old = if sends_old { self.judge(record.key.as_ref(), record.old.clone()) } else { None };
        // Where the value before is known a row that never was in the table is not deleted from it.
        if sends_old && self.knows_old && new.is_none() && old.is_none() {
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
    pub(super) fn new(plan: &Plan, _id: NodeId, map: ValueMapper, store: Option<StoreIndex>) -> Self {
        Self { map, keeper: Keeper::new(plan, store) }
    }

    fn map(&self, key: Option<&Payload>, value: Option<&Payload>) -> Result<Option<Payload>, TaskError> {
        match value {
            Some(value) => Ok((self.map)(key, Some(value))?),
            None => Ok(None),
        }
    }
}

impl Processor for MapValues {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let new = self.map(record.key.as_ref(), record.value.as_ref())?;
        let sends_old = context.sends_old() && !self.keeper.is_kept();
        let old = if sends_old { self.map(record.key.as_ref(), record.old.as_ref())? } else { None };
        self.keeper.keep(context, record, new, old)
    }
}
