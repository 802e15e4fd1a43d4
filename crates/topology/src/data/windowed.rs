//! Keys of windowed tables, in the bytes of Kafka's windowed serializers.
use lentic_types::FormatName;

use super::{Data, DataError, WindowedKey};
use crate::Window;

/// A key and the time window its value is about. Its bytes hold the start only: read back, the end is unknown
/// (`i64::MAX`), as with Kafka's deserializer that was told no size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Windowed<K> {
    /// The key.
    pub key: K,
    /// Start and end, in milliseconds.
    pub window: Window,
}

/// A key and the session its value is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session<K> {
    /// The key.
    pub key: K,
    /// Times of its first and last record, in milliseconds.
    pub window: Window,
}

impl<K: Data> Data for Windowed<K> {
    const FORMAT: FormatName = K::FORMAT;
    const WINDOWED: Option<WindowedKey> = Some(WindowedKey::Time);

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        self.key.encode(out)?;
        out.extend_from_slice(&self.window.start.to_be_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        let (key, start) = bytes.split_last_chunk::<8>().ok_or_else(|| short("a windowed key", bytes))?;
        let window = Window { start: i64::from_be_bytes(*start), end: i64::MAX };
        Ok(Self { key: K::decode(key)?, window })
    }
}

impl<K: Data> Data for Session<K> {
    const FORMAT: FormatName = K::FORMAT;
    const WINDOWED: Option<WindowedKey> = Some(WindowedKey::Session);

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        self.key.encode(out)?;
        out.extend_from_slice(&self.window.end.to_be_bytes());
        out.extend_from_slice(&self.window.start.to_be_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        let read = || {
            let (rest, start) = bytes.split_last_chunk::<8>()?;
            let (key, end) = rest.split_last_chunk::<8>()?;
            Some((key, Window { start: i64::from_be_bytes(*start), end: i64::from_be_bytes(*end) }))
        };
        let (key, window) = read().ok_or_else(|| short("a session's key", bytes))?;
        Ok(Self { key: K::decode(key)?, window })
    }
}

fn short(expected: &'static str, bytes: &[u8]) -> DataError {
    DataError { expected, text: format!("{} bytes", bytes.len()) }
}
