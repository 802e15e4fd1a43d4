//! Exactly once on a real Kafka: a process that counts by key through a repartition topic is killed again and again, and
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
//! every count is exact in the end.
mod counter;
mod refused;

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

/// Three nodes share the tasks: they are killed, stopped in order, lose their disks, and are stopped and woken, while the
/// records flow.
#[test]
fn nodes_come_and_go() {
    let Some(brokers) = brokers() else { return };
    let input = Input::new(&brokers, "cluster");
    let mut counters = ["a", "b", "c"].map(|node| Counter::new(&input, node));
    for counter in &mut counters {
        counter.start();
    }
    for counter in &mut counters {
        counter.wait_running();
    }
    for round in 0..12usize {
        input.write(20_000);
        let counter = &mut counters[round * 7 % 3];
        std::thread::sleep(Duration::from_millis(100 + round as u64 * 37 % 400));
        match round % 4 {
            // Killed, and back at once: its place is kept.
            0 => counter.kill(),
            // Handed over in order.
            1 => counter.stop(),
            // Killed, with its disk, and away for longer than its session.
            2 => {
                counter.kill();
                counter.lose_state();
                std::thread::sleep(Duration::from_secs(11));
            }
            // Another node has its shards when it wakes.
            _ => {
                counter.signal("STOP");
                std::thread::sleep(Duration::from_secs(12));
                counter.signal("CONT");
                continue;
            }
        }
        input.write(5_000);
        counter.start();
    }
    input.assert_counts();
}
