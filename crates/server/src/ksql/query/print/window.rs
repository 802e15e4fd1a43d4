//! Keys with a window behind them, as Kafka Streams writes them: the start, and before it the end if it is a session.
use super::line::{Kind, text};

/// The end of the year 9999: no window is later. All times up to it begin with two zero bytes, which no text has.
const LAST: i64 = 253_402_300_799_999;

/// A key and its window.
pub(super) struct WindowedKey<'a> {
    bytes: &'a [u8],
    key: &'a [u8],
    start: i64,
    /// Of a session.
    end: Option<i64>,
}

impl<'a> WindowedKey<'a> {
    /// None if the bytes are something else as far as one can see.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        if Kind::of(Some(bytes)) != Kind::Other {
            return None;
        }
        let (rest, start) = time(bytes)?;
        let of_session = time(rest).filter(|(key, end)| is_plain(key) && *end >= start);
        let (key, end) = of_session.map_or((rest, None), |(key, end)| (key, Some(end)));
        is_plain(key).then_some(Self { bytes, key, start, end })
    }

    /// `[a@1585087880000/-]`, of a session `[a@1585087880000/1585087890000]`
    pub(super) fn text(&self) -> String {
        let end = self.end.map_or_else(|| "-".to_owned(), |end| end.to_string());
        format!("[{}@{}/{end}]", text(Some(self.key)), self.start)
    }

    /// As ksqlDB names what it may be: for each format of the key, those of the windows.
    pub(super) fn name(&self) -> String {
        let windows = if self.end.is_some() { &["SESSION"][..] } else { &["HOPPING", "TUMBLING"] };
        let formats = Kind::of(Some(self.key)).name().split(" or ");
        let mut names: Vec<_> = formats
            .flat_map(|format| windows.iter().map(move |window| format!("{window}({format})")))
            .collect();
        if str::from_utf8(self.bytes).is_ok() {
            names.push(Kind::Text.name().to_owned());
        }
        names.join(" or ")
    }
}

/// The time that bytes end with, and what is before it.
fn time(bytes: &[u8]) -> Option<(&[u8], i64)> {
    let (rest, time) = bytes.split_last_chunk::<8>()?;
    Some((rest, i64::from_be_bytes(*time))).filter(|(_, time)| (0..=LAST).contains(time))
}

fn is_plain(key: &[u8]) -> bool {
    !key.is_empty() && Kind::of(Some(key)) != Kind::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &[u8], times: &[i64]) -> Vec<u8> {
        times.iter().fold(key.to_vec(), |key, time| [&key[..], &time.to_be_bytes()].concat())
    }

    #[test]
    fn keys_have_windows() {
        const TIME: i64 = 1_585_087_880_000;
        let time_of_string = "HOPPING(KAFKA_STRING) or TUMBLING(KAFKA_STRING)";
        for (bytes, name, text) in [
            // Some times are UTF-8 by chance, so that the whole may be a text.
            (key(b"a", &[0]), format!("{time_of_string} or KAFKA_STRING"), "[a@0/-]"),
            (key(b"a", &[TIME]), time_of_string.to_owned(), "[a@1585087880000/-]"),
            (key(b"a longer key", &[TIME]), time_of_string.to_owned(), "[a longer key@1585087880000/-]"),
            (
                key(&7_i32.to_be_bytes(), &[TIME]),
                "HOPPING(KAFKA_INT) or TUMBLING(KAFKA_INT)".to_owned(),
                "[7@1585087880000/-]",
            ),
            (
                key(&7_i64.to_be_bytes(), &[TIME]),
                "HOPPING(KAFKA_BIGINT) or TUMBLING(KAFKA_BIGINT) or HOPPING(KAFKA_DOUBLE) or TUMBLING(KAFKA_DOUBLE)"
                    .to_owned(),
                "[7@1585087880000/-]",
            ),
            (
                key(b"a", &[TIME + 10, TIME]),
                "SESSION(KAFKA_STRING)".to_owned(),
                "[a@1585087880000/1585087880010]",
            ),
            (
                key(&7_i64.to_be_bytes(), &[TIME, TIME]),
                "SESSION(KAFKA_BIGINT) or SESSION(KAFKA_DOUBLE)".to_owned(),
                "[7@1585087880000/1585087880000]",
            ),
            (
                key(br#"{"A":1}"#, &[TIME, TIME]),
                "SESSION(JSON) or SESSION(KAFKA_STRING)".to_owned(),
                "[{\"A\":1}@1585087880000/1585087880000]",
            ),
        ] {
            let found = WindowedKey::of(&bytes).map(|windowed| (windowed.name(), windowed.text()));
            assert_eq!(found, Some((name, text.to_owned())));
        }
    }

    #[test]
    fn other_keys_have_none() {
        for bytes in [
            key(b"a", &[-1]),
            key(b"a", &[LAST + 1]),
            key(b"", &[0]),
            key(b"a key of sixteen", &[]),
            // An end before the start.
            key(b"a", &[0, 1]),
            key(&[0xff], &[0]),
        ] {
            assert!(WindowedKey::of(&bytes).is_none(), "{bytes:?}");
        }
    }
}
