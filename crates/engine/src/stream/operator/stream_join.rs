//! Two streams. Each side keeps its records in a window store; records without a partner so far wait in a third, by time.
use std::ops::Bound;

use lentic_store::Order;
use lentic_topology::spec::{JoinKind, StreamJoin};
use lentic_topology::{Payload, Record};
use lentic_types::Timestamp;

use super::Processor;
use crate::stream::{Context, TaskError};

mod unmatched;

/// The slot of the earliest time that a record waits from; unset: unknown.
const EARLIEST: usize = 1;

pub(super) struct Join {
    spec: StreamJoin,
    next_at: Option<i64>,
}

/// How one side looks at the other.
#[derive(Clone, Copy)]
struct Side {
    is_left: bool,
    before_ms: i64,
    after_ms: i64,
    /// Records of this side without a partner give a result.
    is_outer: bool,
}

impl Join {
    pub(super) fn new(spec: StreamJoin) -> Self {
        Self { spec, next_at: None }
    }

    fn side(&self, is_left: bool) -> Side {
        let windows = &self.spec.windows;
        let (before_ms, after_ms) = if is_left {
            (windows.before_ms, windows.after_ms)
        } else {
            (windows.after_ms, windows.before_ms)
        };
        let is_outer = match self.spec.kind {
            JoinKind::Inner => false,
            JoinKind::Left => is_left,
            JoinKind::Outer => true,
        };
        Side { is_left, before_ms, after_ms, is_outer }
    }

    /// The result of a record and, if it has one, its partner's value.
    fn joined(&self, side: Side, record: &Record, other: Option<&Payload>) -> Option<Payload> {
        let (own, other) = (record.value.clone(), other.cloned());
        let (left, right) = if side.is_left { (own, other) } else { (other, own) };
        (self.spec.join)(record.key.as_ref(), left, right)
    }

    fn match_with_other(
        &mut self,
        context: &mut Context<'_>,
        side: Side,
        key: &[u8],
        record: &Record,
    ) -> Result<(), TaskError> {
        let time = record.timestamp.0;
        let from = time.saturating_sub(side.before_ms).max(0);
        let to = time.saturating_add(side.after_ms).max(0);
        let stream_time = context.observe(record.timestamp);
        if time == stream_time {
            self.emit_unmatched(context, side, record)?;
        }
        let (store, codec) = if side.is_left {
            (self.spec.right_store, &self.spec.right)
        } else {
            (self.spec.left_store, &self.spec.left)
        };
        let mut is_matched = false;
        for row in context.state().windows(store, key, from, to, Order::Ascending)? {
            is_matched = true;
            if let Some(unmatched) = self.spec.outer_store {
                let waiting = unmatched::key(row.start, !side.is_left, key);
                // What does not wait leaves no tombstone in the changelog.
                if context.state().get(unmatched, &waiting)?.is_some() {
                    context.state().put(unmatched, &waiting, None, Timestamp(row.start))?;
                }
            }
            let other = codec.decode(Some(&row.value)).map_err(TaskError::Undecodable)?;
            let value = self.joined(side, record, other.as_ref());
            let timestamp = record.timestamp.max(Timestamp(row.start));
            context.forward(Record { timestamp, ..record.clone() }.with_value(value))?;
        }
        if is_matched || !side.is_outer {
            return Ok(());
        }
        let Some(unmatched) = self.spec.outer_store.filter(|_| to >= stream_time) else {
            // Nothing that could match will come.
            let value = self.joined(side, record, None);
            return context.forward(record.clone().with_value(value));
        };
        let earliest = context.slot(EARLIEST);
        *earliest = if *earliest == -1 { time } else { (*earliest).min(time) };
        let codec = if side.is_left { &self.spec.left } else { &self.spec.right };
        let value = context.bytes(codec, record.value.as_ref())?;
        let waiting = unmatched::key(time, side.is_left, key);
        let before = context.state().get(unmatched, &waiting)?.map(|row| row.value.to_vec());
        let list = unmatched::add(before.as_deref(), side.is_left, value.as_deref());
        Ok(context.state().put(unmatched, &waiting, Some(&list), record.timestamp)?)
    }

