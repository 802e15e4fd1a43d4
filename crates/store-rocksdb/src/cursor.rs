//! Walking a range.
use std::sync::Arc;

use lentic_store::{Cursor, Order, Result};
use rocksdb::ReadOptions;

use crate::bounds::Bounds;
use crate::error::from_rocks;
use crate::pinned::{Handle, PinnedIterator};

/// A cursor over what was there when it was made.
pub(crate) struct RocksCursor {
    /// `None` at the end.
    iterator: Option<PinnedIterator>,
    order: Order,
    begun: bool,
}

impl RocksCursor {
    pub(crate) fn new(handle: &Arc<Handle>, mut options: ReadOptions, bounds: Bounds, order: Order) -> Self {
        if bounds.is_empty() {
            return Self { iterator: None, order, begun: false };
        }
        options.set_iterate_lower_bound(bounds.start);
        if let Some(end) = bounds.end {
            options.set_iterate_upper_bound(end);
        }
        Self { iterator: Some(PinnedIterator::new(handle, options)), order, begun: false }
    }

    /// Steps once; whether there is an entry.
    fn advance(&mut self) -> Result<bool> {
        let Some(pinned) = &mut self.iterator else { return Ok(false) };
        let iterator = pinned.get();
        match (self.begun, self.order) {
            (false, Order::Ascending) => iterator.seek_to_first(),
            (false, Order::Descending) => iterator.seek_to_last(),
            (true, Order::Ascending) => iterator.next(),
            (true, Order::Descending) => iterator.prev(),
        }
        self.begun = true;
        if iterator.valid() {
            return Ok(true);
        }
        let status = iterator.status().map_err(from_rocks);
        self.iterator = None;
        status.map(|()| false)
    }
}

impl Cursor for RocksCursor {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if !self.advance()? {
            return Ok(None);
        }
        Ok(self.iterator.as_mut().and_then(|pinned| pinned.get().item()))
    }
}
