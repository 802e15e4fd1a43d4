//! The halves of a table's change under the keys of their groups.
use lentic_topology::spec::{Mapper, ProcessError, RecordContext};
use lentic_topology::{Codec, Payload, Record};

use super::Processor;
use crate::stream::{Context, TaskError};

pub(super) struct Group {
    pub(super) group: Mapper,
    pub(super) key: Codec,
}

impl Group {
    /// Key and value in the group; `None` where there is no value, or the group has no key or value for it.
    fn half(
        &self,
        key: Option<&Payload>,
        value: Option<Payload>,
        about: &RecordContext<'_>,
    ) -> Result<Option<(Payload, Payload)>, ProcessError> {
        let Some(value) = value else { return Ok(None) };
        let grouped = (self.group)(key, Some(value), about)?;
        Ok(grouped.and_then(|(key, value)| Some((key?, value?))))
    }
}

impl Processor for Group {
    fn process(
        &mut self,
        context: &mut Context<'_>,
        _port: usize,
        mut record: Record,
    ) -> Result<(), TaskError> {
        // Of a versioned table only the latest versions are grouped.
        if record.key.is_none() || !record.is_latest {
            context.drop_record();
            return Ok(());
        }
        let (new, old) = (record.value.take(), record.old.take());
        let about = context.record_context(&record);
        let old = self.half(record.key.as_ref(), old, &about)?;
        let new = self.half(record.key.as_ref(), new, &about)?;
        let is_same = match (&new, &old) {
            (Some((key, _)), Some((old_key, _))) => {
                context.bytes(&self.key, Some(key))? == context.bytes(&self.key, Some(old_key))?
            }
            _ => false,
        };
        match (new, old) {
            (Some((key, new)), Some((_, old))) if is_same => {
                context.forward(Record { key: Some(key), ..record }.with_change(Some(new), Some(old)))
            }
            (new, old) => {
                // What leaves a group first, then what comes into one.
                if let Some((key, old)) = old {
                    let record = Record { key: Some(key), ..record.clone() };
                    context.forward(record.with_change(None, Some(old)))?;
                }
                if let Some((key, new)) = new {
                    context.forward(Record { key: Some(key), ..record }.with_change(Some(new), None))?;
                }
                Ok(())
            }
        }
    }
}
