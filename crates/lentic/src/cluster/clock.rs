//! A clock that goes on while the machine is suspended.
use rustix::time::{ClockId, clock_gettime};

/// Milliseconds since the machine started.
pub(super) fn now_ms() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}
