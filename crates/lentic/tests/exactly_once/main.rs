//! Exactly once on a real Kafka: a process that counts by key through a repartition topic is killed again and again, and
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
//! every count is exact in the end.
mod counter;

use std::time::Duration;

use counter::{Counter, Input, brokers};

/// At least fifty kills while a million records flow; at some of them the disk is lost too.
#[test]
fn killed_again_and_again() {
    let Some(brokers) = brokers() else { return };
    let input = Input::new(&brokers, "kills");
    let mut counter = Counter::new(&input, "a");
    for round in 0..50u64 {
        input.write(20_000);
        counter.start();
        if round % 5 != 4 {
            counter.wait_running();
        }
        // Seldom at the same point of a commit.
        std::thread::sleep(Duration::from_millis(50 + round * 37 % 400));
        counter.kill();
        if round % 9 == 8 {
            counter.lose_state();
        }
    }
    counter.start();
    input.assert_counts();
    counter.kill();
}

/// A second process waits to take over while the first is stopped in the middle of its work, and is woken later.
#[test]
fn a_stopped_process_is_fenced() {
    let Some(brokers) = brokers() else { return };
    let input = Input::new(&brokers, "zombie");
    let (mut first, mut second) = (Counter::new(&input, "a"), Counter::new(&input, "a"));
    input.write(100_000);
    first.start();
    first.wait_running();
    std::thread::sleep(Duration::from_millis(150));
    first.signal("STOP");
    input.write(50_000);
    second.start();
    second.wait_running();
    first.signal("CONT");
    input.write(50_000);
    input.assert_counts();
    first.kill();
    second.kill();
}
