//! The times beside a key, and their bytes.
use lentic_types::Timestamp;

use super::KeyKind;

/// The time of a row beside its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyTime {
    /// A window of a size that the store knows.
    Window {
        /// Its first millisecond.
        start: Timestamp,
        /// The sequence number, of layouts that have one.
        sequence: Option<u32>,
    },
    /// A session; both ends belong to it.
    Session {
        /// The time of its first record.
        start: Timestamp,
        /// The time of its last.
        end: Timestamp,
    },
    /// A version of a value.
    Version {
        /// Since when it holds.
        valid_from: Timestamp,
    },
}

impl KeyTime {
    /// When it starts.
    pub fn start(self) -> Timestamp {
        match self {
            Self::Window { start, .. } | Self::Session { start, .. } => start,
            Self::Version { valid_from } => valid_from,
        }
    }

    /// The time that rows of one key are sorted by, and that retention goes by: the end of a session, else the start.
    pub fn sorted_by(self) -> Timestamp {
        match self {
            Self::Session { end, .. } => end,
            Self::Window { .. } | Self::Version { .. } => self.start(),
        }
    }

    pub(super) fn push_wire(self, out: &mut Vec<u8>) {
        match self {
            Self::Window { start, sequence } => {
                out.extend_from_slice(&start.0.to_be_bytes());
                push_sequence(sequence, out);
            }
            Self::Session { start, end } => {
                out.extend_from_slice(&end.0.to_be_bytes());
                out.extend_from_slice(&start.0.to_be_bytes());
            }
            Self::Version { .. } => {}
        }
    }

    pub(super) fn push_stored(self, out: &mut Vec<u8>) {
        match self {
            Self::Window { start, sequence } => {
                push(start, out);
                push_sequence(sequence, out);
            }
            Self::Session { start, end } => {
                push(end, out);
                push(start, out);
            }
            Self::Version { valid_from } => push(invert(valid_from), out),
        }
    }
}

impl KeyKind {
    /// The key proper and the time of a key in the log.
    pub(super) fn split(self, wire: &[u8]) -> Option<(&[u8], KeyTime)> {
        self.split_with(wire, |bytes| Timestamp(i64::from_be_bytes(bytes))).filter(|_| self != Self::Version)
    }

    /// The closed key and the time in a store key.
    pub(super) fn split_stored(self, stored: &[u8]) -> Option<(&[u8], KeyTime)> {
        self.split_with(stored, |bytes| Timestamp(i64::from_be_bytes(bytes) ^ i64::MIN))
    }

    fn split_with(self, bytes: &[u8], read: fn([u8; 8]) -> Timestamp) -> Option<(&[u8], KeyTime)> {
        match self {
            Self::Plain => None,
            Self::Window { sequence } => {
                let (rest, number) = if sequence {
                    let (rest, number) = bytes.split_last_chunk::<4>()?;
                    (rest, Some(u32::from_be_bytes(*number)))
                } else {
                    (bytes, None)
                };
                let (inner, start) = rest.split_last_chunk::<8>()?;
                Some((inner, KeyTime::Window { start: read(*start), sequence: number }))
            }
            Self::Session => {
                let (rest, start) = bytes.split_last_chunk::<8>()?;
                let (inner, end) = rest.split_last_chunk::<8>()?;
                Some((inner, KeyTime::Session { start: read(*start), end: read(*end) }))
            }
            Self::Version => {
                let (inner, time) = bytes.split_last_chunk::<8>()?;
                Some((inner, KeyTime::Version { valid_from: invert(read(*time)) }))
            }
        }
    }
}

/// Appends a time so that it sorts as a number.
pub(super) fn push(time: Timestamp, out: &mut Vec<u8>) {
    out.extend_from_slice(&(time.0 ^ i64::MIN).to_be_bytes());
}

/// The time that sorts in the reverse order.
pub(super) fn invert(time: Timestamp) -> Timestamp {
    Timestamp(!time.0)
}

fn push_sequence(sequence: Option<u32>, out: &mut Vec<u8>) {
    if let Some(sequence) = sequence {
        out.extend_from_slice(&sequence.to_be_bytes());
    }
}
