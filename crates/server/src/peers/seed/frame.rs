//! Frames of an answer: kind, length and checksum of what follows, then that. Rows are compressed.
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use lentic::SeedHead;
use xxhash_rust::xxh3::xxh3_64;

const HEAD: u8 = b'h';
const ROWS: u8 = b'r';
const END: u8 = b'e';

/// Bytes before what a frame holds.
const BEFORE: usize = 1 + 4 + 8;

/// Longer ones are not believed: blocks have some hundred KiB, and at most one row more.
const LONGEST: usize = 1 << 30;

/// A part of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Head(SeedHead),
    /// Rows, as they are told.
    Rows(Bytes),
    /// There are no more.
    End,
}

pub(super) fn head(head: &SeedHead) -> Bytes {
    frame(HEAD, &head.to_bytes())
}

pub(super) fn rows(rows: &[u8]) -> Bytes {
    frame(ROWS, &lz4_flex::block::compress_prepend_size(rows))
}

pub(super) fn end() -> Bytes {
    frame(END, &[])
}

fn frame(kind: u8, held: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(BEFORE + held.len());
    bytes.put_u8(kind);
    bytes.put_u32(held.len() as u32);
    bytes.put_u64(xxh3_64(held));
    bytes.extend_from_slice(held);
    bytes.into()
}

/// Takes the first frame off `bytes`; `None`: it is not whole yet. `Err`: these are no frames, in words.
pub(super) fn take(bytes: &mut BytesMut) -> Result<Option<Frame>, String> {
    let Some(mut before) = bytes.get(..BEFORE) else { return Ok(None) };
    let (kind, length, checksum) = (before.get_u8(), before.get_u32() as usize, before.get_u64());
    if length > LONGEST {
        return Err(format!("a frame of {length} bytes"));
    }
    if bytes.len() < BEFORE + length {
        return Ok(None);
    }
    bytes.advance(BEFORE);
    let held = bytes.split_to(length).freeze();
    if xxh3_64(&held) != checksum {
        return Err("bytes were changed on the way: the checksum is another one".to_owned());
    }
    match kind {
        HEAD => {
            let head = SeedHead::from_bytes(&held).ok_or("the other node runs another release")?;
            Ok(Some(Frame::Head(head)))
        }
        ROWS => {
            let (length, compressed) =
                lz4_flex::block::uncompressed_size(&held).map_err(|error| error.to_string())?;
            if length > LONGEST {
                return Err(format!("rows of {length} bytes"));
            }
            let rows = lz4_flex::block::decompress(compressed, length).map_err(|error| error.to_string())?;
            Ok(Some(Frame::Rows(rows.into())))
        }
        END => Ok(Some(Frame::End)),
        _ => Err("the other node runs another release".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use lentic::types::TopicId;

    use super::*;

    fn answer() -> Vec<u8> {
        let mut record = vec![0; 8];
        record.extend_from_slice(&sample_record());
        let told = SeedHead::from_bytes(&record).expect("a head");
        [head(&told), rows(&[7; 3_000]), rows(b"x"), end()].concat()
    }

    /// A position record of version 2 at the start of a topic.
    fn sample_record() -> Vec<u8> {
        let mut record = vec![2];
        record.extend_from_slice(&TopicId([1; 16]).0);
        record.resize(1 + 16 + 8 + 4 + 8 + 4 + 8 + 8 + 1 + 8 + 8, 0);
        record
    }

    #[test]
    fn frames_are_read_back_however_they_come_in() {
        let answer = answer();
        for step in [1, 7, 100, answer.len()] {
            let (mut bytes, mut found) = (BytesMut::new(), Vec::new());
            for part in answer.chunks(step) {
                bytes.extend_from_slice(part);
                while let Some(frame) = take(&mut bytes).expect("frames") {
                    found.push(frame);
                }
            }
            assert!(bytes.is_empty());
            let [Frame::Head(head), Frame::Rows(first), Frame::Rows(second), Frame::End] = &found[..] else {
                panic!("{found:?}");
            };
            assert_eq!(head.record.position.topic, TopicId([1; 16]));
            assert_eq!((first.len(), &second[..]), (3_000, &b"x"[..]));
        }
        assert!(answer.len() < 400, "it is compressed: {} bytes", answer.len());
    }

    /// Every changed byte is found out, or leaves a frame that is never whole.
    #[test]
    fn changed_frames_are_refused() {
        let whole = rows(&[7; 300]);
        for place in 0..whole.len() {
            let mut bytes = BytesMut::from(&whole[..]);
            bytes[place] ^= 1;
            let read = take(&mut bytes);
            assert!(!matches!(read, Ok(Some(Frame::Rows(_)))), "{place}: {read:?}");
        }
    }
}
