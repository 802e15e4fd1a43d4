//! The bulk way in: sorted files, written beside the database and then taken into it.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lentic_store::{Result, SortedRun};
use rocksdb::IngestExternalFileOptions;

use crate::error::from_rocks;
use crate::family::Family;
use crate::join;
use crate::pinned::PinnedWriter;

/// Bytes after which the next file begins; as large as the files that compactions write.
const FILE_BYTES: u64 = 64 << 20;
/// Entries between two looks at the file's size.
const ENTRIES_PER_LOOK: u32 = 1_024;

pub(crate) struct RocksRun {
    writer: Option<PinnedWriter>,
    entries: u32,
    files: Vec<PathBuf>,
    family: Arc<Family>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl RocksRun {
    pub(crate) fn new(family: Arc<Family>) -> Self {
        Self { writer: None, entries: 0, files: Vec::new(), family, key: Vec::new(), value: Vec::new() }
    }

    /// Adds `self.key` with `self.value`, or its delete.
    fn add(&mut self, delete: bool) -> Result<()> {
        if self.writer.is_none() {
            let path = self.family.shared.incoming_file();
            self.files.push(path.clone());
            self.writer =
                Some(PinnedWriter::open(&self.family.shared.run_options, &path).map_err(from_rocks)?);
        }
        let Some(pinned) = &mut self.writer else { return Ok(()) };
        let writer = pinned.get();
        if delete { writer.delete(&self.key) } else { writer.put(&self.key, &self.value) }
            .map_err(from_rocks)?;
        self.entries += 1;
        if self.entries.is_multiple_of(ENTRIES_PER_LOOK) && writer.file_size() >= FILE_BYTES {
            self.end_file()?;
        }
        Ok(())
    }

    fn end_file(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(mut writer) => writer.get().finish().map_err(from_rocks)?,
            None => return Ok(()),
        }
        if let Some(file) = self.files.last() {
            keep_in_memory(file);
        }
        Ok(())
    }
}

impl SortedRun for RocksRun {
    fn put(&mut self, key: &[&[u8]], value: &[&[u8]]) -> Result<()> {
        join(&mut self.key, key);
        join(&mut self.value, value);
        self.add(false)
    }

    fn delete(&mut self, key: &[&[u8]]) -> Result<()> {
        join(&mut self.key, key);
        self.add(true)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_file()?;
        if self.files.is_empty() {
            return Ok(());
        }
        self.family.await_room();
        // The files are durable at once; what was applied before them must not be missing beside them.
        self.family.flush()?;
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        options.set_snapshot_consistency(true);
        options.set_allow_global_seqno(true);
        options.set_allow_blocking_flush(true);
        let handle = &self.family.handle;
        handle
            .db()
            .ingest_external_file_cf_opts(handle.family(), &options, self.files.clone())
            .map_err(from_rocks)
    }
}

impl Drop for RocksRun {
    fn drop(&mut self) {
        self.writer = None;
        for file in &self.files {
            // Taken in, it is gone already; if it stays, the next open removes it.
            drop(fs::remove_file(file));
        }
    }
}

/// RocksDB tells the operating system to forget what it writes to such a file; but it is about to be read. A hint: where
/// it fails, the first reads are slower.
fn keep_in_memory(path: &Path) {
    if let Ok(file) = fs::File::open(path) {
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::WillNeed);
    }
}
