//! A chunk: consecutive records of one partition in one database value.
//!
//! ```text
//! chunk:   version u8 = 1 | flags u8 | key offset - base varint | count varint
//!          | base timestamp i64 LE | (greatest - base timestamp) zigzag | cleaned at i64 LE (if flag 1) | records
//! record:  flags u8 | offset - base varint | (timestamp - base timestamp) zigzag
//!          | key length varint (if flag 1) | value length varint (if flag 2) | headers length varint (if flag 4)
//!          | key | value | headers
//! headers: count varint, then each: name length varint | name | value length + 1 varint, 0 for null | value
//! ```
//! Chunk flags: 1 = cleaned at is there, 2 = holds tombstones. The chunk's key in the database carries an offset that
//! is not below its last record's and not above the next chunk's first (compaction may take the last record away).
//! *Cleaned at* is when compaction first saw the tombstones in it as the last of their keys.
use bytes::Bytes;
use lentic_types::Header;

use crate::varint;

const VERSION: u8 = 1;
const CLEANED: u8 = 1;
const TOMBSTONES: u8 = 2;
const KEY: u8 = 1;
const VALUE: u8 = 2;
const HEADERS: u8 = 4;

/// Bytes that are no chunk of a version known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// What a chunk says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkHeader {
    pub(crate) base: u64,
    pub(crate) count: u64,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) cleaned_at: Option<i64>,
    pub(crate) tombstones: bool,
}

/// A record in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkRecord<'a> {
    pub(crate) offset: u64,
    pub(crate) timestamp: i64,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    /// As stored; empty for none.
    pub(crate) headers: &'a [u8],
}

/// Walks the records of a chunk without borrowing it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoder {
    base: u64,
    base_timestamp: i64,
    at: usize,
}

impl Decoder {
    /// Reads the header of the chunk that is stored under `key_offset`.
    pub(crate) fn new(chunk: &[u8], key_offset: u64) -> Result<(ChunkHeader, Self), Corrupt> {
        let header = || {
            let (&[version, flags], _) = chunk.split_first_chunk::<2>()?;
            let mut at = 2;
            let base = key_offset.checked_sub(varint::take(chunk, &mut at)?)?;
            let count = varint::take(chunk, &mut at)?;
            let base_timestamp = take_i64(chunk, &mut at)?;
            let max_timestamp = base_timestamp.wrapping_add(varint::take_signed(chunk, &mut at)?);
            let cleaned_at = if flags & CLEANED == 0 { None } else { Some(take_i64(chunk, &mut at)?) };
            let tombstones = flags & TOMBSTONES != 0;
            let header = ChunkHeader { base, count, base_timestamp, max_timestamp, cleaned_at, tombstones };
            (version == VERSION).then_some((header, Self { base, base_timestamp, at }))
        };
        header().ok_or(Corrupt)
    }

    /// The next record of the chunk that this decoder was made for.
    #[inline]
    pub(crate) fn next<'a>(&mut self, chunk: &'a [u8]) -> Result<Option<ChunkRecord<'a>>, Corrupt> {
        if self.at == chunk.len() {
            return Ok(None);
        }
        self.record(chunk).map(Some).ok_or(Corrupt)
    }

    #[inline]
    fn record<'a>(&mut self, chunk: &'a [u8]) -> Option<ChunkRecord<'a>> {
        let mut at = self.at;
        let flags = *chunk.get(at)?;
        at += 1;
        let offset = self.base.checked_add(varint::take(chunk, &mut at)?)?;
        let timestamp = self.base_timestamp.wrapping_add(varint::take_signed(chunk, &mut at)?);
        let mut len =
            |flag| if flags & flag == 0 { Some(None) } else { varint::take(chunk, &mut at).map(Some) };
        let (key, value, headers) = (len(KEY)?, len(VALUE)?, len(HEADERS)?);
        let mut part = |len: Option<u64>| match len {
            None => Some(None),
            Some(len) => varint::take_bytes(chunk, &mut at, len as usize).map(Some),
        };
        let record = ChunkRecord {
            offset,
            timestamp,
            key: part(key)?,
            value: part(value)?,
            headers: part(headers)?.unwrap_or_default(),
        };
        self.at = at;
        Some(record)
    }
}

