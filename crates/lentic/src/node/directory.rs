//! The data directory: `log/` (the embedded log), `state/` (rebuilt from the log when deleted), the node's id.
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::starts::Starts;
use crate::NodeError;
use crate::config::Config;

pub(crate) struct DataDir {
    path: PathBuf,
    node_id: String,
    /// Held while the node runs: two processes in one directory would destroy each other's state.
    lock: Mutex<Option<File>>,
    starts: OnceLock<Arc<Starts>>,
}

impl DataDir {
    pub(crate) fn open(config: &Config) -> Result<Self, NodeError> {
        let path = config.data_dir.clone();
        let io = |what: &str, error: std::io::Error| {
            NodeError::Io(format!(
                "{what} {}: {error}; choose another --data-dir or mend its rights",
                path.display()
            ))
        };
        fs::create_dir_all(&path).map_err(|error| io("can't create", error))?;
        let lock = File::create(path.join("lock")).map_err(|error| io("can't write in", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(NodeError::InUse(format!(
                    "{} is in use by another process: stop it, or choose another --data-dir",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(io("can't lock", error)),
        }
        let node_id = match &config.node_id {
            Some(id) => id.clone(),
            None => persisted_id(&path).map_err(|error| io("can't keep the node's id in", error))?,
        };
        Ok(Self { path, node_id, lock: Mutex::new(Some(lock)), starts: OnceLock::new() })
    }

    pub(crate) fn node_id(&self) -> &str {
        &self.node_id
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    /// Notes that this node will open transactions.
    pub(crate) fn begin_start(&self) -> Result<Arc<Starts>, NodeError> {
        let starts = Starts::begin(self.path.join("starts"));
        let starts = Arc::new(starts.map_err(|error| {
            NodeError::Io(format!("can't write in {}: {error}; mend its rights", self.path.display()))
        })?);
        Ok(Arc::clone(self.starts.get_or_init(|| starts)))
    }

    /// This start as a number; 0 without one.
    pub(crate) fn start(&self) -> u64 {
        self.starts.get().map_or(0, |starts| Starts::number(starts.own()))
    }

    /// Whether a process that started so was in this directory, and left something open when it ended.
    pub(crate) fn was_here(&self, start: u64) -> bool {
        self.starts.get().is_some_and(|starts| starts.were_here().contains(&start))
    }

    /// The node has ended, and nothing of it is open.
    pub(crate) fn leave(&self) {
        if let Some(starts) = self.starts.get() {
            starts.end(starts.own());
        }
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The id in the file `node-id`, made at the first start.
fn persisted_id(path: &Path) -> std::io::Result<String> {
    let file = path.join("node-id");
    match fs::read_to_string(&file) {
        Ok(id) if !id.trim().is_empty() => Ok(id.trim().to_owned()),
        Ok(_) | Err(_) if !file.exists() || fs::metadata(&file)?.len() == 0 => {
            let id = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
            fs::write(&file, &id)?;
            Ok(id)
        }
        Ok(_) => Err(std::io::Error::other("node-id holds only white space")),
        Err(error) => Err(error),
    }
}
