//! What one transaction writes to a partition is applied in one piece, however little of it a poll returns: readers
//! see it together.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lentic_engine::log::{Polled, ReadFrom, Reader, Result};
use lentic_types::{Offset, RecordBatch, TopicPartition};

/// The transactions of this node that are not read to their ends yet.
#[derive(Default)]
pub(crate) struct Together {
    /// First and last offset of each, per partition.
    spans: Mutex<BTreeMap<TopicPartition, VecDeque<(Offset, Offset)>>>,
}

impl Together {
    /// Spans that are remembered of a partition; so many are waiting only where nothing is read.
    const MOST_SPANS: usize = 1_000;

    /// To be told of a transaction's records before the commit makes them readable.
    pub(crate) fn announce(&self, partition: TopicPartition, first: Offset, last: Offset) {
        if first == last {
            return;
        }
        let mut spans = self.lock();
        let spans = spans.entry(partition).or_default();
        if spans.len() == Self::MOST_SPANS {
            spans.pop_front();
        }
        spans.push_back((first, last));
    }

    /// Whether a transaction goes on behind `last`, which is the last offset read. Those that end there are forgotten.
    fn goes_on(&self, partition: &TopicPartition, last: Offset) -> bool {
        let mut all = self.lock();
        let Some(spans) = all.get_mut(partition) else { return false };
        spans.retain(|&(_, end)| end > last);
        let goes_on = spans.iter().any(|&(first, _)| first <= last);
        if spans.is_empty() {
            all.remove(partition);
        }
        goes_on
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, VecDeque<(Offset, Offset)>>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader that holds records back until it has the rest of their transaction.
pub(crate) struct WholeReader {
    reader: Box<dyn Reader>,
    together: Arc<Together>,
    /// With the epoch of the last.
    held: BTreeMap<TopicPartition, (Vec<Arc<RecordBatch>>, i32)>,
    polled: Vec<Polled>,
}

impl WholeReader {
    pub(crate) fn new(reader: Box<dyn Reader>, together: Arc<Together>) -> Self {
        Self { reader, together, held: BTreeMap::new(), polled: Vec::new() }
    }

    fn records(
        &mut self,
        partition: TopicPartition,
        batch: Arc<RecordBatch>,
        epoch: i32,
        polled: &mut Vec<Polled>,
    ) {
        let goes_on = batch.last_offset().is_some_and(|last| self.together.goes_on(&partition, last));
        if !goes_on && !self.held.contains_key(&partition) {
            polled.push(Polled::Records { partition, batch, epoch });
            return;
        }
        let held = self.held.entry(partition.clone()).or_default();
        held.0.push(batch);
        held.1 = epoch;
        if !goes_on {
            self.release(&partition, polled);
        }
    }

    fn release(&mut self, partition: &TopicPartition, polled: &mut Vec<Polled>) {
        let Some((parts, epoch)) = self.held.remove(partition) else { return };
        let batch = Arc::new(joined(&parts));
        polled.push(Polled::Records { partition: partition.clone(), batch, epoch });
    }
}

impl Reader for WholeReader {
    fn assign(&mut self, partition: &TopicPartition, from: ReadFrom) -> Result<()> {
        self.held.remove(partition);
        self.reader.assign(partition, from)
    }

    fn unassign(&mut self, partition: &TopicPartition) -> Result<()> {
        self.held.remove(partition);
        self.reader.unassign(partition)
    }

    fn poll(&mut self, timeout: Duration, polled: &mut Vec<Polled>) -> Result<()> {
        let mut found = std::mem::take(&mut self.polled);
        let outcome = self.reader.poll(timeout, &mut found);
        for found in found.drain(..) {
            match found {
                Polled::Records { partition, batch, epoch } => {
                    self.records(partition, batch, epoch, polled);
                }
                // Nothing is left of it: it was aborted, or compacted meanwhile.
                Polled::End { partition, offset } => {
                    self.release(&partition, polled);
                    polled.push(Polled::End { partition, offset });
                }
                Polled::OutOfRange { partition } => {
                    self.held.remove(&partition);
                    polled.push(Polled::OutOfRange { partition });
                }
                Polled::Failed { .. } => polled.push(found),
            }
        }
        self.polled = found;
        outcome
    }
}

fn joined(parts: &[Arc<RecordBatch>]) -> RecordBatch {
    let sum = |size: fn(&RecordBatch) -> usize| parts.iter().map(|part| size(part)).sum();
    let mut whole = RecordBatch::with_capacity(sum(RecordBatch::len), sum(RecordBatch::bytes));
    for record in parts.iter().flat_map(|part| part.iter()) {
        whole.push(record.offset, record.timestamp, record.key, record.value);
    }
    whole
}

#[cfg(test)]
mod tests {
    use lentic_types::{PartitionId, Timestamp, TopicName};

    use super::*;

    /// Returns one element per poll.
    struct Script(VecDeque<Polled>);

    impl Reader for Script {
        fn assign(&mut self, _: &TopicPartition, _: ReadFrom) -> Result<()> {
            Ok(())
        }

        fn unassign(&mut self, _: &TopicPartition) -> Result<()> {
            Ok(())
        }

        fn poll(&mut self, _: Duration, polled: &mut Vec<Polled>) -> Result<()> {
            polled.extend(self.0.pop_front());
            Ok(())
        }
    }

    fn partition() -> TopicPartition {
        TopicPartition::new(TopicName::new("t").unwrap(), PartitionId(0))
    }

    fn records(offsets: std::ops::RangeInclusive<u64>) -> Polled {
        let mut batch = RecordBatch::default();
        for offset in offsets {
            batch.push(Offset(offset), Timestamp(0), Some(b"k"), Some(b"v"));
        }
        Polled::Records { partition: partition(), batch: Arc::new(batch), epoch: 1 }
    }

    fn end(offset: u64) -> Polled {
        Polled::End { partition: partition(), offset: Offset(offset) }
    }

    /// Spans, what is polled, and what comes out: first and last offset of records, or the end twice.
    #[test]
    fn transactions_in_one_piece() {
        type Case = (&'static [(u64, u64)], Vec<Polled>, &'static [(u64, u64)]);
        let cases: [Case; 7] = [
            (&[], vec![records(0..=3), records(4..=5), end(6)], &[(0, 3), (4, 5), (6, 6)]),
            (&[(2, 5)], vec![records(0..=3), records(4..=6)], &[(0, 6)]),
            (
                &[(2, 9)],
                vec![records(0..=1), records(2..=4), records(5..=8), records(9..=9)],
                &[(0, 1), (2, 9)],
            ),
            (&[(2, 4), (5, 7)], vec![records(0..=3), records(4..=6), records(7..=7)], &[(0, 7)]),
            (&[(2, 4), (5, 7)], vec![records(0..=4), records(5..=6), records(7..=7)], &[(0, 4), (5, 7)]),
            // It was aborted: the end of the log is behind it.
            (&[(2, 9)], vec![records(0..=3), end(12), records(12..=13)], &[(0, 3), (12, 12), (12, 13)]),
            (&[(3, 3)], vec![records(0..=3), records(4..=4)], &[(0, 3), (4, 4)]),
        ];
        for (spans, script, expected) in cases {
            let together = Arc::new(Together::default());
            for &(first, last) in spans {
                together.announce(partition(), Offset(first), Offset(last));
            }
            let polls = script.len();
            let mut reader = WholeReader::new(Box::new(Script(script.into())), Arc::clone(&together));
            let mut polled = Vec::new();
            for _ in 0..polls {
                reader.poll(Duration::ZERO, &mut polled).unwrap();
            }
            let seen: Vec<_> = polled
                .iter()
                .map(|found| match found {
                    Polled::Records { batch, .. } => (batch.get(0).offset.0, batch.last_offset().unwrap().0),
                    Polled::End { offset, .. } => (offset.0, offset.0),
                    _ => panic!("{found:?}"),
                })
                .collect();
            assert_eq!(seen, expected, "{spans:?}");
            assert!(together.lock().is_empty(), "{spans:?}: they are forgotten");
        }
    }

    /// A reader that is moved returns nothing of what it held.
    #[test]
    fn moved() {
        let together = Arc::new(Together::default());
        together.announce(partition(), Offset(2), Offset(5));
        let script = [records(0..=3), records(0..=1), records(2..=5)];
        let mut reader = WholeReader::new(Box::new(Script(script.into())), together);
        let mut polled = Vec::new();
        reader.poll(Duration::ZERO, &mut polled).unwrap();
        assert!(polled.is_empty());
        reader.assign(&partition(), ReadFrom::Start).unwrap();
        reader.poll(Duration::ZERO, &mut polled).unwrap();
        reader.poll(Duration::ZERO, &mut polled).unwrap();
        assert_eq!(polled.len(), 2, "{polled:?}");
    }
}
