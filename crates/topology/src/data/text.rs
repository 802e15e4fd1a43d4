//! Text and plain bytes.
use bytes::Bytes;
use lentic_types::FormatName;

use super::{Data, DataError};

impl Data for String {
    const FORMAT: FormatName = FormatName::String;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        out.extend_from_slice(self.as_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|error| DataError { expected: "UTF-8 text", text: error.to_string() })
    }
}

impl Data for Vec<u8> {
    const FORMAT: FormatName = FormatName::Bytes;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        out.extend_from_slice(self);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        Ok(bytes.to_vec())
    }
}

impl Data for Bytes {
    const FORMAT: FormatName = FormatName::Bytes;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        out.extend_from_slice(self);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        Ok(Self::copy_from_slice(bytes))
    }
}
