//! Changes that become visible and durable together.

/// Puts and deletes in order; a later one of the same key wins.
///
/// Keys and values lie in one buffer, so that filling a batch allocates nothing per row.
#[derive(Clone, Debug, Default)]
pub struct WriteBatch {
    buffer: Vec<u8>,
    ops: Vec<Op>,
}

#[derive(Clone, Copy, Debug)]
struct Op {
    start: usize,
    key_len: u32,
    /// `u32::MAX` is a delete.
    value_len: u32,
}

impl WriteBatch {
    /// Adds a put.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.put_parts(&[key], &[value]);
    }

    /// Adds a put of key and value that are given in pieces.
    pub fn put_parts(&mut self, key: &[&[u8]], value: &[&[u8]]) {
        let start = self.buffer.len();
        let key_len = self.extend(key);
        let value_len = self.extend(value);
        self.ops.push(Op { start, key_len, value_len });
    }

    /// Adds a delete.
    pub fn delete(&mut self, key: &[u8]) {
        self.delete_parts(&[key]);
    }

    /// Adds a delete of a key that is given in pieces.
    pub fn delete_parts(&mut self, key: &[&[u8]]) {
        let start = self.buffer.len();
        let key_len = self.extend(key);
        self.ops.push(Op { start, key_len, value_len: u32::MAX });
    }

    /// The operations in order: key, and value or `None` for a delete.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], Option<&[u8]>)> {
        self.ops.iter().map(|op| {
            let (key, rest) = self.buffer[op.start..].split_at(op.key_len as usize);
            (key, (op.value_len != u32::MAX).then(|| &rest[..op.value_len as usize]))
        })
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.ops.clear();
    }

    fn extend(&mut self, parts: &[&[u8]]) -> u32 {
        let before = self.buffer.len();
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        (self.buffer.len() - before) as u32
    }
}
