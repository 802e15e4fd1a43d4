//! The settings of the embedded log.
use std::path::PathBuf;
use std::time::Duration;

/// When what was written is forced to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FsyncPolicy {
    /// Before it is acknowledged and before anybody reads it; appends that arrive meanwhile share the next sync.
    #[default]
    Always,
    /// This often. Appends are acknowledged once written and read once synced: losing power loses at most what
    /// nobody has read.
    Interval(Duration),
    /// When the operating system likes. Losing power may lose what has been read; killing the process loses nothing.
    Never,
}

/// How a [`LocalLog`](crate::LocalLog) is opened.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// The directory; made if it is missing. Default `log`.
    pub path: PathBuf,
    /// Default [`FsyncPolicy::Always`].
    pub fsync: FsyncPolicy,
    /// Bytes of cache for reading. Default 32 MiB.
    pub block_cache_bytes: usize,
    /// Bytes of records that may wait for their acknowledgement, those of open transactions included; beyond them
    /// appends are refused with `QueueFull`. Default 64 MiB.
    pub queue_bytes: usize,
    /// Number of records that may wait so. Default 500,000.
    pub queue_records: usize,
    /// How often retention and compaction are looked after. Default 15 s.
    pub cleaner_interval: Duration,
    /// Bytes of memory for the keys of one compaction pass. A pass that meets more keys stops there and the next one
    /// goes on. Default 32 MiB.
    pub cleaner_memory_bytes: usize,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            path: PathBuf::from("log"),
            fsync: FsyncPolicy::Always,
            block_cache_bytes: 32 << 20,
            queue_bytes: 64 << 20,
            queue_records: 500_000,
            cleaner_interval: Duration::from_secs(15),
            cleaner_memory_bytes: 32 << 20,
        }
    }
}
