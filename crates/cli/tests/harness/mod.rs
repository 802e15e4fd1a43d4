//! What the end-to-end tests share: the real binary as a process, HTTP to it, and a real broker.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]

pub mod certificates;
pub mod http;
pub mod kafka;
pub mod node;
pub mod rows;
pub mod terminal;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use http::{Answer, Request};
pub use node::{Node, lentic};
pub use terminal::Terminal;

/// How long something that must happen may take.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until there is an answer; fails after [`PATIENCE`].
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A name that nobody used before: the broker is shared.
pub fn unique(what: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    format!("{what}-{nanos:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
