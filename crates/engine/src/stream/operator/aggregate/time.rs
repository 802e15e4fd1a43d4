//! By tumbling, hopping and unlimited windows.
use lentic_topology::spec::{Aggregate, Emit};
use lentic_topology::{Record, TimeWindows, Window, WindowedKeyOf};

use super::close::{self, Closing};
use super::{Change, Processor, forward, key_of, len};
use crate::stream::{Context, TaskError};

pub(super) struct Fold {
    spec: Aggregate,
    windows: TimeWindows,
    key: WindowedKeyOf,
    closing: Closing,
}

impl Fold {
    pub(super) fn new(spec: Aggregate, windows: TimeWindows, key: WindowedKeyOf) -> Self {
        Self { spec, windows, key, closing: Closing::default() }
    }

    fn update(
        &self,
        context: &mut Context<'_>,
        port: usize,
        key: &[u8],
        window: Window,
        record: &Record,
    ) -> Result<(), TaskError> {
        let spec = &self.spec;
        let (before, stored) = match context.state().window(spec.store, key, window.start)? {
            Some(row) => {
                let value = spec.value.decode(Some(row.value)).map_err(TaskError::Undecodable)?;
                (value, row.timestamp)
            }
            None => (None, record.timestamp),
        };
        let timestamp = stored.max(record.timestamp);
        let known = before.clone().filter(|_| context.merges()).map(|before| (before, stored));
        let old = before.clone().filter(|_| context.sends_old());
        let aggregate = (spec.inputs[port])(record.key.as_ref(), record.value.as_ref(), before)?;
        let bytes = context.bytes(&spec.value, aggregate.as_ref())?;
        context.state().put_window(spec.store, key, window.start, bytes.as_deref(), timestamp)?;
        if spec.emit == Emit::Close {
            return Ok(());
        }
        let Some(inner) = &record.key else { return Ok(()) };
        let windowed = (self.key.join)(inner, window);
        let record = Record { key: Some(windowed), timestamp, ..record.clone() };
        let change = Change {
            record: record.with_change(aggregate, old),
            before: known,
            bytes: len(bytes.as_deref()),
        };
        forward(context, key, &[window.start], change)
    }

    /// Sends the results of the windows that are closed now and were not before.
    fn close(
        &mut self,
        context: &mut Context<'_>,
        trigger: &Record,
        close_time: i64,
    ) -> Result<(), TaskError> {
        let Some(last) = self.closing.is_due(context, close_time) else { return Ok(()) };
        let size = self.windows.size_ms;
        let upper = close_time.saturating_sub(size);
        if upper < 0 {
            return Ok(());
        }
        let lower = last.map_or(0, |last| last.saturating_sub(size).max(0) + 1);
        if last.is_some() && self.windows.windows_for(upper).eq(self.windows.windows_for(lower - 1)) {
            return Ok(());
        }
        for row in context.state().windows_by_start(self.spec.store, lower, upper)? {
            let key = self.spec.key.decode(Some(&row.key)).map_err(TaskError::Undecodable)?;
            let value = self.spec.value.decode(Some(&row.value)).map_err(TaskError::Undecodable)?;
            let Some(key) = key else { continue };
            let window = Window { start: row.start, end: row.start.saturating_add(size) };
            let windowed = (self.key.join)(&key, window);
            context.forward(close::result(trigger, windowed, value, row.timestamp))?;
        }
        self.closing.went_out(context, close_time);
        Ok(())
    }
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
        if self.spec.emit == Emit::Close { self.close(context, &record, close_time) } else { Ok(()) }
    }
}
