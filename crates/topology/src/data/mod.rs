//! Types as keys and values: which format they have and how they become bytes.
mod json;
mod number;
mod optional;
mod text;
mod windowed;

use std::fmt;

use lentic_types::FormatName;

pub use json::{Json, JsonData};
pub use windowed::{Session, Windowed};

/// A type that records carry as a key or a value: `String`, `Vec<u8>`, `i32`, `i64`, `f64`, `()` for what is always null,
/// `Option` of these, [`Json`] of anything that serde knows, and whatever implements [`JsonData`].
pub trait Data: Clone + Send + Sync + 'static {
    /// The format of its bytes.
    const FORMAT: FormatName;
    /// How windows lie in its bytes.
    const WINDOWED: Option<WindowedKey> = None;

    /// Appends its bytes in the log.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError>;

    /// Reads bytes of the log.
    fn decode(bytes: &[u8]) -> Result<Self, DataError>;

    /// Whether it stands for Kafka's null: then it has no bytes.
    fn is_null(&self) -> bool {
        false
    }

    /// What Kafka's null is read as; `None`: the type has nothing for it, and functions don't see such records.
    fn null() -> Option<Self> {
        None
    }
}

/// Where the window stands in a key's bytes (big-endian milliseconds, behind the key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowedKey {
    /// Start.
    Time,
    /// End, then start.
    Session,
}

impl WindowedKey {
    /// Bytes behind the key proper, by which alone the partition is chosen.
    pub fn suffix_len(self) -> usize {
        match self {
            Self::Time => 8,
            Self::Session => 16,
        }
    }
}

/// Bytes that are no value of the type, or a value that has no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The type.
    pub expected: &'static str,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}: {}", self.expected, self.text)
    }
}

impl std::error::Error for DataError {}
