//! RocksDB's errors as a store's.
use std::path::Path;

use lentic_store::Error;
use rocksdb::ErrorKind;

pub(crate) fn from_rocks(error: rocksdb::Error) -> Error {
    match error.kind() {
        ErrorKind::Corruption => Error::Corrupt(error.into_string()),
        _ => Error::Io(error.into_string()),
    }
}

/// An error of opening `path`: RocksDB has no kind of its own for a lock that another holds, only texts.
pub(crate) fn from_open(error: &rocksdb::Error, path: &Path) -> Error {
    let text = error.as_ref();
    if text.contains("While lock file") || text.contains("lock hold by current process") {
        Error::Locked(path.display().to_string())
    } else {
        from_rocks(error.clone())
    }
}

/// An error of a plain file operation.
pub(crate) fn from_io(error: &std::io::Error, path: &Path) -> Error {
    Error::Io(format!("{}: {error}", path.display()))
}

/// Whether the status only says that memory does not know.
pub(crate) fn is_incomplete(error: &rocksdb::Error) -> bool {
    error.kind() == ErrorKind::Incomplete
}
