//! Rows in a row: lengths and bytes of key and stored value, one after the other.
use bytes::{Buf as _, Bytes};

/// Some rows of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block(Bytes);

impl Block {
    /// Bytes that [`push`] put together; they are looked at as they are read.
    pub fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Takes the rows apart. `Err`: it was cut off.
    pub(super) fn each<E: From<CutOff>>(
        mut self,
        mut row: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.0.is_empty() {
            let (key, stored) = (self.part()?, self.part()?);
            row(&key, &stored)?;
        }
        Ok(())
    }

    fn part(&mut self) -> Result<Bytes, CutOff> {
        let length = self.0.try_get_u32().map_err(|_| CutOff)? as usize;
        if length > self.0.len() { Err(CutOff) } else { Ok(self.0.split_to(length)) }
    }
}

/// A block that doesn't hold what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CutOff;

/// Appends a row.
pub(super) fn push(block: &mut Vec<u8>, key: &[u8], stored: &[u8]) {
    for part in [key, stored] {
        block.extend_from_slice(&(part.len() as u32).to_be_bytes());
        block.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_back_and_cut_ones_are_not() {
        let rows = [("", "value"), ("key", ""), ("k\0", "v\0")];
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for (key, stored) in rows {
            push(&mut bytes, key.as_bytes(), stored.as_bytes());
            ends.push(bytes.len());
        }
        let read = |length: usize| {
            let mut found = Vec::new();
            let block = Block::new(Bytes::copy_from_slice(&bytes[..length]));
            let whole = block.each(|key, stored| {
                found.push((key.to_vec(), stored.to_vec()));
                Ok::<_, CutOff>(())
            });
            (found.len(), whole)
        };
        for length in 0..=bytes.len() {
            let whole_rows = ends.iter().rposition(|end| *end <= length).unwrap();
            let expected = if ends.contains(&length) { Ok(()) } else { Err(CutOff) };
            assert_eq!(read(length), (whole_rows, expected), "{length}");
        }
    }
}
