//! Rows of text columns, and their bytes.
use lentic_testkit::TestDriver;
use lentic_topology::{Codec, DataError, Encoding, Payload, Window, WindowedKey};
use lentic_types::FormatName;

/// A row; its type is known to the caller's functions and codecs only.
pub type Row = Vec<String>;

/// Columns with a separator that is chosen at run time.
struct Columns {
    separator: char,
}

impl Encoding for Columns {
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        let text = payload.get::<Row>().join(&self.separator.to_string());
        if text == "unencodable" {
            return Err(DataError { expected: "a row", text });
        }
        out.extend_from_slice(text.as_bytes());
        Ok(true)
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let text = std::str::from_utf8(bytes)
            .map_err(|error| DataError { expected: "a row", text: error.to_string() })?;
        Ok(Some(Payload::new(text.split(self.separator).map(str::to_owned).collect::<Row>())))
    }
}

pub fn row_codec() -> Codec {
    separated_codec(',')
}

pub fn separated_codec(separator: char) -> Codec {
    Codec::new(FormatName::String, None, "a row", Columns { separator })
}

/// A key and its window.
pub struct InWindow {
    pub key: Payload,
    pub window: Window,
}

/// Windows of 10 ms behind their keys.
struct InWindows(Columns);

impl Encoding for InWindows {
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        let InWindow { key, window } = payload.get();
        self.0.encode(key, out)?;
        out.extend_from_slice(&window.start.to_be_bytes());
        Ok(true)
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        let Some((key, start)) = bytes.and_then(<[u8]>::split_last_chunk::<8>) else { return Ok(None) };
        let (key, start) = (self.0.decode(Some(key))?, i64::from_be_bytes(*start));
        let window = Window { start, end: start + 10 };
        Ok(key.map(|key| Payload::new(InWindow { key, window })))
    }
}

pub fn windowed_codec() -> Codec {
    let columns = Columns { separator: ',' };
    Codec::new(FormatName::String, Some(WindowedKey::Time), "a windowed row", InWindows(columns))
}

pub fn row(columns: &[&str]) -> Payload {
    Payload::new(columns.iter().map(|&column| column.to_owned()).collect::<Row>())
}

/// One column; of no row empty.
pub fn text(row: Option<&Payload>, column: usize) -> &str {
    row.and_then(|row| row.get::<Row>().get(column)).map_or("", String::as_str)
}

/// A key of one of the row's columns.
pub fn key_of(row: Option<&Payload>, column: usize) -> Option<Payload> {
    row.map(|row| self::row(&[text(Some(row), column)]))
}

/// What came to a topic: `<key>=<value>@<timestamp>`, null as `-`.
pub fn read(driver: &mut TestDriver, topic: &str) -> Vec<String> {
    let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
    let records = driver.read::<String, String>(topic);
    records.into_iter().map(|(key, value, at)| format!("{}={}@{at}", part(key), part(value))).collect()
}

/// Pipes `<topic> <key> <value> <timestamp>`, null as `-`; tells what came to `out`.
pub fn run(driver: &mut TestDriver, records: &str, out: &str) -> Vec<String> {
    for record in records.split(';') {
        let parts: Vec<_> = record.split_whitespace().collect();
        let [topic, key, value, at] = parts[..] else { panic!("{record}: four parts") };
        let bytes = |text: &str| (text != "-").then(|| text.as_bytes().to_vec());
        let at = at.parse().expect("a timestamp");
        driver.pipe_bytes(topic, bytes(key).as_deref(), bytes(value).as_deref(), at);
    }
    read(driver, out)
}
