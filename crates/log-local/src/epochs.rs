//! Which start of the log wrote which records of a partition.

/// (number of the start, first offset written under it), both ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epochs {
    entries: Vec<(i32, u64)>,
}

/// Older starts than these are forgotten: for offsets so far back the answer is "unknown".
const KEPT: usize = 1_000;

impl Epochs {
    pub(crate) fn new(entries: Vec<(i32, u64)>) -> Self {
        Self { entries }
    }

    pub(crate) fn entries(&self) -> &[(i32, u64)] {
        &self.entries
    }

    /// Notes that `epoch` begins at `first`. An epoch whose every record is gone leaves no trace.
    pub(crate) fn begin(&mut self, epoch: i32, first: u64) {
        self.entries.retain(|entry| entry.0 < epoch && entry.1 < first);
        self.entries.push((epoch, first));
        let surplus = self.entries.len().saturating_sub(KEPT);
        self.entries.drain(..surplus);
    }

    /// The epoch of the last record below `offset`.
    pub(crate) fn below(&self, offset: u64) -> Option<i32> {
        let above = self.entries.partition_point(|entry| entry.1 < offset);
        above.checked_sub(1).map(|last| self.entries[last].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below() {
        let mut epochs = Epochs::default();
        epochs.begin(1, 0);
        epochs.begin(3, 10);
        epochs.begin(4, 10);
        for (offset, epoch) in [(0, None), (1, Some(1)), (10, Some(1)), (11, Some(4)), (99, Some(4))] {
            assert_eq!(epochs.below(offset), epoch, "{offset}");
        }
        assert_eq!(epochs.entries(), [(1, 0), (4, 10)]);
        for epoch in 5..5_000 {
            epochs.begin(epoch, epoch as u64 * 10);
        }
        assert_eq!((epochs.entries().len(), epochs.below(11)), (KEPT, None));
    }
}
