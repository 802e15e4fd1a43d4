//! Murmur3, 128 bits for 64-bit machines, with the seed that Kafka Streams takes: which version of a row a question was
//! about.

const SEED: u64 = 104_729;
const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// Both halves, big-endian.
pub(super) fn hash128(data: &[u8]) -> [u8; 16] {
    let (mut h1, mut h2) = (SEED, SEED);
    let (blocks, tail) = data.as_chunks::<16>();
    for block in blocks {
        let (k1, k2) = halves(block);
        h1 ^= mix1(k1);
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= mix2(k2);
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    if !tail.is_empty() {
        let mut block = [0; 16];
        block[..tail.len()].copy_from_slice(tail);
        let (k1, k2) = halves(&block);
        if tail.len() > 8 {
            h2 ^= mix2(k2);
        }
        h1 ^= mix1(k1);
    }
    h1 ^= data.len() as u64;
    h2 ^= data.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (h1, h2) = (finish(h1), finish(h2));
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (u128::from(h1) << 64 | u128::from(h2)).to_be_bytes()
}

fn halves(block: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*block);
    (both as u64, (both >> 64) as u64)
}

fn mix1(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn mix2(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn finish(mut h: u64) -> u64 {
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::hash128;

    /// What Kafka Streams 4.3.1 makes of bytes of each length around the ends of blocks.
    #[test]
    fn hashes_are_those_of_kafka_streams() {
        let known = [
            (0, 0x9d27_64a0_18e3_2942_8c3c_f3b0_3593_8518),
            (1, 0xbff2_166f_25d4_e3ca_ad76_f900_42c3_2eb7),
            (8, 0x5376_fe5d_8752_a480_2bcf_b922_970c_534c),
            (9, 0xb79c_c91e_67eb_164f_7285_936d_18b5_c4c8),
            (15, 0x8541_4409_32df_88a8_1337_8190_6f75_8397),
            (16, 0x3b1c_a826_ba2a_8ab1_00ff_368a_f7e1_5570),
            (17, 0x1460_6ec8_9b0c_68c7_20e3_8f08_a941_bbdf),
            (33, 0xc811_ac02_57c0_6b43_de48_15d1_c281_354e),
            (100, 0xac5e_6f34_f018_58a4_7732_5877_0366_c397_u128),
        ];
        for (len, hash) in known {
            let bytes: Vec<u8> = (0..len).map(|place: u32| (place * 37 + 200) as u8).collect();
            assert_eq!(u128::from_be_bytes(hash128(&bytes)), hash, "{len} bytes");
        }
    }
}
