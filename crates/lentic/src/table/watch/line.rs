//! A line for something that only so many may have at a time.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Wake = Box<dyn FnOnce() + Send>;

/// Who comes first is served first.
pub(crate) struct Line {
    state: Mutex<State>,
}

struct State {
    free: usize,
    /// The number of the next one.
    next: u64,
    /// In ascending order.
    waiting: VecDeque<(u64, Option<Wake>)>,
}

/// A place in the line, and what it is for once its turn has come; dropping it gives both back.
pub(crate) struct Place {
    line: Arc<Line>,
    number: u64,
}

impl Line {
    /// So many may have it.
    pub(crate) fn new(limit: usize) -> Self {
        Self { state: Mutex::new(State { free: limit.max(1), next: 0, waiting: VecDeque::new() }) }
    }

    pub(super) fn enter(self: &Arc<Self>) -> Place {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        if state.free > 0 {
            state.free -= 1;
        } else {
            state.waiting.push_back((number, None));
        }
        Place { line: Arc::clone(self), number }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn place_of(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |waiting| waiting.0).ok()
    }
}

impl Place {
    pub(super) fn is_served(&self) -> bool {
        self.line.lock().place_of(self.number).is_none()
    }

    /// Calls `wake` once the turn has come: at once if it has.
    pub(super) fn when_served(&self, wake: Wake) {
        let mut state = self.line.lock();
        match state.place_of(self.number) {
            Some(place) => state.waiting[place].1 = Some(wake),
            None => {
                drop(state);
                wake();
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        if let Some(place) = state.place_of(self.number) {
            drop(state.waiting.remove(place));
            return;
        }
        let Some((_, wake)) = state.waiting.pop_front() else {
            state.free += 1;
            return;
        };
        drop(state);
        if let Some(wake) = wake {
            wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn first_come_first_served() {
        let line = Arc::new(Line::new(2));
        let woken = Arc::new(AtomicUsize::new(0));
        let mut places: Vec<_> = (0..5).map(|_| line.enter()).collect();
        let served = |places: &[Place]| places.iter().map(Place::is_served).collect::<Vec<_>>();
        assert_eq!(served(&places), [true, true, false, false, false]);
        for place in &places {
            let woken = Arc::clone(&woken);
            place.when_served(Box::new(move || {
                woken.fetch_add(1, Ordering::SeqCst);
            }));
        }
        assert_eq!(woken.load(Ordering::SeqCst), 2);
        // One that waits leaves, then one that is served: the next one comes in.
        drop(places.remove(2));
        assert_eq!(served(&places), [true, true, false, false]);
        drop(places.remove(0));
        assert_eq!((served(&places), woken.load(Ordering::SeqCst)), (vec![true, true, false], 3));
        drop(places);
        assert_eq!(line.lock().free, 2);
    }
}
