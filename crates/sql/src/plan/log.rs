//! Where a step tells of values that could not be computed.
use std::fmt;
use std::sync::Arc;

use super::ProcessingLog;

/// The processing log as one step of a query sees it.
#[derive(Clone)]
pub(super) struct StepLog {
    log: Arc<dyn ProcessingLog>,
    query: Arc<str>,
    step: &'static str,
}

impl StepLog {
    pub(super) fn new(log: &Arc<dyn ProcessingLog>, query: &str, step: &'static str) -> Self {
        Self { log: Arc::clone(log), query: query.into(), step }
    }

    /// The same for another step.
    pub(super) fn of(&self, step: &'static str) -> Self {
        Self { step, ..self.clone() }
    }

    pub(super) fn report(&self, text: impl fmt::Display) {
        self.log.report(&self.query, self.step, &text.to_string());
    }
}
