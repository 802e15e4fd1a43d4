//! Types that have something for Kafka's null.
use lentic_types::FormatName;

use super::{Data, DataError, WindowedKey};

impl<T: Data> Data for Option<T> {
    const FORMAT: FormatName = T::FORMAT;
    const WINDOWED: Option<WindowedKey> = T::WINDOWED;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        self.as_ref().map_or(Ok(()), |value| value.encode(out))
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        T::decode(bytes).map(Some)
    }

    fn is_null(&self) -> bool {
        self.as_ref().is_none_or(Data::is_null)
    }

    fn null() -> Option<Self> {
        Some(None)
    }
}

/// A key or value that nobody looks at: read from anything, written as null.
impl Data for () {
    const FORMAT: FormatName = FormatName::Bytes;

    fn encode(&self, _out: &mut Vec<u8>) -> Result<(), DataError> {
        Ok(())
    }

    fn decode(_bytes: &[u8]) -> Result<Self, DataError> {
        Ok(())
    }

    fn is_null(&self) -> bool {
        true
    }

    fn null() -> Option<Self> {
        Some(())
    }
}
