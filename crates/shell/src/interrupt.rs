//! What ends a wait before its time: Ctrl-C, or the time that a query was given.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Ctrl-C was pressed.
    Pressed,
    /// The query had its time.
    TimedOut,
}

/// What ends a wait before its time. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    pressed: Arc<AtomicBool>,
    deadline: Arc<Mutex<Option<Instant>>>,
}

impl Interrupt {
    /// From now on Ctrl-C ends waits, and not the process.
    pub(crate) fn listen(&self) -> std::io::Result<()> {
        signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&self.pressed)).map(drop)
    }

    /// Whatever was pressed was meant for something that is over.
    pub(crate) fn reset(&self) {
        self.pressed.store(false, Ordering::Relaxed);
        self.allow_until(None);
    }

    /// Waits may last until `deadline`.
    pub(crate) fn allow_until(&self, deadline: Option<Instant>) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    /// Why the wait is to end, if it is.
    pub(crate) fn reason(&self) -> Option<Reason> {
        if self.pressed.load(Ordering::Relaxed) {
            return Some(Reason::Pressed);
        }
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.filter(|deadline| Instant::now() >= *deadline).map(|_| Reason::TimedOut)
    }

    /// As if Ctrl-C was pressed.
    #[cfg(test)]
    pub(crate) fn press(&self) {
        self.pressed.store(true, Ordering::Relaxed);
    }
}
