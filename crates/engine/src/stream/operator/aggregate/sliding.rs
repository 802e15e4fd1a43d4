//! By sliding windows: each record has a window that ends with it, and one that begins after it as soon as that holds
//! another record. A stored aggregate's timestamp is the latest record of its window, which tells whose neighbours exist.
use std::collections::BTreeSet;

use lentic_store::Order;
use lentic_topology::spec::{Aggregate, Emit};
use lentic_topology::{Payload, Record, SlidingWindows, Window, WindowedKeyOf};
use lentic_types::Timestamp;

use super::close::{self, Behind, Closing};
use super::{Change, Processor, forward, key_of, len};
use crate::stream::record_cache::TableRow;
use crate::stream::{Context, TaskError, WindowRow};

pub(super) struct Fold {
    spec: Aggregate,
    windows: SlidingWindows,
    key: WindowedKeyOf,
    closing: Closing,
}

/// A stored aggregate with the time of its latest record.
type Aggregated = (Option<Payload>, i64);

/// A record on its way through the windows of its key.
struct Step<'a> {
    key: &'a [u8],
    port: usize,
    record: &'a Record,
    time: i64,
    close_time: i64,
}

impl Fold {
    pub(super) fn new(spec: Aggregate, windows: SlidingWindows, key: WindowedKeyOf) -> Self {
        Self { spec, windows, key, closing: Closing::default() }
    }

    fn window(&self, start: i64) -> Window {
        Window { start, end: start + self.windows.difference_ms }
    }

    fn decode(&self, row: &WindowRow) -> Result<Aggregated, TaskError> {
        let value = self.spec.value.decode(Some(&row.value)).map_err(TaskError::Undecodable)?;
        Ok((value, row.timestamp.0))
    }

    /// Adds the record to what a window holds. `is_new`: the window did not exist, and nothing is replaced.
    fn add(
        &self,
        context: &mut Context<'_>,
        step: &Step<'_>,
        start: i64,
        before: Option<Aggregated>,
        is_new: bool,
    ) -> Result<(), TaskError> {
        let window = self.window(start);
        if window.end < step.close_time {
            context.drop_record();
            return Ok(());
        }
        let (before, latest) = before.unwrap_or((None, step.time));
        let old = before.clone().filter(|_| !is_new).map(|old| (old, Timestamp(latest)));
        let aggregate =
            (self.spec.inputs[step.port])(step.record.key.as_ref(), step.record.value.as_ref(), before)?;
        self.put(context, step, window, aggregate, old, latest.max(step.time))
    }

    fn put(
        &self,
        context: &mut Context<'_>,
        step: &Step<'_>,
        window: Window,
        aggregate: Option<Payload>,
        old: TableRow,
        latest: i64,
    ) -> Result<(), TaskError> {
        let bytes = context.bytes(&self.spec.value, aggregate.as_ref())?;
        let timestamp = Timestamp(latest);
        context.state().put_window(self.spec.store, step.key, window.start, bytes.as_deref(), timestamp)?;
        let Some(inner) = step.record.key.as_ref().filter(|_| self.spec.emit == Emit::Update) else {
            return Ok(());
        };
        let before = old.clone().filter(|_| context.merges());
        let old = old.map(|(old, _)| old).filter(|_| context.sends_old());
        let record = Record { key: Some((self.key.join)(inner, window)), timestamp, ..step.record.clone() };
        let change =
            Change { record: record.with_change(aggregate, old), before, bytes: len(bytes.as_deref()) };
        forward(context, step.key, &[window.start], change)
    }

    /// The window after the record, which takes over what a window that spans the record holds.
    fn open_after(
        &self,
        context: &mut Context<'_>,
        step: &Step<'_>,
        spanning: Option<Aggregated>,
    ) -> Result<(), TaskError> {
        let Some((value, latest)) = spanning.filter(|(_, latest)| *latest > step.time) else { return Ok(()) };
        let window = self.window(step.time + 1);
        if window.end < step.close_time {
            context.drop_record();
            return Ok(());
        }
        self.put(context, step, window, value, None, latest)
    }

