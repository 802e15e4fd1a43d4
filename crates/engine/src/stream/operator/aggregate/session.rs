//! By sessions.
use lentic_topology::spec::{Aggregate, Emit, Merger};
use lentic_topology::{Payload, Record, SessionWindows, Window, WindowedKeyOf};
use lentic_types::Timestamp;

use super::close::{self, Behind, Closing};
use super::{Change, Processor, forward, key_of, len};
use crate::stream::{Context, SessionRow, TaskError};

pub(super) struct Fold {
    spec: Aggregate,
    windows: SessionWindows,
    merge: Merger,
    key: WindowedKeyOf,
    closing: Closing,
}

/// A record on its way to its session.
#[derive(Clone, Copy)]
struct Step<'a> {
    key: &'a [u8],
    record: &'a Record,
}

impl Fold {
    pub(super) fn new(spec: Aggregate, windows: SessionWindows, merge: Merger, key: WindowedKeyOf) -> Self {
        Self { spec, windows, merge, key, closing: Closing::default() }
    }

    /// A change of a session, its value with the number of its bytes; results carry the session's end as their time.
    fn forward(
        &self,
        context: &mut Context<'_>,
        step: &Step<'_>,
        window: Window,
        value: Option<(Payload, usize)>,
        old: Option<Payload>,
    ) -> Result<(), TaskError> {
        let Step { key, record } = *step;
        let Some(inner) = record.key.as_ref().filter(|_| self.spec.emit == Emit::Update) else {
            return Ok(());
        };
        let windowed = (self.key.join)(inner, window);
        let before = old.clone().filter(|_| context.merges()).map(|old| (old, Timestamp(window.end)));
        let old = old.filter(|_| context.sends_old());
        let record = Record { key: Some(windowed), timestamp: Timestamp(window.end), ..record.clone() };
        let (value, bytes) = value.map_or((None, 0), |(value, bytes)| (Some(value), bytes));
        forward(
            context,
            key,
            &[window.end, window.start],
            Change { record: record.with_change(value, old), before, bytes },
        )
    }

    fn decode(&self, row: &SessionRow) -> Result<Option<Payload>, TaskError> {
        self.spec.value.decode(Some(&row.value)).map_err(TaskError::Undecodable)
    }

    fn close(
        &mut self,
        context: &mut Context<'_>,
        trigger: &Record,
        close_time: i64,
    ) -> Result<(), TaskError> {
        match self.closing.is_due(context, close_time) {
            Some(last) => self.send(context, trigger, last, close_time),
            None => Ok(()),
        }
    }

    /// Sends those that the record, by moving stream time on, would make the store forget before they were sent.
    fn close_forgotten(&mut self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let lateness = self.windows.grace_ms.saturating_add(self.windows.gap_ms);
        let Some(behind) = self.closing.behind(context, record, lateness) else {
            return Ok(());
        };
        let Behind { last, close_time, next } = behind;
        let kept = context.state().first_kept_at(self.spec.store, next);
        if last.unwrap_or(0) < kept { self.send(context, record, last, close_time) } else { Ok(()) }
    }

    fn send(
        &mut self,
        context: &mut Context<'_>,
        trigger: &Record,
        last: Option<i64>,
        close_time: i64,
    ) -> Result<(), TaskError> {
        let upper = close_time.saturating_sub(1);
        if upper < 0 {
            return Ok(());
        }
        let lower = last.map_or(0, |last| last.max(0));
        for row in context.state().closing_sessions(self.spec.store, lower, upper)? {
            let key = self.spec.key.decode(Some(&row.key)).map_err(TaskError::Undecodable)?;
            let Some(key) = key else { continue };
            let value = self.decode(&row)?;
            let windowed = (self.key.join)(&key, row.window);
            context.forward(close::result(trigger, windowed, value, Timestamp(row.window.end)))?;
        }
        self.closing.went_out(context, close_time);
        Ok(())
    }
}

impl Processor for Fold {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = key_of(&self.spec, context, &record)? else { return Ok(()) };
        if self.spec.emit == Emit::Close {
            self.close_forgotten(context, &record)?;
        }
        let time = record.timestamp.0;
        let (gap, grace) = (self.windows.gap_ms, self.windows.grace_ms);
        let close_time = context.observe(record.timestamp).saturating_sub(grace).saturating_sub(gap);
        let own = Window { start: time, end: time };
        let absorbed = context.state().sessions(
            self.spec.store,
            &key,
            time.saturating_sub(gap),
            time.saturating_add(gap),
        )?;
        let (mut merged, mut aggregate) = (own, None);
        let mut values = Vec::with_capacity(absorbed.len());
        for row in &absorbed {
            merged.start = merged.start.min(row.window.start);
            merged.end = merged.end.max(row.window.end);
            let value = self.decode(row)?;
            if let Some(value) = value.clone() {
                aggregate = (self.merge)(record.key.as_ref(), aggregate, value)?;
            }
            values.push(value);
        }
        if merged.end < close_time {
            context.drop_record();
        } else {
            // Without the cache a session that goes on as it is comes without its value before, as in Kafka Streams.
            let same = absorbed.iter().position(|row| row.window == merged).filter(|_| context.merges());
            let before = same.and_then(|place| values[place].clone());
            let step = Step { key: &key, record: &record };
            if merged != own {
                for (row, value) in absorbed.iter().zip(values) {
                    context.state().put_session(self.spec.store, &key, row.window, None)?;
                    self.forward(context, &step, row.window, None, value)?;
                }
            }
            let aggregate = (self.spec.inputs[port])(record.key.as_ref(), record.value.as_ref(), aggregate)?;
            let bytes = context.bytes(&self.spec.value, aggregate.as_ref())?;
            context.state().put_session(self.spec.store, &key, merged, bytes.as_deref())?;
            let aggregate = aggregate.map(|aggregate| (aggregate, len(bytes.as_deref())));
            self.forward(context, &step, merged, aggregate, before)?;
        }
        if self.spec.emit == Emit::Close { self.close(context, &record, close_time) } else { Ok(()) }
    }
}
