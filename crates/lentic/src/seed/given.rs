//! The giving side: one moment of a partition, read from end to end.
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use lentic_engine::TaskState;
use lentic_store::layout::{PositionRecord, RowPrefix, position_key};
use lentic_store::{KeyRange, Order, ReadStore};

use super::block::push;
use super::{SeedError, SeedHead, SeedQuestion};
use crate::Node;

/// Bytes of rows that are given at a time.
const BLOCK: usize = 256 << 10;

/// A partition's rows for another node.
pub struct Seed {
    head: SeedHead,
    snapshot: Arc<dyn ReadStore>,
    prefix: RowPrefix,
    after: Option<Vec<u8>>,
}

impl Node {
    /// The rows that another node asks for. Blocks.
    ///
    /// # Errors
    /// This node hasn't all of them, or other ones.
    pub fn seed(&self, question: &SeedQuestion) -> Result<Seed, SeedError> {
        let table = self.shared.named(&question.table).ok_or(SeedError::NotHere)?;
        let partition = table.partition(question.partition).ok_or(SeedError::NotHere)?;
        let is_same = table.topic_id() == question.topic && layout_of(&table) == question.layout;
        if !is_same {
            return Err(SeedError::Other);
        }
        let (snapshot, view) = partition.snapshot();
        if view.state != TaskState::Live {
            return Err(SeedError::NotHere);
        }
        let stored =
            snapshot.get(&position_key(table.inner.store_id, partition.id)).map_err(SeedError::Store)?;
        let stored =
            stored.as_deref().map(PositionRecord::from_bytes).transpose().map_err(SeedError::Store)?;
        // A leap may have come between the two looks.
        let stored =
            stored.filter(|stored| stored.incarnation == view.incarnation).ok_or(SeedError::NotHere)?;
        let mut record = stored;
        // What lies between are markers and aborted records, which are not written down.
        record.position.offset = record.position.offset.max(view.progress.position);
        record.current_at = record.current_at.max(view.progress.current_at.unwrap_or(record.current_at));
        record.log_start = record.log_start.max(view.log_start);
        let prefix = partition.prefix(&view);
        let rows = partition.store.estimate(prefix.range()).map_or(0, |(rows, _)| rows);
        Ok(Seed { head: SeedHead { record, rows }, snapshot, prefix, after: question.after.clone() })
    }
}

/// How a table's keys lie, in words.
pub(super) fn layout_of(table: &crate::RawTable) -> String {
    format!("{:?}", table.inner.key)
}

impl Seed {
    /// What the rows are.
    pub fn head(&self) -> &SeedHead {
        &self.head
    }

    /// Tells all rows, some at a time, until there are no more or `block` has enough. Blocks.
    ///
    /// # Errors
    /// The store failed.
    pub fn read(&self, mut block: impl FnMut(Vec<u8>) -> ControlFlow<()>) -> Result<(), SeedError> {
        let mut range = self.prefix.range();
        if let Some(after) = &self.after {
            let key = [self.prefix.as_bytes(), after].concat();
            range = KeyRange { start: Bound::Excluded(key), end: range.end };
        }
        let mut cursor = self.snapshot.cursor(range, Order::Ascending).map_err(SeedError::Store)?;
        let mut rows = Vec::with_capacity(BLOCK + BLOCK / 8);
        while let Some((key, stored)) = cursor.next().map_err(SeedError::Store)? {
            push(&mut rows, RowPrefix::strip(key), stored);
            if rows.len() >= BLOCK {
                let full = std::mem::replace(&mut rows, Vec::with_capacity(BLOCK + BLOCK / 8));
                if block(full).is_break() {
                    return Ok(());
                }
            }
        }
        if !rows.is_empty() {
            let _ = block(rows);
        }
        Ok(())
    }
}
