//! A table's change in a repartition topic: Kafka Streams' format.
//!
//! `old, 0`, or `new, 1`, or `length of new as a varint, new, old, 2`.
use lentic_topology::{DataError, Payload};

use crate::stream::TaskError;

const OLD: u8 = 0;
const NEW: u8 = 1;
const BOTH: u8 = 2;

/// Appends a change; both `None` has no bytes.
pub(crate) fn write(new: Option<&[u8]>, old: Option<&[u8]>, out: &mut Vec<u8>) -> bool {
    match (new, old) {
        (None, None) => return false,
        (Some(new), None) => {
            out.extend_from_slice(new);
            out.push(NEW);
        }
        (None, Some(old)) => {
            out.extend_from_slice(old);
            out.push(OLD);
        }
        (Some(new), Some(old)) => {
            write_varint(new.len() as u32, out);
            out.extend_from_slice(new);
            out.extend_from_slice(old);
            out.push(BOTH);
        }
    }
    true
}

/// New and old.
pub(crate) fn read(bytes: &[u8]) -> Result<(Option<&[u8]>, Option<&[u8]>), TaskError> {
    let wrong = || {
        let text = format!("{} bytes that are no change", bytes.len());
        TaskError::Undecodable(DataError { expected: "a table's change", text })
    };
    let (&flag, rest) = bytes.split_last().ok_or_else(wrong)?;
    // With the flags 3 to 5 a byte before says whether the change is about the latest version.
    let (flag, rest) = match flag {
        3..=5 => (flag - 3, rest.split_last().ok_or_else(wrong)?.1),
        flag => (flag, rest),
    };
    match flag {
        OLD => Ok((None, Some(rest))),
        NEW => Ok((Some(rest), None)),
        BOTH => {
            let (len, rest) = read_varint(rest).ok_or_else(wrong)?;
            let (new, old) = rest.split_at_checked(len as usize).ok_or_else(wrong)?;
            Ok((Some(new), Some(old)))
        }
        _ => Err(wrong()),
    }
}

/// What a decoded change holds.
pub(crate) type Halves = (Option<Payload>, Option<Payload>);

/// Kafka's unsigned varint: 7 bits a byte, least first.
fn write_varint(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0u32;
    for (place, &byte) in bytes.iter().enumerate().take(5) {
        number |= u32::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = vec![7u8; 300];
        for (new, old) in
            [(Some(&b"a"[..]), None), (None, Some(&b"b"[..])), (Some(&long[..]), Some(&b""[..]))]
        {
            let mut bytes = Vec::new();
            assert!(write(new, old, &mut bytes));
            assert_eq!(read(&bytes), Ok((new, old)));
        }
        assert!(!write(None, None, &mut Vec::new()));
        assert!(read(b"").is_err() && read(&[9]).is_err());
    }
}