    /// Results of records that waited for a partner until their windows closed.
    fn emit_unmatched(
        &mut self,
        context: &mut Context<'_>,
        side: Side,
        trigger: &Record,
    ) -> Result<(), TaskError> {
        let Some(store) = self.spec.outer_store else { return Ok(()) };
        let (stream_time, grace) = (*context.slot(0), self.spec.windows.grace_ms);
        let earliest = match *context.slot(EARLIEST) {
            -1 => i64::MAX,
            earliest => earliest,
        };
        // With nothing known to wait the sum goes round, and the look is taken: Kafka Streams' rule for when to look.
        if earliest.wrapping_add(side.after_ms).wrapping_add(grace) >= stream_time {
            return Ok(());
        }
        let (now, interval) = (context.now().0, context.settings().emit_interval_ms);
        if self.next_at.is_some_and(|next| now < next) {
            return Ok(());
        }
        self.next_at = Some(now.saturating_add(interval));
        let (left_ms, right_ms) = (self.side(true).after_ms, self.side(false).after_ms);
        let (mut is_left_open, mut is_right_open) = (false, false);
        let (mut closed, mut last) = (Vec::new(), -1);
        context.state().scan(store, Bound::Unbounded, Bound::Unbounded, &mut |waiting, list| {
            let Some((time, is_left, _)) = unmatched::parts(waiting) else { return true };
            // Kafka Streams takes the time of the record that it stops at for the earliest, though earlier ones wait.
            last = time;
            if is_left_open && is_right_open {
                return false;
            }
            let (is_open, after_ms) =
                if is_left { (&mut is_left_open, left_ms) } else { (&mut is_right_open, right_ms) };
            *is_open |= time.saturating_add(after_ms).saturating_add(grace) >= stream_time;
            if !*is_open {
                closed.push((waiting.to_vec(), list.value.to_vec()));
            }
            true
        })?;
        *context.slot(EARLIEST) = last;
        for (waiting, list) in closed {
            let Some((time, is_left, key)) = unmatched::parts(&waiting) else { continue };
            let own = self.side(is_left);
            let key = self.spec.key.decode(Some(key)).map_err(TaskError::Undecodable)?;
            let codec = if is_left { &self.spec.left } else { &self.spec.right };
            for value in unmatched::values(&list) {
                let value = codec.decode(value).map_err(TaskError::Undecodable)?;
                let record =
                    Record { key: key.clone(), value, timestamp: Timestamp(time), ..trigger.clone() };
                let joined = self.joined(own, &record, None);
                context.forward(record.with_value(joined))?;
            }
            context.state().put(store, &waiting, None, Timestamp(time))?;
        }
        Ok(())
    }

    /// One side's record: kept, and matched with what the other side has.
    fn take(&mut self, context: &mut Context<'_>, is_left: bool, record: &Record) -> Result<(), TaskError> {
        let side = self.side(is_left);
        context.observe(record.timestamp);
        let key = context.bytes(&self.spec.key, record.key.as_ref())?;
        let codec = if is_left { &self.spec.left } else { &self.spec.right };
        let value = context.bytes(codec, record.value.as_ref())?;
        let (Some(key), Some(value)) = (&key, &value) else {
            if key.is_none() && value.is_some() && side.is_outer {
                let value = self.joined(side, record, None);
                return context.forward(record.clone().with_value(value));
            }
            context.drop_record();
            return Ok(());
        };
        if self.spec.is_self_join {
            // As two sides that hear of each record one after the other.
            if is_left {
                self.match_with_other(context, side, key, record)?;
                context.state().add_to_window(self.spec.left_store, key, record.timestamp.0, value)?;
                return Ok(());
            }
            return self.match_with_other(context, side, key, record);
        }
        let store = if is_left { self.spec.left_store } else { self.spec.right_store };
        context.state().add_to_window(store, key, record.timestamp.0, value)?;
        self.match_with_other(context, side, key, record)
    }
}

impl Processor for Join {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        if self.spec.is_self_join {
            self.take(context, true, &record)?;
            return self.take(context, false, &record);
        }
        self.take(context, port == 0, &record)
    }
}
