//! What can go wrong in a store.
use std::fmt;

/// `Result` with a store's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed store operation. After a failed write the node stops: what is on disk is no longer known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The disk or the database library failed; the text is theirs.
    Io(String),
    /// Bytes under a reserved key or prefix are not what this version writes.
    Corrupt(String),
    /// Another process holds the directory.
    Locked(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(text) => write!(f, "the store failed: {text}"),
            Self::Corrupt(text) => {
                write!(
                    f,
                    "the store holds something unreadable: {text}; stop the node and delete state/, it will be rebuilt from the log"
                )
            }
            Self::Locked(path) => {
                write!(f, "{path} is in use by another process: stop it, or choose another --data-dir")
            }
        }
    }
}

impl std::error::Error for Error {}
