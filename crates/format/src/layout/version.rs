//! Values of versions: a version may be the absence of a value, and is a row all the same.

const TOMBSTONE: u8 = 0;
const PRESENT: u8 = 1;

/// What a row holds of a version, in two parts: a flag and the value.
pub fn version(value: Option<&[u8]>) -> (&'static [u8; 1], &[u8]) {
    match value {
        Some(value) => (&[PRESENT], value),
        None => (&[TOMBSTONE], &[]),
    }
}

/// The value in what a row holds of a version, `Some(None)` for a tombstone; `None` if these bytes are neither.
pub fn read_version(stored: &[u8]) -> Option<Option<&[u8]>> {
    match stored {
        [PRESENT, value @ ..] => Some(Some(value)),
        [TOMBSTONE] => Some(None),
        _ => None,
    }
}
