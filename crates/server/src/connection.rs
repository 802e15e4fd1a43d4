//! One connection, as its requests see it.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts requests and parts of answers, so that an idle connection is noticed without a timer per request.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    begun: AtomicU64,
    ended: AtomicU64,
    cut: Notify,
}

impl Connection {
    /// Requests begun and parts gone out so far, and whether a request is being answered.
    pub(crate) fn activity(&self) -> (u64, bool) {
        let begun = self.begun.load(Ordering::Relaxed);
        (begun, begun != self.ended.load(Ordering::Relaxed))
    }

    /// A part of an answer went out.
    pub(crate) fn touch(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends the connection without further ado.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    pub(crate) async fn is_cut(&self) {
        self.cut.notified().await;
    }
}

/// A request that its connection counts as running, to the head of its answer.
#[derive(Debug)]
pub(crate) struct Running(Arc<Connection>);

impl Running {
    pub(crate) fn begin(connection: &Arc<Connection>) -> Self {
        connection.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
