//! Rows as JSON text.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic::Row;
use lentic::format::{KeyTime, key_to_json, value_to_json};
use lentic::types::{FormatName, Offset, PartitionId, Timestamp};

use crate::catalog::Entry;

/// Writes rows of one table. Bytes that don't decode, and JSON that would not survive a line, appear as
/// `key_base64` and `value_base64`. Windows stand beside their keys.
pub(crate) struct RowWriter<'a> {
    entry: &'a Entry,
    tag: u16,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(entry: &'a Entry) -> Self {
        Self { entry, tag: entry.table.topic_id().tag() }
    }

    /// `{"key","value","timestamp","token"}`.
    pub(crate) fn row(&self, key: &[u8], row: &Row<'_>, out: &mut Vec<u8>) {
        self.put(key, row.value, row.timestamp, row.partition, row.offset, out);
    }

    /// The same of a row's parts.
    pub(crate) fn put(
        &self,
        key: &[u8],
        value: &[u8],
        timestamp: Timestamp,
        partition: PartitionId,
        offset: Offset,
        out: &mut Vec<u8>,
    ) {
        out.push(b'{');
        self.key(key, out);
        out.push(b',');
        self.value(value, out);
        self.place(timestamp, partition, offset, out);
    }

    /// `{"key","timestamp","token"}`.
    pub(crate) fn delete(
        &self,
        key: &[u8],
        timestamp: Timestamp,
        partition: PartitionId,
        offset: Offset,
        out: &mut Vec<u8>,
    ) {
        out.push(b'{');
        self.key(key, out);
        self.place(timestamp, partition, offset, out);
    }

    /// `{"key","value"}` and a line feed: `rows:load` makes the same bytes of it.
    pub(crate) fn line(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        self.key(key, out);
        out.push(b',');
        match self.entry.value {
            FormatName::Json if !survives_line(value) => base64_field("value_base64", value, out),
            // As JSON all NaNs are one; those that come back as others can be no keys either.
            FormatName::Double if key_to_json(FormatName::Double, value, &mut Vec::new()).is_err() => {
                base64_field("value_base64", value, out);
            }
            _ => self.value(value, out),
        }
        out.extend_from_slice(b"}\n");
    }

    fn key(&self, key: &[u8], out: &mut Vec<u8>) {
        let split = self.entry.layout.split(key);
        let inner = split.map_or(key, |(inner, _)| inner);
        let start = out.len();
        out.extend_from_slice(b"\"key\":");
        if key_to_json(self.entry.key, inner, out).is_err() {
            out.truncate(start);
            base64_field("key_base64", inner, out);
        }
        if let Some((_, time)) = split {
            self.window(time, out);
        }
    }

    /// The end is where it is known; a sequence number where there is more than one record of a window.
    fn window(&self, time: KeyTime, out: &mut Vec<u8>) {
        let (end, sequence) = match time {
            KeyTime::Session { end, .. } => (Some(end), 0),
            KeyTime::Window { start, sequence } => {
                let size = self.entry.window.and_then(|window| window.size_ms);
                let end = size.map(|size| Timestamp(start.0.saturating_add_unsigned(size)));
                (end, sequence.unwrap_or_default())
            }
            KeyTime::Version { .. } => (None, 0),
        };
        out.extend_from_slice(b",\"window\":{\"start\":");
        push_time(time.start(), out);
        if let Some(end) = end {
            out.extend_from_slice(b",\"end\":");
            push_time(end, out);
        }
        if sequence != 0 {
            out.extend_from_slice(b",\"sequence\":");
            push_decimal(sequence.into(), out);
        }
        out.push(b'}');
    }

    fn value(&self, value: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"\"value\":");
        if value_to_json(self.entry.value, value, out).is_err() {
            self.entry.counters.count_undecodable();
            out.truncate(start);
            base64_field("value_base64", value, out);
        }
    }

    fn place(&self, timestamp: Timestamp, partition: PartitionId, offset: Offset, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"timestamp\":");
        push_time(timestamp, out);
        out.extend_from_slice(b",\"token\":\"");
        push_token(self.entry.topic.as_str(), partition, offset, self.tag, out);
        out.extend_from_slice(b"\"}");
    }
}

fn push_time(time: Timestamp, out: &mut Vec<u8>) {
    if time.0 < 0 {
        out.push(b'-');
    }
    push_decimal(time.0.unsigned_abs(), out);
}

/// Whether JSON text comes back byte for byte as a value within one line.
fn survives_line(json: &[u8]) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
    !edge(json.first()) && !edge(json.last()) && memchr::memchr2(b'\n', b'\r', json).is_none()
}

fn base64_field(name: &str, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// Appends `topic/partition@offset.tttt`.
pub(crate) fn push_token(topic: &str, partition: PartitionId, offset: Offset, tag: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(topic.as_bytes());
    out.push(b'/');
    push_decimal(u64::from(partition.0), out);
    out.push(b'@');
    push_decimal(offset.0, out);
    out.push(b'.');
    for shift in [12, 8, 4, 0] {
        out.push(b"0123456789abcdef"[usize::from(tag >> shift & 0xf)]);
    }
}

/// Appends a number.
pub(crate) fn push_decimal(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use lentic::types::{Token, TopicId, TopicName};

    use super::*;

    #[test]
    fn tokens_are_as_displayed() {
        for (partition, offset) in [(0, 0), (7, 10), (12, u64::MAX)] {
            let id = TopicId([partition as u8; 16]);
            let token =
                Token::new(TopicName::new("a.b").unwrap(), PartitionId(partition), Offset(offset), id);
            let mut out = Vec::new();
            push_token("a.b", token.partition, token.offset, token.tag, &mut out);
            assert_eq!(out, token.to_string().as_bytes());
        }
    }

    #[test]
    fn lines() {
        for (json, survives) in [
            (&b"{\"a\": 1}"[..], true),
            (b"7", true),
            (b" 7", false),
            (b"7\n", false),
            (b"{\n}", false),
            (b"{\r}", false),
            (b"", false),
        ] {
            assert_eq!(survives_line(json), survives, "{json:?}");
        }
    }
}
