//! Records as they are read (batches in one buffer) and as they are written.
use bytes::Bytes;

use crate::{Offset, PartitionId, Timestamp, TopicName};

/// A record's header: a name and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name; may stand several times in one record.
    pub name: String,
    /// The bytes; `None` is Kafka's null.
    pub value: Option<Bytes>,
}

/// A record to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingRecord {
    /// Where to.
    pub topic: TopicName,
    /// The partition, always chosen by the caller.
    pub partition: PartitionId,
    /// `None` is Kafka's null key.
    pub key: Option<Bytes>,
    /// `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Milliseconds; [`Timestamp::NONE`] lets the log set it.
    pub timestamp: Timestamp,
    /// In order.
    pub headers: Vec<Header>,
}

/// One record of a [`RecordBatch`], borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Its offset.
    pub offset: Offset,
    /// Its timestamp.
    pub timestamp: Timestamp,
    /// `None` is Kafka's null key.
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    offset: Offset,
    timestamp: Timestamp,
    /// Index of the key's first byte; the value follows it.
    start: u32,
    /// `NULL` for none.
    key_len: u32,
    /// `NULL` for none.
    value_len: u32,
}

const NULL: u32 = u32::MAX;

/// Consecutive records of one partition in one buffer: no allocation per record.
///
/// Offsets grow strictly. A batch can hold up to 4 GiB of bytes; [`RecordBatch::bytes`] tells when to start
/// another. Headers are kept only by readers that ask for them.
#[derive(Clone, Debug, Default)]
pub struct RecordBatch {
    buffer: Vec<u8>,
    spans: Vec<Span>,
    /// One entry per record, or empty where headers are not read.
    headers: Vec<Vec<Header>>,
}

impl RecordBatch {
    /// An empty batch with room for `records` records of `bytes` bytes in sum.
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        Self { buffer: Vec::with_capacity(bytes), spans: Vec::with_capacity(records), headers: Vec::new() }
    }

    /// Appends a record without headers.
    pub fn push(&mut self, offset: Offset, timestamp: Timestamp, key: Option<&[u8]>, value: Option<&[u8]>) {
        debug_assert!(self.spans.last().is_none_or(|last| last.offset < offset));
        let start = self.buffer.len() as u32;
        let len = |part: Option<&[u8]>| part.map_or(NULL, |bytes| bytes.len() as u32);
        self.spans.push(Span { offset, timestamp, start, key_len: len(key), value_len: len(value) });
        self.buffer.extend_from_slice(key.unwrap_or_default());
        self.buffer.extend_from_slice(value.unwrap_or_default());
    }

    /// Appends a record with its headers. In one batch either every record is pushed so or none.
    pub fn push_with_headers(&mut self, record: RecordView<'_>, headers: Vec<Header>) {
        self.push(record.offset, record.timestamp, record.key, record.value);
        self.headers.push(headers);
    }

    /// The headers of record `index`; empty where they were not read.
    pub fn headers(&self, index: usize) -> &[Header] {
        self.headers.get(index).map_or(&[], Vec::as_slice)
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The offset of the last record.
    pub fn last_offset(&self) -> Option<Offset> {
        self.spans.last().map(|span| span.offset)
    }

    /// Record `index`.
    ///
    /// # Panics
    /// If there is no such record.
    pub fn get(&self, index: usize) -> RecordView<'_> {
        self.view(&self.spans[index])
    }

    /// All records in offset order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordView<'_>> + DoubleEndedIterator {
        self.spans.iter().map(|span| self.view(span))
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.spans.clear();
        self.headers.clear();
    }

    fn view(&self, span: &Span) -> RecordView<'_> {
        let key_start = span.start as usize;
        let value_start = key_start + if span.key_len == NULL { 0 } else { span.key_len as usize };
        let part = |start: usize, len: u32| (len != NULL).then(|| &self.buffer[start..start + len as usize]);
        RecordView {
            offset: span.offset,
            timestamp: span.timestamp,
            key: part(key_start, span.key_len),
            value: part(value_start, span.value_len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_empty_differ() {
        let mut batch = RecordBatch::default();
        let cases: [(Option<&[u8]>, Option<&[u8]>); 4] =
            [(None, None), (Some(b""), Some(b"")), (Some(b"k"), None), (None, Some(b"v"))];
        for (i, (key, value)) in cases.into_iter().enumerate() {
            batch.push(Offset(i as u64), Timestamp(7), key, value);
        }
        let back: Vec<_> = batch.iter().map(|r| (r.key, r.value)).collect();
        assert_eq!(back, cases);
        assert_eq!(batch.last_offset(), Some(Offset(3)));
    }
}
