//! One at a time, and nobody waits for it longer than he may.
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// What one may have at a time.
#[derive(Default)]
pub(crate) struct Turn {
    taken: Mutex<bool>,
    freed: Condvar,
}

/// Ends by being dropped.
pub(crate) struct Taken<'a>(&'a Turn);

impl Turn {
    /// Waits for it; `None`: it was not free before `deadline`.
    pub(crate) fn take(&self, deadline: Instant) -> Option<Taken<'_>> {
        let left = deadline.saturating_duration_since(Instant::now());
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(taken, left, |taken| *taken);
        let mut taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        (!std::mem::replace(&mut *taken, true)).then(|| Taken(self))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_at_a_time() {
        let (turn, inside, most) = (Turn::default(), AtomicU32::new(0), AtomicU32::new(0));
        let later = Instant::now() + Duration::from_mins(1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _taken = turn.take(later).expect("in time");
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        let taken = turn.take(Instant::now()).expect("it is free");
        assert!(turn.take(Instant::now() + Duration::from_millis(5)).is_none());
        drop(taken);
        assert!(turn.take(Instant::now()).is_some());
    }
}
