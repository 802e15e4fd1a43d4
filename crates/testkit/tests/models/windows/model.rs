//! What has to come out. A kind of windows says what they hold after a number of records, all records in view; when results come
//! is derived from how that changes.
use std::collections::BTreeMap;

use super::case::{Case, Emit, Windows};
use super::{session, sliding, time};

/// Key, start and end.
pub type Name = (String, i64, i64);
/// The values that a window holds, and its time.
pub type Held = (String, i64);
pub type Contents = BTreeMap<Name, Held>;

/// A record that has key and value.
#[derive(Clone, Debug)]
pub struct Seen {
    pub number: usize,
    pub key: String,
    pub value: char,
    pub at: i64,
    /// The greatest time up to here, this record's included.
    pub stream_time: i64,
}

/// All that there is to see.
pub struct Seeable {
    /// In order where that is told by the rules: results that were held back. Else sorted by record.
    pub results: Vec<String>,
    pub rows: Vec<String>,
}

/// A kind of windows.
pub trait Model {
    /// What the windows hold after these records, those too that reads don't see any more.
    fn contents(&self, records: &[Seen]) -> Contents;
    /// Changes that the last of these records makes, in their order.
    fn changes(&self, records: &[Seen]) -> Vec<(Name, Option<Held>)> {
        let (before, after) = (self.contents(&records[..records.len() - 1]), self.contents(records));
        let is_new = |(name, held): &(Name, Held)| before.get(name) != Some(held);
        after.into_iter().filter(is_new).map(|(name, held)| (name, Some(held))).collect()
    }
    /// What a window's retention goes by.
    fn sorted_by(&self, name: &Name) -> i64 {
        name.1
    }
    /// How far back windows can be read.
    fn retention(&self) -> i64;
    /// Whether the result at a window's end is due when this record comes.
    fn is_closed(&self, name: &Name, by: &Seen) -> bool;
    /// Whether reads don't see a window any more, counted back from the greatest that there was.
    fn is_hidden(&self, name: &Name, greatest: i64, emit: Emit) -> bool {
        self.sorted_by(name) < greatest - self.retention() + i64::from(emit != Emit::Close)
    }
    /// Whether a window that is hidden has its result all the same.
    fn closes_hidden(&self) -> bool {
        false
    }
    /// How long after a window's end what is held back goes on.
    fn suppressed_for(&self) -> i64;
    /// The window's key in the log, without the key proper.
    fn times(&self, name: &Name) -> Vec<i64> {
        vec![name.1]
    }
}

pub fn line(number: usize, (key, start, end): &Name, held: Option<&Held>, at: i64) -> String {
    let value = held.map_or("-", |held| held.0.as_str());
    format!("{number:02} {key} [{start}, {end}] {value} @{at}")
}

pub fn row((key, start, end): &Name, (value, at): &Held) -> String {
    format!("{key} [{start}, {end}] {value} @{at}")
}

fn model(windows: Windows) -> Box<dyn Model> {
    match windows {
        Windows::Hopping { size, advance, grace } => Box::new(time::Time { size, advance, grace }),
        Windows::Sliding { difference, grace } => Box::new(sliding::Sliding { difference, grace }),
        Windows::Session { gap, grace } => Box::new(session::Sessions { gap, grace }),
    }
}

fn seen(case: &Case) -> Vec<Seen> {
    let (mut stream_time, mut records) = (-1, Vec::new());
    for (number, input) in case.input.iter().enumerate() {
        let (Some(key), Some(value)) = (input.key, input.value) else { continue };
        stream_time = stream_time.max(input.at);
        records.push(Seen { number, key: key.to_owned(), value, at: input.at, stream_time });
    }
    records
}

pub fn run(case: &Case) -> Seeable {
    let (model, records) = (model(case.windows), seen(case));
    let mut results = Vec::new();
    let (mut greatest, mut closed, mut held) = (-1, Vec::new(), BTreeMap::new());
    for count in 1..=records.len() {
        let (record, changes) = (&records[count - 1], model.changes(&records[..count]));
        for (name, change) in &changes {
            if change.is_some() {
                greatest = greatest.max(model.sorted_by(name));
            }
            if case.emit == Emit::Update {
                let at = change.as_ref().map_or(name.2, |held| held.1);
                results.push(line(record.number, name, change.as_ref(), at));
            }
            held.insert(waiting(&*model, name), (record.number, name.clone(), change.clone()));
        }
        if case.emit == Emit::Close {
            for (name, content) in model.contents(&records[..count]) {
                let is_hidden = model.is_hidden(&name, greatest, case.emit) && !model.closes_hidden();
                if model.is_closed(&name, record) && !is_hidden && !closed.contains(&name) {
                    results.push(line(record.number, &name, Some(&content), content.1));
                    closed.push(name);
                }
            }
        }
        if case.emit == Emit::Suppressed {
            let until = record.stream_time - model.suppressed_for();
            let open = held.split_off(&(until + 1, Vec::new()));
            for (number, name, content) in std::mem::replace(&mut held, open).into_values() {
                let of = |held: Held| line(number, &name, Some(&held), held.1);
                results.extend(content.map(of));
            }
        }
    }
    if case.emit != Emit::Suppressed {
        results.sort();
    }
    let is_seen = |(name, _): &(Name, Held)| !model.is_hidden(name, greatest, case.emit);
    let mut rows: Vec<_> =
        model.contents(&records).into_iter().filter(is_seen).map(|(name, held)| row(&name, &held)).collect();
    rows.sort();
    Seeable { results, rows }
}

/// The order in which what is held back waits: by the window's end, then by the key's bytes.
fn waiting(model: &dyn Model, name: &Name) -> (i64, Vec<u8>) {
    let times = model.times(name).into_iter().flat_map(i64::to_be_bytes);
    (name.2, name.0.bytes().chain(times).collect())
}
