//! Keys that carry a time beside the key proper (windows, sessions, versions): in the log and in a store.
//!
//! | kind | in the log | in a store |
//! |---|---|---|
//! | plain | key | ordered key |
//! | window | key, start, with `sequence`: sequence number | `0`, closed key, start, with `sequence`: sequence number |
//! | session | key, end, start | `0`, closed key, end, start |
//! | version | key; the time is the record's timestamp | `0`, closed key, inverted time |
//! | any but plain, too short to hold its times | as it is | `1`, as it is |
//!
//! Times are 8 bytes, sequence numbers 4, big-endian; in a store the times' sign is flipped so that they sort as numbers.
//! A *closed* key is the ordered form of [`crate::order_key`] with each `00` written `00 FF`, and `00 00` after it: it
//! sorts as the ordered form does, and none is the beginning of another, so that everything of one key lies together.
//! Within a key windows are in the order of their starts and sessions in the order of their ends, oldest first; versions
//! are newest first, so that the first at or after the seek key of a time is the version in force then.
use lentic_types::{FormatName, TableSpec, Timestamp, WindowKind};

use crate::{FormatError, Result, order_key, unorder_key};

mod closed;
mod time;
mod version;

pub use time::KeyTime;
pub use version::{read_version, version};

/// First byte in a store of a key that has its times.
const WHOLE: u8 = 0;
/// First byte in a store of a key too short for its times.
const SHORT: u8 = 1;

const EXPECTED: &str = "a key with its window after it";

/// Which times stand beside a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// None.
    Plain,
    /// The start of a window.
    Window {
        /// Whether a sequence number follows: 0, or what tells records of one key and time apart where a window store
        /// keeps duplicates.
        sequence: bool,
    },
    /// End and start of a session.
    Session,
    /// Since when the value holds.
    Version,
}

/// How the keys of one store lie in the log and in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyLayout {
    /// The format of the key proper.
    pub format: FormatName,
    /// What stands beside it.
    pub kind: KeyKind,
}

impl KeyLayout {
    /// Keys without times.
    pub const fn plain(format: FormatName) -> Self {
        Self { format, kind: KeyKind::Plain }
    }

    /// The keys of a table.
    pub fn of(spec: &TableSpec) -> Self {
        let kind = spec.window.map_or(KeyKind::Plain, |window| match window.kind {
            WindowKind::Time => KeyKind::Window { sequence: window.sequence },
            WindowKind::Session => KeyKind::Session,
        });
        Self::new(spec.key, kind)
    }

    /// Keys of the kind.
    pub const fn new(format: FormatName, kind: KeyKind) -> Self {
        Self { format, kind }
    }

    /// The key proper of a key in the log: what its partition is chosen by. All of a key too short for its times.
    pub fn inner(self, wire: &[u8]) -> &[u8] {
        self.kind.split(wire).map_or(wire, |(inner, _)| inner)
    }

    /// The key proper and the time of a key in the log; `None` if it has none. Versions have none there.
    pub fn split(self, wire: &[u8]) -> Option<(&[u8], KeyTime)> {
        self.kind.split(wire)
    }

    /// Appends the key in the log.
    pub fn join(self, inner: &[u8], time: KeyTime, out: &mut Vec<u8>) {
        out.extend_from_slice(inner);
        time.push_wire(out);
    }

    /// Appends the form in a store of the key of a record; its timestamp matters to versions alone.
    pub fn to_store(self, wire: &[u8], timestamp: Timestamp, out: &mut Vec<u8>) {
        let split = match self.kind {
            KeyKind::Plain => return order_key(self.format, wire, out),
            KeyKind::Version => Some((wire, KeyTime::Version { valid_from: timestamp })),
            KeyKind::Window { .. } | KeyKind::Session => self.kind.split(wire),
        };
        match split {
            Some((inner, time)) => self.store_key(inner, time, out),
            None => {
                out.push(SHORT);
                out.extend_from_slice(wire);
            }
        }
    }

    /// Appends the key in the log that [`Self::to_store`] gave this form. Bytes that are no such form are refused, with
    /// nothing appended.
    pub fn to_wire(self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        if self.kind == KeyKind::Plain {
            return unorder_key(self.format, stored, out);
        }
        match stored.split_first() {
            Some((&WHOLE, rest)) => {
                let (closed, time) = self.kind.split_stored(rest).ok_or_else(|| self.refuse(stored))?;
                self.open(closed, stored, out)?;
                time.push_wire(out);
                Ok(())
            }
            Some((&SHORT, wire)) if self.kind != KeyKind::Version && self.kind.split(wire).is_none() => {
                out.extend_from_slice(wire);
                Ok(())
            }
            _ => Err(self.refuse(stored)),
        }
    }

    /// Appends the store key of a key proper at a time.
    pub fn store_key(self, inner: &[u8], time: KeyTime, out: &mut Vec<u8>) {
        self.prefix(inner, out);
        time.push_stored(out);
    }

    /// Appends what all store keys of a key proper begin with, and no others.
    pub fn prefix(self, inner: &[u8], out: &mut Vec<u8>) {
        out.push(WHOLE);
        let start = out.len();
        order_key(self.format, inner, out);
        closed::close(out, start);
    }

    /// Appends what the store keys begin with whose ordered key begins with these bytes.
    pub fn open_prefix(self, ordered: &[u8], out: &mut Vec<u8>) {
        if self.kind == KeyKind::Plain {
            out.extend_from_slice(ordered);
        } else {
            out.push(WHOLE);
            closed::escape(ordered, out);
        }
    }

    /// Appends where to seek among the rows of a key proper. Windows that start and sessions that end at or after the
    /// time lie from there on; the others lie before. Of versions, the one in force at the time is the first from there
    /// on, if there is any of this key.
    pub fn seek_key(self, inner: &[u8], time: Timestamp, out: &mut Vec<u8>) {
        self.prefix(inner, out);
        time::push(if self.kind == KeyKind::Version { time::invert(time) } else { time }, out);
    }

    /// The time in a store key; `None` of plain keys and of those too short for one.
    pub fn time(self, stored: &[u8]) -> Option<KeyTime> {
        match stored.split_first() {
            Some((&WHOLE, rest)) => self.kind.split_stored(rest).map(|(_, time)| time),
            _ => None,
        }
    }

    /// Appends the key proper of a store key; all of the key in the log if that is too short for its times.
    pub fn inner_of_stored(self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match (self.kind, stored.split_first()) {
            (KeyKind::Plain, _) | (_, None | Some((&SHORT, _))) => self.to_wire(stored, out),
            (_, Some((_, rest))) => {
                let (closed, _) = self.kind.split_stored(rest).ok_or_else(|| self.refuse(stored))?;
                self.open(closed, stored, out)
            }
        }
    }

    fn open(self, closed: &[u8], stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let ordered = closed::open(closed).ok_or_else(|| self.refuse(stored))?;
        unorder_key(self.format, &ordered, out)
    }

    fn refuse(self, stored: &[u8]) -> FormatError {
        FormatError::new(self.format, "not a store key of this layout", stored, EXPECTED)
    }
}
