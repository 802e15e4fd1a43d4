//! Exactly once on a real Kafka: a process that counts by key through a repartition topic is killed again and again, and
//! every count is exact in the end. At least once, none is too low.
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
mod broker;
mod counter;
mod placed;
mod refused;

use std::time::{Duration, Instant};

use broker::{OwnBroker, shared};
use counter::{Counter, Input};

const EXACTLY_ONCE: &str = "exactly_once";

/// At least fifty kills while a million records flow; at some of them the disk is lost too.
#[test]
fn killed_again_and_again() {
    let Some(brokers) = shared() else { return };
    let input = Input::new(&brokers, "kills", EXACTLY_ONCE);
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
    let Some(brokers) = shared() else { return };
    let input = Input::new(&brokers, "zombie", EXACTLY_ONCE);
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
    let Some(brokers) = shared() else { return };
    let input = Input::new(&brokers, "cluster", EXACTLY_ONCE);
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

/// The same on three brokers, of which one is killed, too; then each node is restarted, and one is left with all.
#[test]
fn nodes_and_brokers_come_and_go() {
    if shared().is_none() {
        return;
    }
    let brokers = OwnBroker::three();
    let input = Input::new(&brokers.address, "brokers", EXACTLY_ONCE);
    let mut counters = ["a", "b", "c"].map(|node| Counter::new(&input, node));
    let pause = |seconds| std::thread::sleep(Duration::from_secs(seconds));
    for counter in &mut counters {
        counter.start();
        counter.wait_running();
    }
    input.write(20_000);
    counters[1].kill();
    pause(12);
    input.write(20_000);
    counters[1].start();
    counters[1].wait_running();
    for broker in ["2", "1"] {
        brokers.run(&["kill", broker]);
        input.write(20_000);
        pause(12);
        input.write(5_000);
        brokers.run(&["start", broker]);
        pause(3);
    }
    counters[2].signal("STOP");
    input.write(20_000);
    pause(12);
    counters[2].signal("CONT");
    for counter in &mut counters {
        input.write(20_000);
        counter.stop();
        counter.start();
        counter.wait_running();
    }
    for counter in &mut counters[1..] {
        input.write(20_000);
        counter.stop();
    }
    input.write(5_000);
    input.assert_counts();
    counters[0].stop();
}

/// Nothing goes by committed offsets: all that the group had are gone when the process comes back, with its disk and then
/// without.
#[test]
fn killed_for_longer_than_offsets_are_kept() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start("offsets.retention.minutes=1 offsets.retention.check.interval.ms=500");
    let input = Input::new(&broker.address, "retention", EXACTLY_ONCE);
    let mut counter = Counter::new(&input, "a");
    let kill_twice = |counter: &mut Counter| {
        for round in 1..=2u64 {
            input.write(10_000);
            counter.start();
            counter.wait_running();
            std::thread::sleep(Duration::from_millis(round * 137));
            counter.kill();
        }
    };
    kill_twice(&mut counter);
    let killed = Instant::now();
    assert!(broker.groups().contains(&input.service), "what was committed is there");
    input.write(10_000);
    // The retention begins when the session of the dead one is over.
    std::thread::sleep(Duration::from_secs(65).saturating_sub(killed.elapsed()));
    while broker.groups().contains(&input.service) {
        assert!(killed.elapsed() < Duration::from_mins(2), "the offsets are kept");
        std::thread::sleep(Duration::from_secs(1));
    }
    kill_twice(&mut counter);
    counter.lose_state();
    input.write(10_000);
    counter.start();
    input.assert_counts();
    counter.kill();
}

/// After a kill records may be counted again, and none is lost; without one each is counted once.
#[test]
fn killed_at_least_once() {
    let Some(brokers) = shared() else { return };
    let input = Input::new(&brokers, "at-least", "at_least_once");
    let mut counter = Counter::new(&input, "a");
    for _ in 0..2 {
        input.write(20_000);
        counter.start();
        counter.wait_running();
        input.write(20_000);
        input.assert_counts();
        counter.stop();
    }
    for round in 0..12u64 {
        counter.start();
        counter.wait_running();
        // What is written meanwhile is counted meanwhile.
        input.write(20_000);
        std::thread::sleep(Duration::from_millis(round * 37 % 100));
        counter.kill();
        if round % 5 == 4 {
            counter.lose_state();
        }
    }
    counter.start();
    let again = input.assert_at_least();
    eprintln!("{again} records were counted again after 12 kills");
    counter.stop();
}
