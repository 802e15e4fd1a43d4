//! Keys with times: what holds for every layout and every byte string.
use std::cmp::Ordering;

use lentic_format::{KeyKind, KeyLayout, KeyTime, order_key, read_version, version};
use lentic_types::{FormatName, Timestamp};
use proptest::prelude::*;

fn layout() -> impl Strategy<Value = KeyLayout> {
    let kinds = vec![
        KeyKind::Plain,
        KeyKind::Window { sequence: false },
        KeyKind::Window { sequence: true },
        KeyKind::Session,
        KeyKind::Version,
    ];
    (proptest::sample::select(FormatName::ALL.to_vec()), proptest::sample::select(kinds))
        .prop_map(|(format, kind)| KeyLayout::new(format, kind))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = || proptest::sample::select(vec![0, 0, 1, 0x7f, 0x80, 0xfe, 0xff]);
    prop_oneof![
        proptest::collection::vec(byte(), 0..24),
        proptest::collection::vec(byte(), 4),
        proptest::collection::vec(byte(), 8),
    ]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), -3..300_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(Timestamp)
}

fn time_of(kind: KeyKind, a: Timestamp, b: Timestamp, n: u32) -> KeyTime {
    match kind {
        KeyKind::Window { sequence } => KeyTime::Window { start: a, sequence: sequence.then_some(n) },
        KeyKind::Session => KeyTime::Session { start: b, end: a },
        KeyKind::Plain | KeyKind::Version => KeyTime::Version { valid_from: a },
    }
}

fn stored(layout: KeyLayout, wire: &[u8], timestamp: Timestamp) -> Vec<u8> {
    let mut out = Vec::new();
    layout.to_store(wire, timestamp, &mut out);
    out
}

fn ordered(format: FormatName, key: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    order_key(format, key, &mut out);
    out
}

fn key(layout: KeyLayout, inner: &[u8], time: KeyTime) -> Vec<u8> {
    let mut out = Vec::new();
    layout.store_key(inner, time, &mut out);
    out
}

/// What rows of one key are sorted by.
fn rank(time: KeyTime) -> (i64, i64) {
    match time {
        KeyTime::Window { start, sequence } => (start.0, sequence.unwrap_or_default().into()),
        KeyTime::Session { start, end } => (end.0, start.0),
        KeyTime::Version { valid_from } => (!valid_from.0, 0),
    }
}

proptest! {
    #[test]
    fn every_key_in_the_log_has_its_own_store_key(layout in layout(), wire in bytes(), at in time()) {
        let there = stored(layout, &wire, at);
        let mut back = b"before".to_vec();
        layout.to_wire(&there, &mut back).unwrap();
        prop_assert_eq!(&back[6..], &wire[..]);
    }

    #[test]
    fn no_bytes_are_read_as_a_key_they_are_not(layout in layout(), there in bytes()) {
        let mut wire = Vec::new();
        match layout.to_wire(&there, &mut wire) {
            Ok(()) => {
                let at = layout.time(&there).map_or(Timestamp::NONE, KeyTime::start);
                prop_assert_eq!(stored(layout, &wire, at), there);
            }
            Err(_) => prop_assert!(wire.is_empty()),
        }
    }

    #[test]
    fn windows_lie_in_order_of_key_and_time(
        layout in layout().prop_filter("has times", |layout| layout.kind != KeyKind::Plain),
        keys in (bytes(), bytes()), same in any::<bool>(),
        a in (time(), time(), any::<u32>()), b in (time(), time(), any::<u32>()),
    ) {
        let (first, second) = (&keys.0, if same { &keys.0 } else { &keys.1 });
        let times = (time_of(layout.kind, a.0, a.1, a.2), time_of(layout.kind, b.0, b.1, b.2));
        let (x, y) = (key(layout, first, times.0), key(layout, second, times.1));
        let by_key = ordered(layout.format, first).cmp(&ordered(layout.format, second));
        prop_assert_eq!(x.cmp(&y), by_key.then(rank(times.0).cmp(&rank(times.1))));
        let mut prefix = Vec::new();
        layout.prefix(first, &mut prefix);
        prop_assert_eq!(y.starts_with(&prefix), by_key == Ordering::Equal);
        let mut open = Vec::new();
        layout.open_prefix(&ordered(layout.format, first), &mut open);
        prop_assert!(prefix.starts_with(&open), "{:?} {:?}", prefix, open);
        prop_assert_eq!(layout.time(&x), Some(times.0));
        let mut inner = Vec::new();
        layout.inner_of_stored(&x, &mut inner).unwrap();
        prop_assert_eq!(&inner, first);
        // Where a seek for the second's time arrives among the rows of its key.
        let mut seek = Vec::new();
        layout.seek_key(first, times.1.sorted_by(), &mut seek);
        let reached = match layout.kind {
            KeyKind::Version => times.0.start() <= times.1.start(),
            _ => times.0.sorted_by() >= times.1.sorted_by(),
        };
        prop_assert_eq!(x >= seek, reached);
    }

    #[test]
    fn the_log_form_is_what_streams_writes(inner in bytes(), start in time(), end in time(), n in any::<u32>()) {
        let layout = |kind| KeyLayout::new(FormatName::Bytes, kind);
        let join = |kind, time| {
            let mut wire = Vec::new();
            layout(kind).join(&inner, time, &mut wire);
            prop_assert_eq!(layout(kind).split(&wire), Some((&inner[..], time)));
            prop_assert_eq!(layout(kind).inner(&wire), &inner[..]);
            prop_assert_eq!(stored(layout(kind), &wire, Timestamp(5)), key(layout(kind), &inner, time));
            Ok(wire)
        };
        let session = join(KeyKind::Session, KeyTime::Session { start, end })?;
        prop_assert_eq!(session, [&inner[..], &end.0.to_be_bytes(), &start.0.to_be_bytes()].concat());
        let window = join(KeyKind::Window { sequence: true }, KeyTime::Window { start, sequence: Some(n) })?;
        prop_assert_eq!(window, [&inner[..], &start.0.to_be_bytes(), &n.to_be_bytes()].concat());
        let window = join(KeyKind::Window { sequence: false }, KeyTime::Window { start, sequence: None })?;
        prop_assert_eq!(window, [&inner[..], &start.0.to_be_bytes()].concat());
    }

    #[test]
    fn versions_keep_tombstones(value in proptest::option::of(bytes())) {
        let (flag, rest) = version(value.as_deref());
        let row = [&flag[..], rest].concat();
        prop_assert_eq!(read_version(&row), Some(value.as_deref()));
    }
}
