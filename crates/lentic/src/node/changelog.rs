//! The changelogs of an application: which topics they are, and what their records look like.
use lentic_format::{KeyKind, KeyLayout, KeyTime, guess};
use lentic_types::{FormatName, RecordView, Timestamp, TopicName, WindowKind};

const SUFFIX: &str = "-changelog";

/// The stores of an application with their changelogs: `<application.id>-<store>-changelog`.
pub(super) fn stores(application: &str, topics: &[TopicName]) -> Vec<(String, TopicName)> {
    let store = |topic: &TopicName| {
        let store = topic.as_str().strip_prefix(application)?.strip_prefix('-')?.strip_suffix(SUFFIX)?;
        (!store.is_empty()).then(|| (store.to_owned(), topic.clone()))
    };
    topics.iter().filter_map(store).collect()
}

/// A sample of the records of a changelog.
pub(super) struct Seen<'a> {
    pub(super) records: u64,
    keys: Vec<&'a [u8]>,
    values: Vec<&'a [u8]>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(records: impl Iterator<Item = RecordView<'a>>) -> Self {
        let mut seen = Self { records: 0, keys: Vec::new(), values: Vec::new() };
        for record in records {
            seen.records += 1;
            seen.keys.extend(record.key);
            seen.values.extend(record.value);
        }
        seen
    }

    /// What most keys end with, if that is a window.
    pub(super) fn window_kind(&self) -> Option<WindowKind> {
        let count = |kind| {
            let layout = KeyLayout::new(FormatName::Bytes, kind);
            self.keys.iter().filter(|key| layout.split(key).is_some_and(|(_, time)| is_likely(time))).count()
        };
        let (time, session) = (count(KeyKind::Window { sequence: true }), count(KeyKind::Session));
        if time.max(session) * 2 <= self.keys.len() && !self.keys.is_empty() {
            return None;
        }
        Some(if session > time { WindowKind::Session } else { WindowKind::Time })
    }

    /// The best format of what is before the windows.
    pub(super) fn key(&self, layout: KeyLayout) -> FormatName {
        guess(self.keys.iter().map(|key| layout.inner(key))).best()
    }

    pub(super) fn value(&self) -> FormatName {
        guess(self.values.iter().copied()).best()
    }
}

/// Times of this world; of one kind of key read as the other they are hundreds of millions of years away, or the
/// numbers are.
fn is_likely(time: KeyTime) -> bool {
    /// The year 2200.
    const LATEST: Timestamp = Timestamp(7_258_118_400_000);
    /// Records of one key in one millisecond that a store with duplicates keeps apart: its numbers count up, over all keys.
    const MOST: u32 = 1 << 24;
    let likely = |time: Timestamp| (Timestamp(0)..=LATEST).contains(&time);
    match time {
        KeyTime::Window { start, sequence } => likely(start) && sequence.unwrap_or_default() < MOST,
        KeyTime::Session { start, end } => likely(start) && likely(end) && start <= end,
        KeyTime::Version { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_by_name() {
        let topics = [
            "app-counts-changelog",
            "app-a-b-changelog",
            "app--changelog",
            "app-counts-repartition",
            "apple-counts-changelog",
            "other-app-counts-changelog",
        ]
        .map(|name| TopicName::new(name).unwrap());
        let found: Vec<_> = stores("app", &topics).into_iter().map(|(store, _)| store).collect();
        assert_eq!(found, ["counts", "a-b"]);
    }

    #[test]
    fn kinds_by_the_bytes_of_keys() {
        const TIME: i64 = 1_700_000_000_000;
        let kind = |keys: &[Vec<u8>]| {
            let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
            Seen { records: 0, keys, values: Vec::new() }.window_kind()
        };
        let join = |kind, time, inner: &[u8]| {
            let mut key = Vec::new();
            KeyLayout::new(FormatName::Bytes, kind).join(inner, time, &mut key);
            key
        };
        for inner in [&b""[..], b"key", b"a longer key", &7_i32.to_be_bytes(), &7_i64.to_be_bytes()] {
            for n in 0..20 {
                let start = Timestamp(TIME + n * 60_000);
                let end = Timestamp(start.0 + n * 1_000);
                let session = join(KeyKind::Session, KeyTime::Session { start, end }, inner);
                assert_eq!(kind(&[session]), Some(WindowKind::Session), "{inner:?}");
                let time = KeyTime::Window { start, sequence: Some(n as u32) };
                let window = join(KeyKind::Window { sequence: true }, time, inner);
                assert_eq!(kind(&[window]), Some(WindowKind::Time), "{inner:?}");
            }
        }
        assert_eq!(kind(&[b"some key of a topic".to_vec()]), None);
        assert_eq!(kind(&[]), Some(WindowKind::Time));
    }
}
