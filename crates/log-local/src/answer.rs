//! The answer that every append is owed, exactly once, whatever becomes of it.
use lentic_engine::log::{Ack, Acked, Error, Result};

pub(crate) struct Answer(Option<Acked>);

impl Answer {
    pub(crate) fn new(acked: Acked) -> Self {
        Self(Some(acked))
    }

    pub(crate) fn give(mut self, result: Result<Ack>) {
        if let Some(acked) = self.0.take() {
            acked(result);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(acked) = self.0.take() {
            acked(Err(Error::Unknown("the log stopped before it answered".to_owned())));
        }
    }
}