    fn update(&self, context: &mut Context<'_>, step: &Step<'_>) -> Result<(), TaskError> {
        let (time, difference) = (step.time, self.windows.difference_ms);
        let earliest = (time - 2 * difference).max(0);
        let rows =
            context.state().windows(self.spec.store, step.key, earliest, time + 1, Order::Descending)?;
        let (mut starts, mut left, mut spanning, mut previous) = (BTreeSet::new(), None, None, None);
        let (mut has_left, mut has_right) = (false, false);
        for row in &rows {
            let (start, end) = (row.start, row.start + difference);
            starts.insert(start);
            if start == time + 1 {
                has_right = true;
            } else if end > time {
                let found = self.decode(row)?;
                if spanning.is_none() {
                    spanning = Some(found.clone());
                }
                self.add(context, step, start, Some(found), false)?;
            } else if end == time {
                has_left = true;
                let found = self.decode(row)?;
                let latest = found.1;
                self.add(context, step, start, Some(found), false)?;
                if latest >= time {
                    // A record of this time came before: all its windows are there.
                    return Ok(());
                }
                previous = Some(latest);
            } else {
                let found = self.decode(row)?;
                previous = Some(found.1);
                left = Some(found);
                break;
            }
        }
        if let Some(previous) = previous {
            let start = previous + 1;
            if !starts.contains(&start) && start + difference >= time {
                self.add(context, step, start, None, true)?;
            }
        }
        if !has_left {
            let is_shared = previous.is_some_and(|previous| time - difference <= previous);
            let before = left.filter(|_| is_shared).map(|(value, _)| (value, time));
            self.add(context, step, time - difference, before, true)?;
        }
        if has_right { Ok(()) } else { self.open_after(context, step, spanning) }
    }

    /// Records before the first full window share the one that begins at 0.
    fn update_early(&self, context: &mut Context<'_>, step: &Step<'_>) -> Result<(), TaskError> {
        let time = step.time;
        let rows = context.state().windows(self.spec.store, step.key, 0, time + 1, Order::Ascending)?;
        let (mut starts, mut combined, mut spanning, mut previous) = (BTreeSet::new(), None, None, None);
        let mut has_right = false;
        for row in &rows {
            starts.insert(row.start);
            let found = self.decode(row)?;
            if row.start == 0 {
                if found.1 < time {
                    previous = Some(found.1);
                }
                combined = Some(found);
            } else if row.start <= time {
                spanning = Some(found.clone());
                self.add(context, step, row.start, Some(found), false)?;
            } else {
                has_right = true;
            }
        }
        if spanning.is_none() {
            spanning = combined.clone().filter(|(_, latest)| *latest > time);
        }
        if !has_right {
            self.open_after(context, step, spanning)?;
        }
        if let Some(previous) = previous
            && !starts.contains(&(previous + 1))
        {
            self.add(context, step, previous + 1, None, true)?;
        }
        let is_new = combined.is_none();
        self.add(context, step, 0, combined, is_new)
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

    /// Sends those that the record, by what it puts into the store, would hide from reads before they were sent.
    fn close_hidden(&mut self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let Some(behind) = self.closing.behind(context, record, self.windows.grace_ms) else {
            return Ok(());
        };
        let Behind { last, close_time, next } = behind;
        let visible = context.state().first_visible_at(self.spec.store, next);
        if self.start_after(last) < visible { self.send(context, record, last, close_time) } else { Ok(()) }
    }

    /// The first start of windows that closed after a close time.
    fn start_after(&self, last: Option<i64>) -> i64 {
        last.map_or(0, |last| (last - self.windows.difference_ms).max(0))
    }

    fn send(
        &mut self,
        context: &mut Context<'_>,
        trigger: &Record,
        last: Option<i64>,
        close_time: i64,
    ) -> Result<(), TaskError> {
        let difference = self.windows.difference_ms;
        let upper = close_time - difference - 1;
        if upper < 0 {
            return Ok(());
        }
        let lower = self.start_after(last);
        for row in context.state().windows_by_start(self.spec.store, lower, upper)? {
            let key = self.spec.key.decode(Some(&row.key)).map_err(TaskError::Undecodable)?;
            let Some(key) = key else { continue };
            let (value, _) = self.decode(&row)?;
            let windowed = (self.key.join)(&key, self.window(row.start));
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
        let time = record.timestamp.0;
        let close_time = context.observe(record.timestamp).saturating_sub(self.windows.grace_ms);
        if time + self.windows.difference_ms < close_time {
            context.drop_record();
            return Ok(());
        }
        let step = Step { key: &key, port, record: &record, time, close_time };
        if time < self.windows.difference_ms {
            // As in Kafka Streams, no results are looked for then.
            return self.update_early(context, &step);
        }
        self.update(context, &step)?;
        if self.spec.emit == Emit::Close { self.close(context, &record, close_time) } else { Ok(()) }
    }
}
