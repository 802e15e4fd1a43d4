//! By tumbling, hopping and unlimited windows.
use lentic_topology::spec::{Aggregate, Emit};
use lentic_topology::{Record, TimeWindows, Window, WindowedKeyOf};
use lentic_types::Timestamp;

use super::{Processor, key_of};
use crate::stream::{Context, TaskError};

pub(super) struct Fold {
    pub(super) spec: Aggregate,
    pub(super) windows: TimeWindows,
    pub(super) key: WindowedKeyOf,
}

impl Processor for Fold {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = key_of(&self.spec, context, &record)? else { return Ok(()) };
        let close_time = context.observe(record.timestamp).saturating_sub(self.windows.grace_ms);
        for window in self.windows.windows_for(record.timestamp.0) {
            if window.end > close_time {
                self.update(context, port, &key, window, &record)?;
            } else {
                context.drop_record();
            }
        }
        Ok(())
    }
}

impl Fold {
    fn update(
        &self,
        context: &mut Context<'_>,
        port: usize,
        key: &[u8],
        window: Window,
        record: &Record,
    ) -> Result<(), TaskError> {
        let spec = &self.spec;
        let (before, timestamp) = match context.state().window(spec.store, key, window.start)? {
            Some(row) => {
                let value = spec.value.decode(Some(row.value)).map_err(TaskError::Undecodable)?;
                (value, row.timestamp.max(record.timestamp))
            }
            None => (None, record.timestamp),
        };
        let old = before.clone().filter(|_| context.sends_old());
        let aggregate = (spec.inputs[port])(record.key.as_ref(), record.value.as_ref(), before);
        let bytes = context.bytes(&spec.value, aggregate.as_ref())?;
        context.state().put_window(spec.store, key, window.start, bytes.as_deref(), timestamp)?;
        if spec.emit == Emit::Close {
            return Ok(());
        }
        let Some(inner) = &record.key else { return Ok(()) };
        let windowed = (self.key.join)(inner, window);
        let record = Record { key: Some(windowed), timestamp: Timestamp(timestamp.0), ..record.clone() };
        context.forward(record.with_change(aggregate, old))
    }
}
