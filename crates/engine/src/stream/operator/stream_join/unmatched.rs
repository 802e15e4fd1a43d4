//! Records that wait for a partner: Kafka Streams' layout of the store that left and outer joins share.
//!
//! Key: time (8 bytes), 1 for the left side, key. Value: a list (kind 1, count, then length and bytes of each) of values
//! that begin with 1 for the left side.

const VARIABLE_SIZE: u8 = 1;
/// Bytes of the kind and the count.
const HEAD: usize = 5;

pub(super) fn key(time: i64, is_left: bool, key: &[u8]) -> Vec<u8> {
    [&time.to_be_bytes()[..], &[u8::from(is_left)], key].concat()
}

pub(super) fn parts(waiting: &[u8]) -> Option<(i64, bool, &[u8])> {
    let (time, rest) = waiting.split_first_chunk::<8>()?;
    let (side, key) = rest.split_first()?;
    Some((i64::from_be_bytes(*time), *side == 1, key))
}

/// The list with a value more.
pub(super) fn add(list: Option<&[u8]>, is_left: bool, value: Option<&[u8]>) -> Vec<u8> {
    let elements = list.map_or(&[][..], |list| list.get(HEAD..).unwrap_or_default());
    let count = list.and_then(count).unwrap_or(0) + 1;
    let value = value.unwrap_or_default();
    let mut longer = Vec::with_capacity(HEAD + 5 + elements.len() + value.len());
    longer.push(VARIABLE_SIZE);
    longer.extend_from_slice(&count.to_be_bytes());
    longer.extend_from_slice(elements);
    longer.extend_from_slice(&(1 + value.len() as u32).to_be_bytes());
    longer.push(u8::from(is_left));
    longer.extend_from_slice(value);
    longer
}

fn count(list: &[u8]) -> Option<u32> {
    list.get(1..HEAD)?.try_into().ok().map(u32::from_be_bytes)
}

/// The values of a list, in the order in which they came.
pub(super) fn values(list: &[u8]) -> Vec<Option<&[u8]>> {
    let mut rest = list.get(HEAD..).unwrap_or_default();
    let mut values = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let Some((element, after)) = after.split_at_checked(u32::from_be_bytes(*len) as usize) else { break };
        values.push(element.get(1..));
        rest = after;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that Kafka Streams 4.3.1 wrote.
    #[test]
    fn lists_grow() {
        let one = add(None, true, Some(b"A"));
        assert_eq!(one, [1, 0, 0, 0, 1, 0, 0, 0, 2, 1, b'A']);
        let two = add(Some(&one), true, Some(b"BC"));
        assert_eq!(two, [1, 0, 0, 0, 2, 0, 0, 0, 2, 1, b'A', 0, 0, 0, 3, 1, b'B', b'C']);
        assert_eq!(values(&two), [Some(&b"A"[..]), Some(&b"BC"[..])]);
        assert_eq!(key(5, true, b"k"), [0, 0, 0, 0, 0, 0, 0, 5, 1, b'k']);
        assert_eq!(parts(&key(7, false, b"k")), Some((7, false, &b"k"[..])));
    }
}
