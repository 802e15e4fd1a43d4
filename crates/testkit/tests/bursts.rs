//! Results at the end of windows when records come faster than results are looked for.
use std::collections::BTreeSet;
use std::time::Duration;

use lentic_engine::stream::TaskSettings;
use lentic_testkit::{DriverOptions, Logged, TestDriver};
use lentic_topology::{SessionWindows, SlidingWindows, TimeWindows, Topology};

const FIRST: i64 = 1_700_000_000_000;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Tumbling,
    Hopping,
    Sliding,
    Sessions,
}

fn topology(kind: Kind, grace: u64) -> Topology {
    let (topology, grace) = (Topology::new("bursts"), seconds(grace));
    let grouped = topology.stream::<String, String>("in").group_by_key();
    match kind {
        Kind::Tumbling => {
            let windows = TimeWindows::tumbling(seconds(10)).grace(grace);
            grouped.windowed_by(windows).emit_on_close().count("counts").to_stream().to("out");
        }
        Kind::Hopping => {
            let windows = TimeWindows::hopping(seconds(10), seconds(4)).grace(grace);
            grouped.windowed_by(windows).emit_on_close().count("counts").to_stream().to("out");
        }
        Kind::Sliding => {
            let windows = SlidingWindows::within(seconds(10)).grace(grace);
            grouped.windowed_by(windows).emit_on_close().count("counts").to_stream().to("out");
        }
        Kind::Sessions => {
            let windows = SessionWindows::with_gap(seconds(3)).grace(grace);
            grouped.windowed_by(windows).emit_on_close().count("counts").to_stream().to("out");
        }
    }
    topology
}

/// Key, value and time of what comes of 100 records, and the end of it once the wall clock has gone on.
fn results(kind: Kind, grace: u64, step: i64, interval: i64, restarts: bool) -> Vec<(Vec<u8>, Vec<u8>, i64)> {
    let settings = TaskSettings { emit_interval_ms: interval, ..TaskSettings::default() };
    let options = DriverOptions { settings, commit_every: Some(7), ..DriverOptions::default() };
    let mut driver = TestDriver::with(&topology(kind, grace), options);
    for number in 0..100 {
        driver.pipe("in", &"k".to_owned(), &"x".to_owned(), FIRST + number * step);
        if restarts && number % 10 == 9 {
            driver.restart();
        }
    }
    driver.advance_wall_clock(interval);
    driver.pipe("in", &"k".to_owned(), &"x".to_owned(), FIRST + 99 * step);
    let result = |record: &Logged| {
        (record.key.clone().unwrap_or_default(), record.value.clone().unwrap_or_default(), record.timestamp.0)
    };
    driver.read_bytes("out").iter().map(result).collect()
}

#[test]
fn every_window_has_its_result() {
    let count = |kind| results(kind, 0, 5_000, 1_000, false).len();
    // The last record closes the window before its own, and of sessions the last but one.
    assert_eq!(count(Kind::Tumbling), 49);
    assert_eq!(count(Kind::Sessions), 99);
}

/// The same as of looks at every record, whatever the steps of time.
#[test]
fn intervals_lose_nothing() {
    for kind in [Kind::Tumbling, Kind::Hopping, Kind::Sliding, Kind::Sessions] {
        for (grace, step) in
            [(0, 1_000), (0, 5_000), (0, 7_000), (0, 11_000), (4, 3_000), (4, 15_000), (90, 70_000)]
        {
            let expected = results(kind, grace, step, 0, false);
            for restarts in [false, true] {
                let got = results(kind, grace, step, 1_000, restarts);
                let unique: BTreeSet<_> = got.iter().collect();
                assert_eq!(unique.len(), got.len(), "{kind:?}, {grace} s, {step} ms: a result came twice");
                assert_eq!(got, expected, "{kind:?}, {grace} s of grace, steps of {step} ms, {restarts}");
            }
        }
    }
}

/// Windows that stay in their store wait for the next look, as in Kafka Streams.
#[test]
fn results_wait_while_their_windows_are_kept() {
    let settings = TaskSettings { emit_interval_ms: 1_000, ..TaskSettings::default() };
    let options = DriverOptions { settings, ..DriverOptions::default() };
    let mut driver = TestDriver::with(&topology(Kind::Sessions, 0), options);
    for number in 0..10 {
        driver.pipe("in", &"k".to_owned(), &"x".to_owned(), number * 5_000);
    }
    assert!(driver.read_bytes("out").is_empty());
    driver.advance_wall_clock(1_000);
    driver.pipe("in", &"k".to_owned(), &"x".to_owned(), 50_000);
    assert_eq!(driver.read_bytes("out").len(), 10);
}
