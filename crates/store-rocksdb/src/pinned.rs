//! RocksDB's borrowed handles beside the database they borrow from, so that stores, snapshots, cursors and runs can
//! be kept and sent anywhere. The only place with `unsafe`.
//!
//! Every type here follows one pattern: the borrowed handle is declared *before* the `Arc` that owns what it borrows
//! (fields are dropped in order), the owner lies behind the `Arc` (so it never moves), and the extended lifetime never
//! leaves the type (accessors lend for as long as `self` is borrowed).
#![expect(
    unsafe_code,
    reason = "handles must live as long as the Arc beside them, which lifetimes cannot say"
)]
use std::mem::transmute;
use std::path::Path;
use std::sync::Arc;

use rocksdb::{
    BoundColumnFamily, DBRawIteratorWithThreadMode, DBWithThreadMode, MultiThreaded, Options, ReadOptions,
    SnapshotWithThreadMode, SstFileWriter,
};

pub(crate) type Db = DBWithThreadMode<MultiThreaded>;

/// A column family and its open database.
pub(crate) struct Handle {
    family: Arc<BoundColumnFamily<'static>>,
    db: Arc<Db>,
    name: String,
}

impl Handle {
    /// `None` if there is no such family.
    pub(crate) fn new(db: &Arc<Db>, name: &str) -> Option<Self> {
        let family = db.cf_handle(name)?;
        // SAFETY: the lifetime stands for "not after the database is closed", which the `Arc` beside it ensures.
        let family =
            unsafe { transmute::<Arc<BoundColumnFamily<'_>>, Arc<BoundColumnFamily<'static>>>(family) };
        Some(Self { family, db: Arc::clone(db), name: name.to_owned() })
    }

    pub(crate) fn family(&self) -> &Arc<BoundColumnFamily<'_>> {
        &self.family
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A snapshot and its open database.
pub(crate) struct PinnedSnapshot {
    snapshot: SnapshotWithThreadMode<'static, Db>,
    handle: Arc<Handle>,
}

impl PinnedSnapshot {
    pub(crate) fn new(handle: &Arc<Handle>) -> Self {
        let snapshot = handle.db().snapshot();
        // SAFETY: it borrows the `Db` inside the handle's `Arc`, which does not move and is released after it.
        let snapshot = unsafe {
            transmute::<SnapshotWithThreadMode<'_, Db>, SnapshotWithThreadMode<'static, Db>>(snapshot)
        };
        Self { snapshot, handle: Arc::clone(handle) }
    }

    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// Makes reads with `options` see this snapshot; they must not be used after it is gone.
    pub(crate) fn set_on(&self, options: &mut ReadOptions) {
        options.set_snapshot(&self.snapshot);
    }
}

/// An iterator and its open database.
pub(crate) struct PinnedIterator {
    iterator: DBRawIteratorWithThreadMode<'static, Db>,
    _handle: Arc<Handle>,
}

impl PinnedIterator {
    pub(crate) fn new(handle: &Arc<Handle>, options: ReadOptions) -> Self {
        let iterator = handle.db().raw_iterator_cf_opt(handle.family(), options);
        // SAFETY: as for the snapshot above.
        let iterator = unsafe {
            transmute::<DBRawIteratorWithThreadMode<'_, Db>, DBRawIteratorWithThreadMode<'static, Db>>(
                iterator,
            )
        };
        Self { iterator, _handle: Arc::clone(handle) }
    }

    pub(crate) fn get(&mut self) -> &mut DBRawIteratorWithThreadMode<'static, Db> {
        &mut self.iterator
    }
}

/// A writer of a sorted file and the options it was made with.
pub(crate) struct PinnedWriter {
    writer: SstFileWriter<'static>,
    _options: Arc<Options>,
}

impl PinnedWriter {
    pub(crate) fn open(options: &Arc<Options>, path: &Path) -> Result<Self, rocksdb::Error> {
        let writer = SstFileWriter::create(options);
        writer.open(path)?;
        // SAFETY: it borrows the `Options` inside the `Arc`, which do not move and are released after it.
        let writer = unsafe { transmute::<SstFileWriter<'_>, SstFileWriter<'static>>(writer) };
        Ok(Self { writer, _options: Arc::clone(options) })
    }

    pub(crate) fn get(&mut self) -> &mut SstFileWriter<'static> {
        &mut self.writer
    }
}
