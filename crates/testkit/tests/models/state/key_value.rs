//! Key-value stores, with keys that sort as bytes and keys that sort as numbers; with a time to live or without.
use std::collections::BTreeMap;
use std::ops::Bound;

use lentic_topology::Codec;
use lentic_topology::spec::{StoreKind, StoreSpec, Ttl};
use lentic_types::{TableName, Timestamp};
use proptest::prelude::*;

use super::bench::{Bench, STORE};
use super::{Case, Model};

#[derive(Clone, Debug)]
pub struct KeyValue {
    is_number: bool,
    ttl: Option<i64>,
    /// By number, or the key's bytes.
    rows: BTreeMap<(i64, Vec<u8>), (Vec<u8>, i64)>,
}

#[derive(Clone, Debug)]
pub enum Change {
    Put {
        key: usize,
        value: Option<Vec<u8>>,
        at: i64,
    },
    /// Rows that have outlived their time to live go.
    Outlive {
        stream_time: i64,
    },
}

const NUMBERS: [i64; 6] = [i64::MIN, -2, -1, 0, 1, i64::MAX];
const TEXTS: [&[u8]; 6] = [b"", b"\0", b"\0\0", b"\0\xff", b"a", b"a\0"];

pub fn cases() -> impl Strategy<Value = Case<KeyValue, Change>> {
    let model = (any::<bool>(), prop::option::of(0..30i64)).prop_map(|(is_number, ttl)| KeyValue {
        is_number,
        ttl,
        rows: BTreeMap::new(),
    });
    let value = prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..3));
    let put = (0..6usize, value, 0..100i64).prop_map(|(key, value, at)| Change::Put { key, value, at });
    let outlive = (0..100i64).prop_map(|stream_time| Change::Outlive { stream_time });
    super::cases(model, prop_oneof![8 => put, 1 => outlive])
}

impl KeyValue {
    /// A key's place, and its bytes.
    fn key(&self, number: usize) -> ((i64, Vec<u8>), Vec<u8>) {
        if self.is_number {
            let bytes = NUMBERS[number].to_be_bytes().to_vec();
            ((NUMBERS[number], bytes.clone()), bytes)
        } else {
            ((0, TEXTS[number].to_vec()), TEXTS[number].to_vec())
        }
    }
}

fn line(key: &[u8], value: &[u8], at: i64) -> String {
    format!("{key:?} {value:?} @{at}")
}

impl Model for KeyValue {
    type Put = Change;

    fn spec(&self) -> StoreSpec {
        let key = if self.is_number { Codec::of::<i64>() } else { Codec::of::<Vec<u8>>() };
        let name = TableName::new("rows").expect("a name");
        let spec = StoreSpec::new(name, StoreKind::KeyValue, key, Codec::of::<Vec<u8>>());
        StoreSpec { ttl: self.ttl.map(|ttl_ms| Ttl { ttl_ms }), ..spec }
    }

    fn put(&mut self, bench: &mut Bench, change: &Change) -> Result<(), String> {
        match change {
            Change::Put { key, value, at } => {
                let (place, bytes) = self.key(*key);
                let put = bench.state.put(STORE, &bytes, value.as_deref(), Timestamp(*at));
                put.expect("a put");
                match value {
                    Some(value) => drop(self.rows.insert(place, (value.clone(), *at))),
                    None => drop(self.rows.remove(&place)),
                }
            }
            Change::Outlive { stream_time } => {
                bench.state.outlived(Timestamp(*stream_time), 1_000).expect("rows go");
                let ttl = self.ttl.unwrap_or(i64::MAX);
                self.rows.retain(|_, (_, at)| *at >= stream_time.saturating_sub(ttl));
            }
        }
        Ok(())
    }

    fn reads(&self, bench: &mut Bench) -> (Vec<String>, Vec<String>) {
        let (mut got, mut expected) = (Vec::new(), Vec::new());
        for number in 0..NUMBERS.len() {
            let (place, key) = self.key(number);
            let row = bench.state.get(STORE, &key).expect("a read");
            got.push(format!("{:?}", row.map(|row| line(&key, row.value, row.timestamp.0))));
            expected.push(format!("{:?}", self.rows.get(&place).map(|(value, at)| line(&key, value, *at))));
        }
        for (from, to) in [(0, 5), (1, 3), (4, 5)] {
            let ((from, start), (to, end)) = (self.key(from), self.key(to));
            let (start, end) = (Bound::Excluded(&*start), Bound::Included(&*end));
            let scan = bench.state.scan(STORE, start, end, &mut |key, row| {
                got.push(line(key, row.value, row.timestamp.0));
                true
            });
            scan.expect("a scan");
            let rows = self.rows.range((Bound::Excluded(from), Bound::Included(to)));
            expected.extend(rows.map(|((_, key), (value, at))| line(key, value, *at)));
        }
        if self.ttl.is_some() {
            let by_time = bench.state.by_time(STORE, 10, 70, &mut |at, key| {
                got.push(format!("{at} {key:?}"));
                true
            });
            by_time.expect("a scan");
            let rows = self.rows.iter().map(|(place, (_, at))| (*at, place));
            let mut rows: Vec<_> = rows.filter(|(at, _)| (10..=70).contains(at)).collect();
            rows.sort();
            expected.extend(rows.iter().map(|(at, (_, key))| format!("{at} {key:?}")));
        }
        (got, expected)
    }

    fn kept(&self) -> usize {
        self.rows.len()
    }
}
