//! Versioned stores.
use std::collections::BTreeMap;

use lentic_engine::stream::Versioned;
use lentic_topology::Codec;
use lentic_topology::spec::{StoreKind, StoreSpec};
use lentic_types::TableName;
use proptest::prelude::*;

use super::bench::{Bench, STORE};
use super::window::KEYS;
use super::{Case, Model};

#[derive(Clone, Debug)]
pub struct Versions {
    history: i64,
    observed: i64,
    /// All that ever were, by key and time.
    rows: BTreeMap<&'static [u8], BTreeMap<i64, Option<Vec<u8>>>>,
}

#[derive(Clone, Debug)]
pub struct Put {
    key: &'static [u8],
    value: Option<Vec<u8>>,
    valid_from: i64,
}

pub fn cases() -> impl Strategy<Value = Case<Versions, Put>> {
    let model = prop_oneof![Just(0i64), 1..40i64, Just(10_000i64)];
    let model = model.prop_map(|history| Versions { history, observed: -1, rows: BTreeMap::new() });
    let value = prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..3));
    let time = prop_oneof![6 => 0..60i64, 3 => 0..120i64, 1 => 0..400i64];
    let put = (prop::sample::select(&KEYS[1..4]), value, time);
    super::cases(model, put.prop_map(|(key, value, valid_from)| Put { key, value, valid_from }))
}

fn line(version: Option<(i64, &[u8])>) -> String {
    version.map_or("none".to_owned(), |(valid_from, value)| format!("{value:?} from {valid_from}"))
}

/// A deleted row and one that never was are the same.
fn told(found: Option<&Versioned>) -> String {
    line(found.and_then(|found| Some((found.valid_from, found.value.as_deref()?))))
}

impl Versions {
    fn since(&self) -> i64 {
        self.observed - self.history
    }

    fn at(&self, key: &[u8], at: i64) -> Option<(i64, &[u8])> {
        let versions = self.rows.get(key)?;
        let (valid_from, value) = versions.range(..=at).next_back()?;
        let is_latest = versions.last_key_value().is_some_and(|(latest, _)| latest == valid_from);
        (at >= self.since() || is_latest).then_some((*valid_from, value.as_deref()?))
    }
}

impl Model for Versions {
    type Put = Put;

    fn spec(&self) -> StoreSpec {
        let kind = StoreKind::Versioned { history_ms: self.history };
        let (name, codec) = (TableName::new("versions").expect("a name"), Codec::of::<Vec<u8>>());
        StoreSpec::new(name, kind, codec.clone(), codec)
    }

    fn put(&mut self, bench: &mut Bench, put: &Put) -> Result<(), String> {
        let got = bench.state.put_version(STORE, put.key, put.value.as_deref(), put.valid_from);
        let mut expected = None;
        if put.valid_from >= self.since() {
            self.observed = self.observed.max(put.valid_from);
            let versions = self.rows.entry(put.key).or_default();
            versions.insert(put.valid_from, put.value.clone());
            expected = Some(versions.last_key_value().is_some_and(|(latest, _)| *latest == put.valid_from));
        }
        let got = got.expect("a put");
        if got == expected { Ok(()) } else { Err(format!("{put:?}: {got:?}, expected {expected:?}")) }
    }

    fn reads(&self, bench: &mut Bench) -> (Vec<String>, Vec<String>) {
        let (mut got, mut expected) = (Vec::new(), Vec::new());
        for key in KEYS {
            let since = self.since();
            for at in (since - 2..since + 3).chain((0..130).step_by(9)).chain([i64::MIN, 400, i64::MAX]) {
                let found = bench.state.version_at(STORE, key, at).expect("a read");
                got.push(format!("{key:?} at {at}: {}", told(found.as_ref())));
                expected.push(format!("{key:?} at {at}: {}", line(self.at(key, at))));
            }
            let latest = bench.state.latest_version(STORE, key).expect("a read");
            got.push(told(latest.as_ref()));
            expected.push(line(self.at(key, i64::MAX)));
        }
        (got, expected)
    }

    /// A version stays as long as it held at some time that can be read: until the next one is that old. A delete stays as long
    /// as itself can be read, for there is nothing else to tell of it.
    fn kept(&self) -> usize {
        let since = self.since();
        let of_key = |versions: &BTreeMap<i64, Option<Vec<u8>>>| {
            let ends = versions.keys().skip(1).copied().chain([i64::MAX]);
            let kept = versions
                .iter()
                .zip(ends)
                .filter(|((from, value), to)| *to >= since && (value.is_some() || **from >= since));
            kept.count()
        };
        self.rows.values().map(of_key).sum()
    }
}
