//! The newest offset of each key, in bounded memory: keys are told apart by 128 bits of hash.
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_128;

pub(super) struct KeyMap {
    newest: HashMap<u128, u64, BuildHasherDefault<AlreadyHashed>>,
    most: usize,
}

/// Bytes of an entry, the map's own spare room included.
const ENTRY_BYTES: usize = 64;

impl KeyMap {
    pub(super) fn new(memory_bytes: usize) -> Self {
        Self { newest: HashMap::default(), most: (memory_bytes / ENTRY_BYTES).max(1) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.newest.len() >= self.most
    }

    pub(super) fn insert(&mut self, key: &[u8], offset: u64) {
        self.newest.insert(xxh3_128(key), offset);
    }

    /// Whether a newer record of this key is known.
    pub(super) fn is_superseded(&self, key: &[u8], offset: u64) -> bool {
        self.newest.get(&xxh3_128(key)).is_some_and(|newest| *newest > offset)
    }
}

/// Takes the low half of a hash as it is.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64(bytes);
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
