//! Runs a case in the driver.
use std::time::Duration;

use lentic_engine::stream::TaskSettings;
use lentic_testkit::{DriverOptions, Logged, TestDriver};
use lentic_topology::{SessionWindows, SlidingWindows, Suppressed, TimeWindows, Topology};
use lentic_types::Header;

use super::case::{Case, Emit, Input, Then, Windows};
use super::model::{Seeable, line, row};

const STORE: &str = "windowed";

pub fn run(case: &Case) -> Seeable {
    run_at_intervals(case, 0)
}

/// The same where closed windows are looked for at intervals of the wall clock, which stands still until the last record.
pub fn run_at_intervals(case: &Case, emit_interval_ms: i64) -> Seeable {
    let settings = TaskSettings { emit_interval_ms, ..TaskSettings::default() };
    let options = DriverOptions { settings, ..DriverOptions::default() };
    let mut driver = TestDriver::with(&topology(case), options);
    for (number, input) in case.input.iter().enumerate() {
        if number + 1 == case.input.len() {
            driver.advance_wall_clock(emit_interval_ms);
        }
        pipe(&mut driver, number, input);
    }
    driver.restart();
    let size = case.windows.size();
    let mut results: Vec<_> = driver.read_bytes("out").iter().map(|record| result(record, size)).collect();
    if case.emit != Emit::Suppressed {
        results.sort();
        // Where the window after one record is the one that ends with the next, sliding windows send it twice.
        results.dedup();
    }
    let mut rows: Vec<_> = if size.is_some() {
        let windows = driver.windows::<String, String>(STORE).into_iter();
        windows.map(|(key, window, value, at)| row(&(key, window.start, window.end), &(value, at))).collect()
    } else {
        let sessions = driver.sessions::<String, String>(STORE).into_iter();
        sessions
            .map(|(key, window, value)| row(&(key, window.start, window.end), &(value, window.end)))
            .collect()
    };
    rows.sort();
    Seeable { results, rows }
}

/// With its number, which results carry on.
fn pipe(driver: &mut TestDriver, number: usize, input: &Input) {
    let number = number.to_string().into_bytes();
    let headers = vec![Header { name: "number".to_owned(), value: Some(number.into()) }];
    let value = input.value.map(String::from);
    let (key, value) = (input.key.map(str::as_bytes), value.as_ref().map(String::as_bytes));
    driver.try_pipe("in", key, value, input.at, headers).expect("no task fails");
    go_on(driver, input.then);
}

pub fn go_on(driver: &mut TestDriver, then: Then) {
    match then {
        Then::GoOn => {}
        Then::Commit => driver.commit(),
        Then::Restart => driver.restart(),
        Then::LoseState => driver.restart_without_state(),
        Then::Crash => driver.crash(),
    }
}

impl Windows {
    /// From start to end, if all have the same.
    fn size(self) -> Option<i64> {
        match self {
            Self::Hopping { size, .. } => Some(size),
            Self::Sliding { difference, .. } => Some(difference),
            Self::Session { .. } => None,
        }
    }
}

fn topology(case: &Case) -> Topology {
    let topology = Topology::new("windows");
    let grouped = topology.stream::<String, String>("in").group_by_key();
    let add = |_: &String, value: &String, so_far: String| so_far + value;
    if let Windows::Session { gap, grace } = case.windows {
        let group = grouped.windowed_by(SessionWindows::with_gap(ms(gap)).grace(ms(grace)));
        let group = if case.emit == Emit::Close { group.emit_on_close() } else { group };
        let table = group.aggregate(STORE, String::new, add, |_, one: String, other: String| one + &other);
        match case.emit {
            Emit::Suppressed => table.suppress(Suppressed::until_session_closes()).to_stream().to("out"),
            Emit::Update | Emit::Close => table.to_stream().to("out"),
        }
        return topology;
    }
    let group = match case.windows {
        Windows::Sliding { difference, grace } => {
            grouped.windowed_by(SlidingWindows::within(ms(difference)).grace(ms(grace)))
        }
        Windows::Hopping { size, advance, grace } => {
            grouped.windowed_by(TimeWindows::hopping(ms(size), ms(advance)).grace(ms(grace)))
        }
        Windows::Session { .. } => unreachable!("sessions have their own group"),
    };
    let group = if case.emit == Emit::Close { group.emit_on_close() } else { group };
    let table = group.aggregate(STORE, String::new, add);
    match case.emit {
        Emit::Suppressed => table.suppress(Suppressed::until_window_closes()).to_stream().to("out"),
        Emit::Update | Emit::Close => table.to_stream().to("out"),
    }
    topology
}

pub fn ms(millis: i64) -> Duration {
    Duration::from_millis(millis as u64)
}

/// A record of the topic of results.
fn result(record: &Logged, size: Option<i64>) -> String {
    let bytes = record.key.as_deref().expect("results have keys");
    let (rest, last) = bytes.split_last_chunk::<8>().expect("a key has a window's start");
    let start = i64::from_be_bytes(*last);
    let (key, end) = match (size, rest.split_last_chunk::<8>()) {
        (Some(size), _) => (rest, start + size),
        (None, Some((key, end))) => (key, i64::from_be_bytes(*end)),
        (None, None) => panic!("the key of a session has two times"),
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
    let number = record.headers.iter().find(|header| header.name == "number");
    let number = number.and_then(|header| header.value.clone()).expect("results carry headers on");
    let at = record.timestamp.0;
    let held = record.value.as_deref().map(|value| (text(value), at));
    line(text(&number).parse().expect("a number"), &(text(key), start, end), held.as_ref(), at)
}
