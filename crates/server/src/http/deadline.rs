//! Until when a request must be answered.
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Code, Error, Result};

/// The end of a request's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    timeout: Duration,
    /// Whether the client named it.
    named: bool,
}

impl Deadline {
    /// From now.
    pub(crate) fn after(timeout: Duration, named: bool) -> Self {
        Self { at: Instant::now() + timeout, timeout, named }
    }

    /// For work that streams: each step has the request's time anew, unless the client named one for the whole.
    pub(crate) fn step(self) -> Self {
        if self.named { self } else { Self::after(self.timeout, false) }
    }

    pub(crate) fn at(self) -> Instant {
        self.at
    }

    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    pub(crate) fn is_over(self) -> bool {
        self.at <= Instant::now()
    }

    pub(crate) fn error(self) -> Error {
        Error::new(Code::Timeout, format!("the request took longer than {} ms", self.timeout.as_millis()))
    }

    /// The future's output, or the timeout's error.
    pub(crate) async fn run<F: Future>(self, future: F) -> Result<F::Output> {
        tokio::time::timeout_at(self.at, future).await.map_err(|_| self.error())
    }
}
