//! Window stores: one row for each window, or all that came.
use std::collections::BTreeMap;

use lentic_engine::stream::WindowRow;
use lentic_store::Order;
use lentic_topology::Codec;
use lentic_topology::spec::{StoreKind, StoreSpec};
use lentic_types::{TableName, Timestamp};
use proptest::prelude::*;

use super::bench::{Bench, STORE, first_kept};
use super::{Case, Model};

#[derive(Clone, Debug)]
pub struct Windows {
    retention: i64,
    duplicates: bool,
    closes: bool,
    observed: i64,
    added: u32,
    /// By start, key and, of duplicates, number.
    rows: BTreeMap<(i64, Vec<u8>, u32), (Vec<u8>, i64)>,
}

#[derive(Clone, Debug)]
pub struct Put {
    key: &'static [u8],
    start: i64,
    value: Option<Vec<u8>>,
    at: i64,
}

pub const KEYS: [&[u8]; 5] = [b"", b"a", b"a\0", b"a\0\0\0\0\0\0\0\x01", b"b"];
pub const RETENTIONS: [i64; 4] = [1, 40, 50_000, 150_000];

/// Times that meet, near each other and far apart.
pub fn times() -> impl Strategy<Value = i64> {
    prop_oneof![0..60i64, (0..8i64).prop_map(|part| part * 50_000), 0..400_000i64]
}

pub fn cases() -> impl Strategy<Value = Case<Windows, Put>> {
    let model = (prop::sample::select(&RETENTIONS[..]), any::<bool>(), any::<bool>());
    let model = model.prop_map(|(retention, duplicates, closes)| Windows {
        retention,
        duplicates,
        closes,
        observed: -1,
        added: 0,
        rows: BTreeMap::new(),
    });
    let value = prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..3));
    let put = (prop::sample::select(&KEYS[..]), times(), value, 0..100i64);
    super::cases(model, put.prop_map(|(key, start, value, at)| Put { key, start, value, at }))
}

impl Windows {
    fn first_visible(&self) -> i64 {
        self.observed - self.retention + i64::from(!self.closes)
    }

    /// Rows that can be read, by start and key.
    fn visible(&self) -> impl Iterator<Item = (i64, &[u8], String)> {
        let first = self.first_visible();
        let rows = self.rows.iter().filter(move |((start, ..), _)| *start >= first);
        rows.map(|((start, key, _), (value, at))| (*start, &**key, line(key, *start, value, *at)))
    }
}

fn line(key: &[u8], start: i64, value: &[u8], at: i64) -> String {
    format!("{key:?} {start} {value:?} @{at}")
}

fn told(rows: Vec<WindowRow>) -> impl Iterator<Item = String> {
    rows.into_iter().map(|row| line(&row.key, row.start, &row.value, row.timestamp.0))
}

impl Model for Windows {
    type Put = Put;

    fn spec(&self) -> StoreSpec {
        let kind =
            StoreKind::Window { size_ms: 10, retention_ms: self.retention, duplicates: self.duplicates };
        let (name, codec) = (TableName::new("windows").expect("a name"), Codec::of::<Vec<u8>>());
        StoreSpec { closes: self.closes, ..StoreSpec::new(name, kind, codec.clone(), codec) }
    }

    fn put(&mut self, bench: &mut Bench, put: &Put) -> Result<(), String> {
        self.observed = self.observed.max(put.start);
        let is_kept = put.start >= first_kept(self.observed, self.retention);
        let taken = if self.duplicates {
            self.added += 1;
            let value = put.value.clone().unwrap_or_default();
            if is_kept {
                self.rows.insert((put.start, put.key.to_vec(), self.added), (value.clone(), put.start));
            }
            bench.state.add_to_window(STORE, put.key, put.start, &value)
        } else {
            let place = (put.start, put.key.to_vec(), 0);
            match &put.value {
                _ if !is_kept => {}
                Some(value) => drop(self.rows.insert(place, (value.clone(), put.at))),
                None => drop(self.rows.remove(&place)),
            }
            let value = put.value.as_deref();
            bench.state.put_window(STORE, put.key, put.start, value, Timestamp(put.at))
        };
        let taken = taken.expect("a put");
        if taken == is_kept { Ok(()) } else { Err(format!("{put:?} was taken: {taken}")) }
    }

    fn reads(&self, bench: &mut Bench) -> (Vec<String>, Vec<String>) {
        let (mut got, mut expected) = (Vec::new(), Vec::new());
        let middle = self.observed / 2;
        for (from, to) in [(i64::MIN, i64::MAX), (0, middle), (middle, i64::MAX), (middle + 1, middle)] {
            for key in KEYS {
                for order in [Order::Ascending, Order::Descending] {
                    let rows = bench.state.windows(STORE, key, from, to, order);
                    got.extend(told(rows.expect("a read")));
                    let of_key =
                        self.visible().filter(|(start, of, _)| *of == key && (from..=to).contains(start));
                    let mut lines: Vec<_> = of_key.map(|(.., line)| line).collect();
                    if order == Order::Descending {
                        lines.reverse();
                    }
                    expected.extend(lines);
                }
            }
            got.extend(told(bench.state.windows_by_start(STORE, from, to).expect("a read")));
            let all = self.visible().filter(|(start, ..)| (from..=to).contains(start));
            expected.extend(all.map(|(.., line)| line));
        }
        for (start, key, number) in self.rows.keys().filter(|_| !self.duplicates) {
            let row = bench.state.window(STORE, key, *start).expect("a read");
            got.push(format!("{:?}", row.map(|row| line(key, *start, row.value, row.timestamp.0))));
            let row = &self.rows[&(*start, key.clone(), *number)];
            let row = (*start >= self.first_visible()).then(|| line(key, *start, &row.0, row.1));
            expected.push(format!("{row:?}"));
        }
        (got, expected)
    }

    fn kept(&self) -> usize {
        let first = first_kept(self.observed, self.retention);
        self.rows.keys().filter(|(start, ..)| *start >= first).count()
    }
}
