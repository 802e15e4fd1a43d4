//! Session stores.
use std::collections::BTreeMap;

use lentic_engine::stream::SessionRow;
use lentic_topology::spec::{StoreKind, StoreSpec};
use lentic_topology::{Codec, Window};
use lentic_types::TableName;
use proptest::prelude::*;

use super::bench::{Bench, STORE, first_kept};
use super::window::{KEYS, RETENTIONS, times};
use super::{Case, Model};

#[derive(Clone, Debug)]
pub struct Sessions {
    retention: i64,
    observed: i64,
    /// By end, start and key.
    rows: BTreeMap<(i64, i64, Vec<u8>), Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Put {
    key: &'static [u8],
    window: Window,
    value: Option<Vec<u8>>,
}

pub fn cases() -> impl Strategy<Value = Case<Sessions, Put>> {
    let model = prop::sample::select(&RETENTIONS[..]);
    let model = model.prop_map(|retention| Sessions { retention, observed: -1, rows: BTreeMap::new() });
    let value = prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..3));
    let put = (prop::sample::select(&KEYS[..]), times(), 0..3i64, value);
    super::cases(
        model,
        put.prop_map(|(key, start, length, value)| {
            let window = Window { start, end: start + length * 20 };
            Put { key, window, value }
        }),
    )
}

fn line(key: &[u8], start: i64, end: i64, value: &[u8]) -> String {
    format!("{key:?} [{start}, {end}] {value:?}")
}

fn told(rows: Vec<SessionRow>) -> impl Iterator<Item = String> {
    rows.into_iter().map(|row| line(&row.key, row.window.start, row.window.end, &row.value))
}

impl Sessions {
    fn lines(&self, keep: impl Fn(i64, i64, &[u8]) -> bool) -> Vec<String> {
        let rows = self.rows.iter().filter(|((end, start, key), _)| keep(*start, *end, key));
        rows.map(|((end, start, key), value)| line(key, *start, *end, value)).collect()
    }
}

impl Model for Sessions {
    type Put = Put;

    fn spec(&self) -> StoreSpec {
        let kind = StoreKind::Session { retention_ms: self.retention };
        let (name, codec) = (TableName::new("sessions").expect("a name"), Codec::of::<Vec<u8>>());
        StoreSpec::new(name, kind, codec.clone(), codec)
    }

    fn put(&mut self, bench: &mut Bench, put: &Put) -> Result<(), String> {
        let taken = bench.state.put_session(STORE, put.key, put.window, put.value.as_deref());
        let taken = taken.expect("a put");
        self.observed = self.observed.max(put.window.end);
        let is_kept = put.window.end >= first_kept(self.observed, self.retention);
        let place = (put.window.end, put.window.start, put.key.to_vec());
        match &put.value {
            _ if !is_kept => {}
            Some(value) => drop(self.rows.insert(place, value.clone())),
            None => drop(self.rows.remove(&place)),
        }
        if taken == is_kept { Ok(()) } else { Err(format!("{put:?} was taken: {taken}")) }
    }

    fn reads(&self, bench: &mut Bench) -> (Vec<String>, Vec<String>) {
        let (mut got, mut expected) = (Vec::new(), Vec::new());
        let (middle, first) = (self.observed / 2, self.observed - self.retention + 1);
        for (from, to) in [(i64::MIN, i64::MAX), (0, middle), (middle, self.observed), (middle + 1, middle)] {
            for key in KEYS {
                got.extend(told(bench.state.sessions(STORE, key, from, to).expect("a read")));
                let meets = |start, end, of: &[u8]| of == key && end >= from.max(first) && start <= to;
                expected.extend(self.lines(meets));
            }
            got.extend(told(bench.state.sessions_by_end(STORE, from, to).expect("a read")));
            expected.extend(self.lines(|_, end, _| end >= from.max(first) && end <= to));
            got.extend(told(bench.state.closing_sessions(STORE, from, to).expect("a read")));
            let kept = first_kept(self.observed, self.retention);
            expected.extend(self.lines(|_, end, _| end >= from.max(kept) && end <= to));
        }
        (got, expected)
    }

    fn kept(&self) -> usize {
        let first = first_kept(self.observed, self.retention);
        self.rows.keys().filter(|(end, ..)| *end >= first).count()
    }
}
