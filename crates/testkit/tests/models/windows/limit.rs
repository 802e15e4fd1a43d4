//! Changes of a table that are held back for a time, as many as there is room for.
use std::collections::BTreeMap;

use lentic_testkit::TestDriver;
use lentic_topology::{Suppressed, Topology};
use proptest::prelude::*;

use super::case::{Then, then};
use super::run::{go_on, ms};
use crate::property::same;

#[derive(Clone, Debug)]
pub struct Limited {
    wait: i64,
    room: Option<usize>,
    input: Vec<Change>,
}

#[derive(Clone, Debug)]
struct Change {
    key: &'static str,
    value: Option<char>,
    at: i64,
    then: Then,
}

pub fn any() -> impl Strategy<Value = Limited> {
    let change = (
        prop::sample::select(vec!["a", "b", "ab", "c"]),
        prop::option::weighted(0.8, prop::char::range('c', 'z')),
        -8..12i64,
        then(),
    );
    (0..30i64, prop::option::of(1..4usize), prop::collection::vec(change, 1..40)).prop_map(
        |(wait, room, changes)| {
            let mut now = 0i64;
            let change = |(key, value, on, then): (_, _, i64, _)| {
                now = (now + on).max(0);
                Change { key, value, at: now, then }
            };
            Limited { wait, room, input: changes.into_iter().map(change).collect() }
        },
    )
}

pub fn check(case: &Limited) -> Result<(), String> {
    same("results", &run(case), &expected(case))
}

fn line(key: &str, value: Option<&str>, at: i64) -> String {
    format!("{key} {} @{at}", value.unwrap_or("-"))
}

fn run(case: &Limited) -> Vec<String> {
    let topology = Topology::new("limited");
    let mut suppressed = Suppressed::until_time_limit(ms(case.wait));
    if let Some(room) = case.room {
        suppressed = suppressed.max_records(room).emit_early_when_full();
    }
    topology.table::<String, String>("in").suppress(suppressed).to_stream().to("out");
    let mut driver = TestDriver::new(&topology);
    for change in &case.input {
        let value = change.value.map(String::from);
        let value = value.as_ref().map(String::as_bytes);
        driver.pipe_bytes("in", Some(change.key.as_bytes()), value, change.at);
        go_on(&mut driver, change.then);
    }
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).expect("a text");
    let told = driver.read_bytes("out").into_iter().map(|record| {
        let (key, value) = (record.key.as_ref().map(text), record.value.as_ref().map(text));
        line(&key.expect("a key"), value.as_deref(), record.timestamp.0)
    });
    told.collect()
}

/// A key waits from its first change on; it goes when stream time is so far on, or where there is no room, the oldest first.
fn expected(case: &Limited) -> Vec<String> {
    let (mut stream_time, mut results) = (-1, Vec::new());
    let mut held: BTreeMap<(i64, &str), (Option<String>, i64)> = BTreeMap::new();
    for change in &case.input {
        stream_time = stream_time.max(change.at);
        let since = held.keys().find(|(_, key)| *key == change.key).map_or(change.at, |(since, _)| *since);
        held.insert((since, change.key), (change.value.map(String::from), change.at));
        while let Some(entry) = held.first_entry() {
            let is_due = entry.key().0 <= stream_time - case.wait;
            let is_full = case.room.is_some_and(|room| held.len() > room);
            if !is_due && !is_full {
                break;
            }
            let ((_, key), (value, at)) = held.pop_first().expect("there is one");
            results.push(line(key, value.as_deref(), at));
        }
    }
    results
}
