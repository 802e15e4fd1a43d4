//! Cursors of scans: where the next page goes on, and of which scan.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lentic::types::TableName;
use lentic::{KeyBounds, Order};

use crate::error::{Code, Error, Result};

const VERSION: u8 = 1;

/// What a cursor belongs to: the table, the bounds and the order. The page size may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameters(u64);

impl Parameters {
    pub(super) fn of(table: &TableName, bounds: &KeyBounds, order: Order) -> Self {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        hash.part(Some(table.as_str().as_bytes()));
        hash.part(bounds.prefix.as_deref());
        hash.part(bounds.from.as_deref());
        hash.part(bounds.to.as_deref());
        hash.part((order == Order::Descending).then_some(b"desc"));
        // What tables without windows never have is left out there: their cursors stay what they were.
        if let Some(inner) = &bounds.windows_of {
            hash.part(Some(inner));
        }
        for (name, time) in [(b"f", bounds.start_from), (b"t", bounds.start_to)] {
            if let Some(time) = time {
                hash.part(Some(name));
                hash.part(Some(&time.0.to_be_bytes()));
            }
        }
        Self(hash.0)
    }

    /// The cursor of a page whose last key this is.
    pub(super) fn cursor(self, last: &[u8]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.0.to_be_bytes());
        bytes.extend_from_slice(last);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The key after which to go on.
    pub(super) fn last_key(self, cursor: &[u8]) -> Result<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        let Some((&[version, ref hash @ ..], last)) = bytes.split_first_chunk::<9>() else {
            return Err(Error::new(Code::CursorMismatch, "the cursor can't be read"));
        };
        if version != VERSION {
            return Err(Error::new(Code::CursorMismatch, "the cursor is of another version of Lentic"));
        }
        if u64::from_be_bytes(*hash) != self.0 {
            return Err(Error::new(
                Code::CursorMismatch,
                "the cursor belongs to a scan with another table, prefix, from, to or order",
            ));
        }
        Ok(last.to_vec())
    }
}

/// FNV-1a, 64 bits: the same in every version.
struct Fnv(u64);

impl Fnv {
    fn part(&mut self, part: Option<&[u8]>) {
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        for &byte in length.to_be_bytes().iter().chain(part.unwrap_or_default()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_changes() {
        let table = TableName::new("t").unwrap();
        let bounds = KeyBounds { prefix: Some(b"a".to_vec()), ..KeyBounds::default() };
        let here = Parameters::of(&table, &bounds, Order::Ascending);
        for last in [&b""[..], b"abc", b"\xff\0"] {
            assert_eq!(here.last_key(here.cursor(last).as_bytes()).unwrap(), last);
        }
        // Valid across restarts and releases: the text must not change.
        assert_eq!(here.cursor(b"abc"), "AQ12881Rfc0UYWJj");
        let other = KeyBounds { from: Some(b"a".to_vec()), ..KeyBounds::default() };
        for there in [
            Parameters::of(&table, &other, Order::Ascending),
            Parameters::of(&table, &bounds, Order::Descending),
            Parameters::of(&TableName::new("u").unwrap(), &bounds, Order::Ascending),
        ] {
            let error = there.last_key(here.cursor(b"abc").as_bytes()).unwrap_err();
            assert_eq!(error.code(), Code::CursorMismatch);
        }
        for bad in ["", "AQ", "!", "AgAAAAAAAAAA"] {
            assert!(here.last_key(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
