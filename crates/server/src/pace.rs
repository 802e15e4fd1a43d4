//! Whether reads that miss the cache may be answered on the spot.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A read that takes longer counts as this long: what a busy scheduler adds must not look like a slow disk.
const LONGEST: Duration = Duration::from_millis(1);
/// Mean time of a read above which those that miss the cache leave the threads of the network.
const FAST_NANOS: u64 = 30_000;
/// How long, before it is tried again: at first, and at most.
const PAUSE_NANOS: (u64, u64) = (100_000_000, 12_800_000_000);
/// The mean is taken over about so many reads: few enough to notice a slow disk within a tenth of a second, and enough
/// that two threads which lose the processor in the middle of a read don't count as one.
const WINDOW: u64 = 1_024;
/// After so many reads in a row the disk counts as fast again.
const TRUSTED: u64 = 16 * WINDOW;

/// Follows how long reads take. As long as the operating system has the files in memory, a miss costs less than the way
/// to another thread and back; a disk that has to be waited for would hold up every connection of the thread.
///
/// Several threads share one; a lost update changes nothing of weight.
pub(crate) struct Pace {
    begin: Instant,
    /// The mean, times `WINDOW`.
    sum_nanos: AtomicU64,
    /// Nanoseconds after `begin`.
    paused_until: AtomicU64,
    next_pause: AtomicU64,
    /// Reads since the last pause.
    reads: AtomicU64,
}

impl Pace {
    pub(crate) fn new(begin: Instant) -> Self {
        Self {
            begin,
            sum_nanos: AtomicU64::new(0),
            paused_until: AtomicU64::new(0),
            next_pause: AtomicU64::new(PAUSE_NANOS.0),
            reads: AtomicU64::new(0),
        }
    }

    /// Whether a read may go to the disk here and now.
    pub(crate) fn is_fast(&self, now: Instant) -> bool {
        self.paused_until.load(Ordering::Relaxed) <= self.nanos(now)
    }

    /// A read that was allowed to go to the disk lasted from `from` to `to`.
    pub(crate) fn took(&self, from: Instant, to: Instant) {
        let nanos = to.saturating_duration_since(from).min(LONGEST).as_nanos() as u64;
        let sum = self.sum_nanos.load(Ordering::Relaxed);
        let sum = sum - sum / WINDOW + nanos;
        let reads = self.reads.load(Ordering::Relaxed) + 1;
        self.reads.store(reads, Ordering::Relaxed);
        if sum <= FAST_NANOS * WINDOW {
            self.sum_nanos.store(sum, Ordering::Relaxed);
            return;
        }
        let pause = if reads > TRUSTED { PAUSE_NANOS.0 } else { self.next_pause.load(Ordering::Relaxed) };
        self.next_pause.store((2 * pause).min(PAUSE_NANOS.1), Ordering::Relaxed);
        self.reads.store(0, Ordering::Relaxed);
        self.sum_nanos.store(0, Ordering::Relaxed);
        self.paused_until.store(self.nanos(to) + pause, Ordering::Relaxed);
    }

    fn nanos(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begin).as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_reads_pause_it_and_rare_ones_do_not() {
        let begin = Instant::now();
        // Microseconds of every nth read, the others take 5; whether the thread stays with it.
        for (micros, every, fast) in
            [(5, 1, true), (4_000, 250, true), (80, 10, true), (80, 1, false), (8_000, 20, false)]
        {
            let pace = Pace::new(begin);
            let mut now = begin;
            let mut always = true;
            for i in 0..2_000 {
                let took = Duration::from_micros(if i % every == 0 { micros } else { 5 });
                always &= pace.is_fast(now);
                pace.took(now, now + took);
                now += took;
            }
            assert_eq!(always, fast, "{micros} us every {every}");
            assert!(pace.is_fast(now + Duration::from_secs(13)), "it is tried again");
        }
    }
}
