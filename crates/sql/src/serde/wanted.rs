//! Columns that nobody asks for.
use std::sync::{Arc, OnceLock};

/// Which columns of a deserializer are wanted: all, unless it is told less. What it is told holds for its clones, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted(Arc<OnceLock<Box<[bool]>>>);

impl Wanted {
    /// Whether a column is.
    pub(super) fn has(&self, index: usize) -> bool {
        self.0.get().and_then(|columns| columns.get(index)).is_none_or(|is_wanted| *is_wanted)
    }

    /// Only those of which this is true, in the order of the columns. Holds from the first time on.
    pub(crate) fn only(&self, columns: Vec<bool>) {
        let _ = self.0.set(columns.into());
    }
}
