//! Counters that several clients count up by compare-and-set, and the history of it.
use std::collections::BTreeMap;
use std::time::Duration;

use crate::front::{Client, Front, Kind};
use crate::linear::{Action, Operation};

const PACE: Duration = Duration::from_millis(10);

/// Which there are.
pub const COUNTERS: usize = 3;

/// What a counter holds at first.
pub const ZERO: &str = "\"0\"";

pub type History = BTreeMap<String, Vec<Operation>>;

pub fn key(number: usize) -> String {
    format!("counter-{}", number % COUNTERS)
}

/// What it has come to: each value is one of its own, and begins with the count.
pub fn count(value: &str) -> u64 {
    let digits = value.trim_matches('"').split('-').next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{value}"))
}

/// Counts until the front says that it is over. Beside the history, values that must not be there.
pub fn run(front: &Front, client: usize) -> (History, Vec<(String, String)>) {
    let (mut history, mut refused) = (History::new(), Vec::new());
    let mut asks = Client::new(front, Kind::CompareAndSet);
    for number in 0.. {
        if front.is_over() {
            break;
        }
        std::thread::sleep(PACE);
        let key = key(number);
        let mut happened = |invoked, returned, action| {
            let operation = Operation { client, invoked, returned, action };
            history.entry(key.clone()).or_default().push(operation);
        };
        let invoked = front.now();
        let read = asks.send("GET", &key, |get| get.header("lentic-consistency", "active"));
        let Some(read) = read.filter(|read| read.status == 200) else { continue };
        let from = read.text().to_owned();
        happened(invoked, Some(front.now()), Action::Read(from.clone()));
        let tag = read.header("etag").expect("a tag");
        let to = format!("\"{}-{client}-{number}\"", count(&from) + 1);
        let invoked = front.now();
        let answer = asks.send("PUT", &key, |put| put.header("if-match", tag).body(to.as_str()));
        // What is not applied yet is not seen yet by whoever reads.
        let is_applied = answer.as_ref().and_then(|answer| answer.header("lentic-applied")) == Some("true");
        match answer.as_ref().map(|answer| answer.status) {
            Some(200) => {
                happened(invoked, is_applied.then(|| front.now()), Action::Replaced(from, to));
            }
            Some(412) => happened(invoked, is_applied.then(|| front.now()), Action::Refused(from)),
            Some(503) => refused.push((key.clone(), to)),
            _ => happened(invoked, None, Action::Attempted(from, to)),
        }
    }
    (history, refused)
}
