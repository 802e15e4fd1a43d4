//! Queries that process nothing for now.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Query, TaskStatus};
use crate::node::Shared;

impl Shared {
    /// Has a query pause after a commit, or go on from there. Its tables answer all the time.
    pub(super) fn pause(self: &Arc<Self>, query: &Query, is_paused: bool) {
        query.inner.is_paused.store(is_paused, Ordering::Release);
        if is_paused {
            self.end_tasks(query, &TaskStatus::Elsewhere);
        } else {
            self.open_owned_tasks();
        }
    }
}
