//! What is held back, in the bytes of Kafka Streams' buffers (version 3): by suppressions, and by stream-table joins with
//! grace.
//!
//! Context (timestamp, offset, topic, partition, headers), the value of before it waited, old and new value (each with its
//! length; -1 null, -2 old is as prior), the time waited for.
use lentic_topology::DataError;
use lentic_types::Header;

use crate::stream::TaskError;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(super) timestamp: i64,
    pub(super) offset: i64,
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) headers: Vec<Header>,
    pub(crate) prior: Option<Vec<u8>>,
    pub(super) old: Option<Vec<u8>>,
    pub(super) new: Option<Vec<u8>>,
    /// As read.
    pub(super) waited_for: i64,
}

impl Held {
    pub(super) fn to_bytes(&self, waits_for: i64) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
        part(&mut out, Some(self.topic.as_bytes()));
        out.extend_from_slice(&self.partition.to_be_bytes());
        out.extend_from_slice(&(self.headers.len() as i32).to_be_bytes());
        for header in &self.headers {
            part(&mut out, Some(header.name.as_bytes()));
            part(&mut out, header.value.as_deref());
        }
        part(&mut out, self.prior.as_deref());
        if self.old.is_some() && self.old == self.prior {
            out.extend_from_slice(&(-2i32).to_be_bytes());
        } else {
            part(&mut out, self.old.as_deref());
        }
        part(&mut out, self.new.as_deref());
        out.extend_from_slice(&waits_for.to_be_bytes());
        out
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, TaskError> {
        let mut rest = bytes;
        let mut read = || {
            let rest = &mut rest;
            let (timestamp, offset) = (long(rest)?, long(rest)?);
            let topic = String::from_utf8(read_part(rest)??).ok()?;
            let partition = int(rest)?;
            let mut headers = Vec::new();
            for _ in 0..int(rest)?.max(0) {
                let name = String::from_utf8(read_part(rest)??).ok()?;
                headers.push(Header { name, value: read_part(rest)?.map(Into::into) });
            }
            let prior = read_part(rest)?;
            let old = match rest.first_chunk::<4>() {
                Some(len) if i32::from_be_bytes(*len) == -2 => {
                    *rest = &rest[4..];
                    prior.clone()
                }
                _ => read_part(rest)?,
            };
            let new = read_part(rest)?;
            let waited_for = long(rest)?;
            Some(Self { timestamp, offset, topic, partition, headers, prior, old, new, waited_for })
        };
        read().ok_or_else(|| {
            let text = format!("{} bytes", bytes.len());
            TaskError::Undecodable(DataError { expected: "a held change", text })
        })
    }

    /// Bytes that it counts for, by Kafka Streams' estimate.
    pub(super) fn memory(&self, key: &[u8]) -> usize {
        let len = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        let old = if self.old == self.prior { 0 } else { len(&self.old) };
        let headers =
            self.headers.iter().map(|h| h.name.len() + h.value.as_ref().map_or(0, bytes::Bytes::len));
        let context = 8 + 8 + self.topic.len() + 4 + headers.sum::<usize>();
        8 + key.len() + len(&self.prior) + old + len(&self.new) + context
    }
}

fn part(out: &mut Vec<u8>, part: Option<&[u8]>) {
    out.extend_from_slice(&part.map_or(-1, |bytes| bytes.len() as i32).to_be_bytes());
    out.extend_from_slice(part.unwrap_or_default());
}

fn long(rest: &mut &[u8]) -> Option<i64> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(i64::from_be_bytes(*bytes))
}

fn int(rest: &mut &[u8]) -> Option<i32> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(i32::from_be_bytes(*bytes))
}

#[expect(clippy::option_option, reason = "outer: unreadable; inner: null")]
fn read_part(rest: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let Ok(len) = usize::try_from(int(rest)?) else { return Some(None) };
    let (bytes, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(Some(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_read_back() {
        for (prior, old) in [(None, None), (Some(b"p".to_vec()), Some(b"p".to_vec())), (Some(vec![]), None)] {
            let headers = vec![Header { name: "h".to_owned(), value: None }];
            let held = Held {
                timestamp: 5,
                topic: "t".to_owned(),
                headers,
                prior,
                old,
                waited_for: 9,
                ..Held::default()
            };
            assert_eq!(Held::read(&held.to_bytes(9)), Ok(held));
        }
    }
}
