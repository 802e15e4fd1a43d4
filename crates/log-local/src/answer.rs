//! The answer that every append is owed, exactly once, whatever becomes of it.
use std::panic::{AssertUnwindSafe, catch_unwind};

use lentic_engine::log::{Ack, Acked, Error, Result};

pub(crate) struct Answer(Option<Acked>);

impl Answer {
    pub(crate) fn new(acked: Acked) -> Self {
        Self(Some(acked))
    }

    pub(crate) fn give(mut self, result: Result<Ack>) {
        self.call(result);
    }

    /// A panic of him who is answered must not end the writer.
    fn call(&mut self, result: Result<Ack>) {
        let Some(acked) = self.0.take() else { return };
        if catch_unwind(AssertUnwindSafe(|| acked(result))).is_err() {
            tracing::error!("what waited for an acknowledgement panicked");
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.call(Err(Error::Unknown("the log stopped before it answered".to_owned())));
    }
}
