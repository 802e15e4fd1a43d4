//! `WINDOW`: how groups are cut by time.
use std::time::Duration;

use lentic_sql_syntax::ast::{Span, Window, WindowKind};
use lentic_topology::spec::Windowing;
use lentic_topology::{Materialized, SessionWindows, TimeWindows};

use super::fold::Folding;
use crate::Refusal;
use crate::catalog::SourceWindow;
use crate::plan::Analysis;
use crate::plan::row::windowed_key;

/// How long after its end a window without GRACE PERIOD takes late records, its size included.
const DAY_MS: i64 = 86_400_000;

impl Analysis<'_> {
    /// The windows of the keys that come out.
    pub(super) fn result_window(&self) -> Result<Option<SourceWindow>, Refusal> {
        let Some(window) = &self.query().window else { return Ok(None) };
        Ok(Some(match window.kind {
            WindowKind::Tumbling { size } => SourceWindow::Tumbling(millis(size)?),
            WindowKind::Hopping { size, .. } => SourceWindow::Hopping(millis(size)?),
            WindowKind::Session { .. } => SourceWindow::Session,
        }))
    }

    pub(super) fn windowing(&self, folding: &Folding) -> Result<Windowing, Refusal> {
        let Some(window) = &self.query().window else { return Ok(Windowing::None) };
        let grace_ms = |size: i64| match window.grace {
            Some(grace) => millis(grace),
            None => Ok((DAY_MS - size).max(0)),
        };
        let time = |size_ms: i64, advance_ms: i64| {
            let grace_ms = grace_ms(size_ms)?;
            let windows = TimeWindows { size_ms, advance_ms, grace_ms, unlimited_from: None };
            Ok(Windowing::Time(windows, windowed_key()))
        };
        match window.kind {
            WindowKind::Tumbling { size } => {
                let size = millis(size)?;
                time(size, size)
            }
            WindowKind::Hopping { size, advance } => time(millis(size)?, millis(advance)?),
            WindowKind::Session { gap } => {
                let gap_ms = millis(gap)?;
                let windows = SessionWindows { gap_ms, grace_ms: grace_ms(gap_ms)? };
                Ok(Windowing::Session(windows, folding.merger(), windowed_key()))
            }
        }
    }

    /// The store, with the time that its windows are kept.
    pub(super) fn retained(&self, store: Materialized) -> Result<Materialized, Refusal> {
        let Some(Window { retention: Some(retention), .. }) = &self.query().window else { return Ok(store) };
        let retention = millis(*retention)?;
        Ok(store.retention(Duration::from_millis(retention.unsigned_abs())))
    }
}

fn millis(span: Span) -> Result<i64, Refusal> {
    let millis = span.millis().filter(|millis| *millis >= 0);
    millis.ok_or_else(|| {
        Refusal::new(format!("The length of time {} {} is too long", span.count, span.unit.as_str()))
    })
}
