//! Which partition a key belongs to: the hash functions of the producers in the field.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::PartitionId;

/// A rule from key bytes to partition. Producers disagree, and a topic is read with the rule it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Partitioner {
    /// Java's default partitioner: murmur2, seed 0x9747b28c, sign bit cleared.
    Murmur2,
    /// librdkafka's `consistent_random`: CRC-32 (empty keys go anywhere).
    Crc32,
    /// FNV-1a, 32 bits, as goka and sarama use it: the hash as a signed number, its remainder made positive.
    Fnv1a,
}

impl Partitioner {
    /// All of them, the most frequent first: the order in which detection tries them.
    pub const ALL: [Self; 3] = [Self::Murmur2, Self::Crc32, Self::Fnv1a];

    /// The partition of `key` in a topic of `partitions` partitions (at least one).
    pub fn partition(self, key: &[u8], partitions: u32) -> PartitionId {
        let n = partitions.max(1);
        PartitionId(match self {
            Self::Murmur2 => (murmur2(key) & 0x7fff_ffff) % n,
            Self::Crc32 => crc32(key) % n,
            Self::Fnv1a => ((fnv1a(key) as i32) % (n as i32)).unsigned_abs(),
        })
    }

    /// The name in declarations and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Murmur2 => "murmur2",
            Self::Crc32 => "crc32",
            Self::Fnv1a => "fnv1a",
        }
    }
}

impl fmt::Display for Partitioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Partitioner {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == name)
            .ok_or_else(|| format!("{name:?} is no partitioner: use murmur2, crc32 or fnv1a"))
    }
}

/// Kafka's variant of murmur2 (32 bits, little-endian words).
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut h: u32 = 0x9747_b28c ^ data.len() as u32;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let k = u32::from_le_bytes(*word).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ (k ^ (k >> 24)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (i, &b) in rest.iter().enumerate() {
            h ^= u32::from(b) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h = (h ^ (h >> 13)).wrapping_mul(M);
    h ^ (h >> 15)
}

fn crc32(data: &[u8]) -> u32 {
    crc32fast::hash(data)
}

fn fnv1a(data: &[u8]) -> u32 {
    data.iter().fold(0x811c_9dc5, |h, &b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that Kafka's own `Utils.murmur2` and zlib's crc32 print.
    #[test]
    fn hashes_are_the_producers() {
        for (key, hash) in [
            (&b"21"[..], -973_932_308i32),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key) as i32, hash, "{key:?}");
        }
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
    }

    #[test]
    fn partition_is_in_range() {
        for p in Partitioner::ALL {
            for n in 1..50 {
                for key in 0u32..200 {
                    assert!(p.partition(&key.to_be_bytes(), n).0 < n);
                }
            }
        }
    }
}
