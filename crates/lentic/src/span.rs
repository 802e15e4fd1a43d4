//! Parts of partitions that are read once, to their ends.
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use lentic_engine::log::{self, Log, Polled, ReadFrom, ReaderOptions};
use lentic_types::{Offset, TopicPartition};

/// Which records of a partition.
pub(crate) struct Span {
    pub(crate) partition: TopicPartition,
    pub(crate) from: Offset,
    /// Reading has to come past everything below this; `None`: as far as committed records go.
    pub(crate) to: Option<Offset>,
}

/// Reads committed records, and shows those that have a key and a value. Ends early where `is_over` says so. Returns how far each
/// partition was read.
pub(crate) fn read_through(
    log: &dyn Log,
    spans: Vec<Span>,
    patience: Duration,
    is_over: &dyn Fn() -> bool,
    visit: &mut dyn FnMut(&TopicPartition, &[u8], &[u8]),
) -> log::Result<BTreeMap<TopicPartition, Offset>> {
    let mut reached = BTreeMap::new();
    let mut reader = log.reader(ReaderOptions::default())?;
    let mut open = BTreeMap::new();
    for span in spans {
        if span.to.is_none_or(|to| span.from < to) {
            reader.assign(&span.partition, ReadFrom::Offset(span.from))?;
            open.insert(span.partition, span.to);
        }
    }
    let deadline = Instant::now() + patience;
    let mut polled = Vec::new();
    while !open.is_empty() && !is_over() {
        if Instant::now() > deadline {
            let first = open.keys().next().map(ToString::to_string).unwrap_or_default();
            let text = format!(
                "{first} and {} more could not be read to their ends in {patience:?}",
                open.len() - 1
            );
            return Err(log::Error::Unavailable(text));
        }
        reader.poll(Duration::from_millis(100), &mut polled)?;
        for found in polled.drain(..) {
            let (partition, read_to, is_end) = match found {
                Polled::Records { partition, batch, .. } => {
                    for record in batch.iter() {
                        if let (Some(key), Some(value)) = (record.key, record.value) {
                            visit(&partition, key, value);
                        }
                    }
                    (partition, batch.last_offset().map_or(Offset(0), Offset::next), false)
                }
                Polled::End { partition, offset } => (partition, offset, true),
                Polled::OutOfRange { partition } => return Err(log::Error::NoSuchTopic(partition.topic)),
                Polled::Failed { error: error @ log::Error::NoSuchTopic(_), .. } => return Err(error),
                Polled::Failed { .. } => continue,
            };
            if open.get(&partition).is_some_and(|to| to.map_or(is_end, |to| read_to >= to)) {
                open.remove(&partition);
            }
            reached.insert(partition, read_to);
        }
    }
    Ok(reached)
}

/// In which partitions there are records below an offset (the second one) at or after another (the first), or may be, since a
/// transaction is open there: in the others there are only marks of transactions and what was aborted.
pub(crate) fn holding_records(
    log: &dyn Log,
    spans: &BTreeMap<TopicPartition, (Offset, Offset)>,
    patience: Duration,
) -> log::Result<BTreeSet<TopicPartition>> {
    let mut reader = log.reader(ReaderOptions::default())?;
    let mut open: BTreeSet<_> = spans.keys().cloned().collect();
    for (partition, (from, _)) in spans {
        reader.assign(partition, ReadFrom::Offset(*from))?;
    }
    let (mut holding, mut polled) = (BTreeSet::new(), Vec::new());
    let deadline = Instant::now() + patience;
    while !open.is_empty() {
        if Instant::now() > deadline {
            let text = format!("{} partitions could not be looked into in {patience:?}", open.len());
            return Err(log::Error::Unavailable(text));
        }
        reader.poll(Duration::from_millis(100), &mut polled)?;
        for found in polled.drain(..) {
            match found {
                Polled::Records { partition, batch, .. } if open.remove(&partition) => {
                    let first = batch.iter().next().map(|record| record.offset);
                    if first.is_some_and(|first| first < spans[&partition].1) {
                        holding.insert(partition);
                    }
                }
                // What an open transaction holds back may be records.
                Polled::End { partition, offset } => {
                    if open.remove(&partition) && offset < spans[&partition].1 {
                        holding.insert(partition);
                    }
                }
                // Deleted meanwhile: whoever reads it begins behind that.
                Polled::OutOfRange { partition } => {
                    if open.remove(&partition) {
                        holding.insert(partition);
                    }
                }
                Polled::Failed { error: error @ log::Error::NoSuchTopic(_), .. } => return Err(error),
                Polled::Records { .. } | Polled::Failed { .. } => {}
            }
        }
    }
    Ok(holding)
}
