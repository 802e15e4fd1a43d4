//! Sessions: each read takes the positions of those before it along, through whichever node.
use std::collections::BTreeMap;
use std::time::Duration;

use crate::front::{Client, Front, Kind};
use crate::record::{Place, place};
use crate::writer;

const PACE: Duration = Duration::from_millis(10);

/// Reads until the front says that it is over; answers that go back behind earlier ones.
pub fn read(front: &Front, session: usize, writers: usize) -> Vec<String> {
    let (mut positions, mut seen) = (BTreeMap::<u32, String>::new(), BTreeMap::<String, Place>::new());
    let (mut reads, mut broken) = (Client::new(front, Kind::Read), Vec::new());
    for number in session.. {
        if front.is_over() {
            break;
        }
        let key = writer::key(number % writers, number / writers);
        let at_least: Vec<_> = positions.values().map(String::as_str).collect();
        let demand = at_least.join(", ");
        let answer = reads.send("GET", &key, |get| {
            if demand.is_empty() { get } else { get.header("lentic-at-least", &demand) }
        });
        let Some(answer) = answer.filter(|answer| answer.status < 500) else { continue };
        let now = answer.header("etag").filter(|_| answer.status == 200).map(place);
        let is_good = matches!(answer.status, 200 | 404) && now >= seen.get(&key).copied();
        if !is_good {
            broken.push(format!("{key} after {:?} with {demand}: {answer:?}", seen.get(&key)));
        }
        if let Some(now) = now {
            seen.insert(key, now);
        }
        for token in
            answer.header("lentic-position").unwrap_or_default().split(", ").filter(|text| !text.is_empty())
        {
            positions.insert(place(token).0, token.to_owned());
        }
        std::thread::sleep(PACE);
    }
    broken
}
