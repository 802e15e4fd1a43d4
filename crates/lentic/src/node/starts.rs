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
    /// As numbers: those that were noted when this one began.
    were_here: Vec<u64>,
}

impl Starts {
    /// Notes a new start, before it opens its first transaction.
    pub(crate) fn begin(file: PathBuf) -> io::Result<Self> {
        let mut noted: Vec<_> = match fs::read_to_string(&file) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let were_here: Vec<u64> = noted.iter().map(|start| Self::number(start)).collect();
        // Later than all before it, whatever the clock says.
        let after = were_here.iter().max().map_or(0, |latest| latest + 1);
        let own = format!("{:x}", after.max(u64::try_from(super::now().0).unwrap_or(0)));
        noted.push(own.clone());
        fs::write(&file, noted.join("\n"))?;
        Ok(Self { file, own, noted: Mutex::new(noted), were_here })
    }

    /// New at each start, so that what an earlier process left open can be told from this one's.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// Earlier starts in this directory that had not ended by themselves when this one began.
    pub(crate) fn were_here(&self) -> &[u64] {
        &self.were_here
    }

    /// A start as a number.
    pub(crate) fn number(start: &str) -> u64 {
        u64::from_str_radix(start, 16).unwrap_or(0)
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
