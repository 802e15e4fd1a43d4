//! Tags, varints and lengths.
use crate::serde::{Result, SerdeError};

/// How the value of a field lies behind its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire<'a> {
    /// A variable number of bytes, 7 bits each.
    Varint(u64),
    /// 8 bytes.
    Fixed64(u64),
    /// 4 bytes, which no type of ours has.
    Fixed32,
    /// Bytes behind their length.
    Bytes(&'a [u8]),
}

/// The fields of a message.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

fn truncated() -> SerdeError {
    SerdeError::new("Invalid protobuf: the message is cut off")
}

impl<'a> Fields<'a> {
    /// The next field's number and value.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed64()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| truncated())?;
                Wire::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Wire::Fixed32
            }
            other => return Err(SerdeError::new(format!("Invalid protobuf: wire type {other}"))),
        };
        match tag >> 3 {
            0 => Err(SerdeError::new("Invalid protobuf: a field with the number 0")),
            number => Ok(Some((number, wire))),
        }
    }

    pub(super) fn varint(&mut self) -> Result<u64> {
        let mut number = 0;
        for (index, byte) in self.0.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.0 = &self.0[index + 1..];
                return Ok(number);
            }
        }
        Err(if self.0.len() < 10 {
            truncated()
        } else {
            SerdeError::new("Invalid protobuf: a varint of more than 10 bytes")
        })
    }

    pub(super) fn fixed64(&mut self) -> Result<u64> {
        let bytes = self.take(8)?.try_into().map_err(|_| truncated())?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(truncated)?;
        self.0 = rest;
        Ok(taken)
    }
}

pub(super) fn push_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn push_tag(number: u64, wire: u64, out: &mut Vec<u8>) {
    push_varint(number << 3 | wire, out);
}

/// A varint field.
pub(super) fn push_number(number: u64, value: u64, out: &mut Vec<u8>) {
    push_tag(number, 0, out);
    push_varint(value, out);
}

/// A field of 8 bytes.
pub(super) fn push_fixed64(number: u64, value: u64, out: &mut Vec<u8>) {
    push_tag(number, 1, out);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A field of bytes.
pub(super) fn push_bytes(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    push_tag(number, 2, out);
    push_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A field whose bytes `write` appends; their length is put in front of them once it is known.
pub(super) fn push_message(
    number: u64,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    push_tag(number, 2, out);
    let start = out.len();
    write(out)?;
    let mut length = Vec::with_capacity(5);
    push_varint((out.len() - start) as u64, &mut length);
    out.splice(start..start, length);
    Ok(())
}