/// A chunk in the making.
#[derive(Debug, Default)]
pub(crate) struct ChunkBuilder {
    base: u64,
    count: u64,
    base_timestamp: i64,
    max_timestamp: i64,
    tombstones: bool,
    records: Vec<u8>,
    header: Vec<u8>,
}

impl ChunkBuilder {
    /// Adds a record; offsets ascend.
    pub(crate) fn push(&mut self, record: ChunkRecord<'_>) {
        if self.count == 0 {
            self.base = record.offset;
            self.base_timestamp = record.timestamp;
            self.max_timestamp = record.timestamp;
        }
        self.count += 1;
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        self.tombstones |= record.value.is_none();
        let flag = |present: bool, flag: u8| if present { flag } else { 0 };
        let flags = flag(record.key.is_some(), KEY)
            | flag(record.value.is_some(), VALUE)
            | flag(!record.headers.is_empty(), HEADERS);
        self.records.push(flags);
        varint::put(&mut self.records, record.offset - self.base);
        varint::put_signed(&mut self.records, record.timestamp.wrapping_sub(self.base_timestamp));
        let headers = (!record.headers.is_empty()).then_some(record.headers);
        for part in [record.key, record.value, headers].into_iter().flatten() {
            varint::put(&mut self.records, part.len() as u64);
        }
        for part in [record.key, record.value, headers].into_iter().flatten() {
            self.records.extend_from_slice(part);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn has_tombstones(&self) -> bool {
        self.tombstones
    }

    /// Bytes of the records so far.
    pub(crate) fn bytes(&self) -> usize {
        self.records.len()
    }

    /// The two parts of the value to be stored under `key_offset`, which is not below the last record's offset.
    pub(crate) fn parts(&mut self, key_offset: u64, cleaned_at: Option<i64>) -> [&[u8]; 2] {
        let header = &mut self.header;
        header.clear();
        let cleaned = if cleaned_at.is_some() { CLEANED } else { 0 };
        let tombstones = if self.tombstones { TOMBSTONES } else { 0 };
        header.extend_from_slice(&[VERSION, cleaned | tombstones]);
        varint::put(header, key_offset - self.base);
        varint::put(header, self.count);
        header.extend_from_slice(&self.base_timestamp.to_le_bytes());
        varint::put_signed(header, self.max_timestamp.wrapping_sub(self.base_timestamp));
        if let Some(cleaned_at) = cleaned_at {
            header.extend_from_slice(&cleaned_at.to_le_bytes());
        }
        [header, &self.records]
    }

    /// Empties it and keeps the memory, if it is not much: every partition has one.
    pub(crate) fn clear(&mut self) {
        const KEPT_BYTES: usize = 16 << 10;
        self.count = 0;
        self.tombstones = false;
        self.records.clear();
        if self.records.capacity() > KEPT_BYTES {
            self.records = Vec::new();
        }
    }
}

/// Appends headers in their stored form; nothing for none.
pub(crate) fn encode_headers(headers: &[Header], out: &mut Vec<u8>) {
    if headers.is_empty() {
        return;
    }
    varint::put(out, headers.len() as u64);
    for header in headers {
        varint::put(out, header.name.len() as u64);
        out.extend_from_slice(header.name.as_bytes());
        let value = header.value.as_deref();
        varint::put(out, value.map_or(0, |value| value.len() as u64 + 1));
        out.extend_from_slice(value.unwrap_or_default());
    }
}

/// Headers from their stored form.
pub(crate) fn decode_headers(stored: &[u8]) -> Result<Vec<Header>, Corrupt> {
    let mut at = 0;
    let mut take = || {
        if stored.is_empty() {
            return Some(Vec::new());
        }
        let count = varint::take(stored, &mut at)? as usize;
        let mut headers = Vec::with_capacity(count.min(stored.len()));
        for _ in 0..count {
            let len = varint::take(stored, &mut at)? as usize;
            let name = String::from_utf8(varint::take_bytes(stored, &mut at, len)?.to_vec()).ok()?;
            let value = match varint::take(stored, &mut at)? {
                0 => None,
                len => Some(Bytes::copy_from_slice(varint::take_bytes(stored, &mut at, len as usize - 1)?)),
            };
            headers.push(Header { name, value });
        }
        Some(headers)
    };
    take().ok_or(Corrupt)
}

fn take_i64(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let found = varint::take_bytes(bytes, at, 8)?;
    Some(i64::from_le_bytes(found.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<ChunkRecord<'static>> {
        let parts: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"some bytes")];
        let both = parts.iter().flat_map(|key| parts.iter().map(move |value| (*key, *value)));
        let of = |(i, (key, value))| ChunkRecord {
            offset: 1_000 + i as u64 * 7,
            timestamp: [0, i64::MAX, -1, 1_700_000_000_000][i % 4],
            key,
            value,
            headers: if i % 2 == 0 { b"" } else { b"hh" },
        };
        both.enumerate().map(of).collect()
    }

    #[test]
    fn round_trip() {
        let mut builder = ChunkBuilder::default();
        for cleaned_at in [None, Some(5)] {
            for record in records() {
                builder.push(record);
            }
            let chunk = builder.parts(1_100, cleaned_at).concat();
            let (header, mut decoder) = Decoder::new(&chunk, 1_100).unwrap();
            assert_eq!((header.base, header.count, header.cleaned_at), (1_000, 9, cleaned_at));
            assert_eq!((header.max_timestamp, header.tombstones), (i64::MAX, true));
            let mut read = Vec::new();
            while let Some(record) = decoder.next(&chunk).unwrap() {
                read.push(record);
            }
            assert_eq!(read, records());
            builder.clear();
        }
    }

    #[test]
    fn cut_off_anywhere_is_corrupt() {
        let mut builder = ChunkBuilder::default();
        builder.push(records()[8]);
        let chunk = builder.parts(1_056, Some(1)).concat();
        for len in 0..chunk.len() {
            let read = Decoder::new(&chunk[..len], 1_056).and_then(|(_, mut d)| d.next(&chunk[..len]));
            // A chunk that ends right after its header holds nothing, which is no error of its own.
            assert!(matches!(read, Err(Corrupt) | Ok(None)), "{len}: {read:?}");
        }
        assert_eq!(Decoder::new(&[9, 0, 0, 0], 1).map(|_| ()), Err(Corrupt));
    }

    /// The bytes of version 1, which must be read for ever.
    #[test]
    fn version_1_is_fixed() {
        let mut builder = ChunkBuilder::default();
        let record =
            |offset, key, value, headers| ChunkRecord { offset, timestamp: 258, key, value, headers };
        builder.push(record(5, Some(b"k"), Some(b"v"), b""));
        builder.push(record(6, None, None, b"h"));
        let stored = [
            1, 3, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, //
            3, 0, 0, 1, 1, b'k', b'v', //
            4, 1, 0, 1, b'h',
        ];
        assert_eq!(builder.parts(7, Some(9)).concat(), stored);
    }

    #[test]
    fn headers_round_trip() {
        let header = |name: &str, value: Option<&'static str>| Header {
            name: name.to_owned(),
            value: value.map(|value| Bytes::from_static(value.as_bytes())),
        };
        for headers in [vec![], vec![header("a", None), header("", Some("")), header("a", Some("b"))]] {
            let mut stored = Vec::new();
            encode_headers(&headers, &mut stored);
            assert_eq!(decode_headers(&stored), Ok(headers));
        }
        assert_eq!(decode_headers(&[3, 1]), Err(Corrupt));
    }
}
