//! Numbers in as few bytes as they need: seven bits each, the lowest first.

pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Signed numbers near zero of either sign are short.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Reads at `at` and moves it; `None` where the bytes end or are no number.
#[inline]
pub(crate) fn take(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    if first < 0x80 {
        *at += 1;
        return Some(u64::from(first));
    }
    take_long(bytes, at)
}

fn take_long(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[inline]
pub(crate) fn take_signed(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let number = take(bytes, at)?;
    Some((number >> 1) as i64 ^ -((number & 1) as i64))
}

/// Reads a length and that many bytes.
#[inline]
pub(crate) fn take_bytes<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Option<&'a [u8]> {
    let found = bytes.get(*at..at.checked_add(len)?)?;
    *at += len;
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            for number in [number as i64, (number as i64).wrapping_neg(), i64::MIN, i64::MAX] {
                let mut out = Vec::new();
                put(&mut out, number as u64);
                put_signed(&mut out, number);
                let mut at = 0;
                assert_eq!(take(&out, &mut at), Some(number as u64));
                assert_eq!(take_signed(&out, &mut at), Some(number));
                assert_eq!((at, take(&out, &mut at)), (out.len(), None));
            }
        }
        assert_eq!(take(&[0xff; 11], &mut 0), None);
    }
}
