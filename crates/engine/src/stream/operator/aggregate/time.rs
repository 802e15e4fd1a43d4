//! By tumbling, hopping and unlimited windows.
use lentic_topology::spec::{Aggregate, Emit};
use lentic_topology::{Record, TimeWindows, Window, WindowedKeyOf};

use super::close::{self, Behind, Closing};
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
        let upper = close_time.saturating_sub(self.windows.size_ms);
        if self.is_any_between(last, upper) { self.send(context, trigger, last, close_time) } else { Ok(()) }
    }

    /// The same of those that the record, by moving stream time on, would hide from reads before they were sent.
    fn close_hidden(&mut self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let Some(behind) = self.closing.behind(context, record, self.windows.grace_ms) else {
            return Ok(());
        };
        let Behind { last, close_time, next } = behind;
        let visible = context.state().first_visible_at(self.spec.store, next);
        let upper = close_time.saturating_sub(self.windows.size_ms).min(visible.saturating_sub(1));
        if self.is_any_between(last, upper) { self.send(context, record, last, close_time) } else { Ok(()) }
    }

    /// The first start of windows that closed after a close time.
    fn start_after(&self, last: Option<i64>) -> i64 {
        last.map_or(0, |last| last.saturating_sub(self.windows.size_ms).max(0) + 1)
    }

    /// Whether a window that closed after a close time can start here or before.
    fn is_any_between(&self, last: Option<i64>, upper: i64) -> bool {
        let lower = self.start_after(last);
        upper >= 0
            && (last.is_none() || !self.windows.windows_for(upper).eq(self.windows.windows_for(lower - 1)))
    }

    fn send(
        &mut self,
        context: &mut Context<'_>,
        trigger: &Record,
        last: Option<i64>,
        close_time: i64,
    ) -> Result<(), TaskError> {
        let size = self.windows.size_ms;
        let (lower, upper) = (self.start_after(last), close_time.saturating_sub(size));
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
        if self.spec.emit == Emit::Close {
            self.close_hidden(context, &record)?;
        }
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
