//! Starts of this node whose transactions may be open. What a killed process left open holds every reader of committed
//! records until the brokers' timeout, unless the next process ends it.
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// This start, and earlier ones that did not end by themselves; kept in a file.
pub(crate) struct Starts {
    file: PathBuf,
    own: String,
    noted: Mutex<Vec<String>>,
}

impl Starts {
    /// Notes a new start, before it opens its first transaction.
    pub(crate) fn begin(file: PathBuf) -> io::Result<Self> {
        let own = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let mut noted: Vec<_> = match fs::read_to_string(&file) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        noted.push(own.clone());
        fs::write(&file, noted.join("\n"))?;
        Ok(Self { file, own, noted: Mutex::new(noted) })
    }

    /// New at each start, so that what an earlier process left open can be told from this one's.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    pub(crate) fn earlier(&self) -> Vec<String> {
        let mut earlier = self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        earlier.retain(|start| *start != self.own);
        earlier
    }

    /// Forgets a start that has nothing open. One that stays noted costs a little work at the next start.
    pub(crate) fn end(&self, ended: &str) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|start| start != ended);
        let written = if noted.is_empty() {
            fs::remove_file(&self.file)
        } else {
            fs::write(&self.file, noted.join("\n"))
        };
        if let Err(error) = written {
            tracing::debug!("{} can't be written: {error}", self.file.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_noted_until_they_end() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("starts");
        let begin = || Starts::begin(file.clone()).unwrap();
        let first = begin();
        assert_eq!(first.earlier(), [""; 0]);
        let second = begin();
        assert_eq!(second.earlier(), [first.own()]);
        let third = begin();
        assert_eq!(third.earlier(), [first.own(), second.own()]);
        third.end(first.own());
        third.end(second.own());
        assert_eq!(begin().earlier(), [third.own()]);
        let last = begin();
        last.earlier().iter().for_each(|start| last.end(start));
        last.end(last.own());
        assert!(!file.exists());
    }
}
