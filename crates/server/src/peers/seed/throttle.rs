//! How much of the network and the disk giving rows may take.
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets so many bytes a second pass, of all who share it.
pub(crate) struct Throttle {
    bytes_per_second: f64,
    /// When all that was let pass would have passed at the given speed.
    free_at: Mutex<Instant>,
}

impl Throttle {
    pub(crate) fn new(bytes_per_second: usize) -> Self {
        Self { bytes_per_second: bytes_per_second as f64, free_at: Mutex::new(Instant::now()) }
    }

    /// How long to wait before so many bytes more.
    pub(super) fn delay(&self, bytes: usize, now: Instant) -> Duration {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = now.max(*free_at);
        *free_at = begin + Duration::from_secs_f64(bytes as f64 / self.bytes_per_second);
        begin - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_wait_for_those_before_them() {
        let throttle = Throttle::new(1_000);
        let now = Instant::now() + Duration::from_secs(1);
        let millis = |bytes, at| throttle.delay(bytes, now + Duration::from_millis(at)).as_millis();
        assert_eq!(millis(500, 0), 0);
        assert_eq!(millis(100, 0), 500);
        assert_eq!(millis(100, 300), 300);
        assert_eq!(millis(100, 5_000), 0, "idle time is not saved up");
        assert_eq!(millis(100, 5_000), 100);
    }
}
