//! One result for each window, when it is closed.
use lentic_topology::Record;
use lentic_types::Timestamp;

use crate::stream::Context;

/// The slot of the close time up to which results went out, kept beyond a restart.
const LAST_CLOSE: usize = 1;

/// When results at the end of windows are looked for.
#[derive(Default)]
pub(super) struct Closing {
    next_at: Option<i64>,
}

/// Results that are still to come before a record is processed.
pub(super) struct Behind {
    /// The close time up to which everything went out, if anything did.
    pub(super) last: Option<i64>,
    /// The close time until now.
    pub(super) close_time: i64,
    /// The stream time with the record: no window is put that starts later, and no session that ends later.
    pub(super) next: i64,
}

impl Closing {
    /// Whether to look now, on the wall clock and because the close time has moved on; and up to which close time
    /// everything went out already, if anything did.
    #[expect(clippy::option_option, reason = "two questions in one")]
    pub(super) fn is_due(&mut self, context: &mut Context<'_>, close_time: i64) -> Option<Option<i64>> {
        let (now, interval) = (context.now().0, context.settings().emit_interval_ms);
        if self.next_at.is_some_and(|next| now < next) {
            return None;
        }
        self.next_at = Some(now.saturating_add(interval));
        let last = *context.slot(LAST_CLOSE);
        let last = (last != -1).then_some(last);
        last.is_none_or(|last| last < close_time).then_some(last)
    }

    /// What to look for before a record is processed, whatever the wall clock says, if windows may have closed whose results
    /// are still to come.
    pub(super) fn behind(&self, context: &mut Context<'_>, record: &Record, grace_ms: i64) -> Option<Behind> {
        let stream_time = *context.slot(0);
        if !context.settings().emit_before_expiry || stream_time == -1 {
            return None;
        }
        let (close_time, last) = (stream_time.saturating_sub(grace_ms), *context.slot(LAST_CLOSE));
        let last = (last != -1).then_some(last);
        let next = stream_time.max(record.timestamp.0);
        last.is_none_or(|last| last < close_time).then_some(Behind { last, close_time, next })
    }

    /// Everything up to this close time went out.
    pub(super) fn went_out(&self, context: &mut Context<'_>, close_time: i64) {
        *context.slot(LAST_CLOSE) = close_time;
    }
}

/// A result's record: the headers are those of the record that closed the window.
pub(super) fn result(
    trigger: &Record,
    key: lentic_topology::Payload,
    value: Option<lentic_topology::Payload>,
    timestamp: Timestamp,
) -> Record {
    Record { key: Some(key), value, old: None, is_latest: true, timestamp, headers: trigger.headers.clone() }
}
