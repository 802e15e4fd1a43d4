//! Byte strings of which none is the beginning of another, in the same order.
use std::borrow::Cow;

const ESCAPED_ZERO: [u8; 2] = [0, 0xff];
const END: [u8; 2] = [0, 0];

/// Appends bytes with their zeros escaped.
pub(super) fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut parts = bytes.split(|byte| *byte == 0);
    out.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        out.extend_from_slice(&ESCAPED_ZERO);
        out.extend_from_slice(part);
    }
}

/// Closes what stands in `out` from `start` on.
pub(super) fn close(out: &mut Vec<u8>, start: usize) {
    if out[start..].contains(&0) {
        let bytes = out.split_off(start);
        escape(&bytes, out);
    }
    out.extend_from_slice(&END);
}

/// What was closed; `None` if these bytes are nothing closed.
pub(super) fn open(closed: &[u8]) -> Option<Cow<'_, [u8]>> {
    let escaped = closed.strip_suffix(&END)?;
    if !escaped.contains(&0) {
        return Some(Cow::Borrowed(escaped));
    }
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.iter();
    while let Some(byte) = rest.next() {
        bytes.push(*byte);
        if *byte == 0 && rest.next() != Some(&0xff) {
            return None;
        }
    }
    Some(Cow::Owned(bytes))
}
