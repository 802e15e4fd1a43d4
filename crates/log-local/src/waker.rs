//! What a reader sleeps on.
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Waker {
    woken: Mutex<bool>,
    condvar: Condvar,
}

impl Waker {
    /// Forgets earlier calls of [`Waker::wake`]; what is looked at afterwards can't change unnoticed.
    pub(crate) fn reset(&self) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    pub(crate) fn wake(&self) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if !*woken {
            *woken = true;
            self.condvar.notify_all();
        }
    }

    /// Waits to be woken; `false` if `timeout` was over first.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.condvar.wait_timeout_while(woken, timeout, |woken| !*woken);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
