//! Compare-and-set as a node does it, on the log alone: produce, learn the offset, read everything below it, decide.
use std::time::Instant;

use lentic_engine::log::ReaderOptions;
use lentic_engine::log::{Log, ReadFrom};
use lentic_types::{Offset, TopicPartition};

use super::Case;
use super::fixture::{Fixture, partition, record};
use super::reading::Reading;

pub(super) const CASES: &[Case] = &[("compare_and_set_counts_right", compare_and_set_counts_right)];

/// Two writers add one to the same counter, and a third appends to the partition meanwhile: every increment that
/// committed counts, so none was decided on an old value.
fn compare_and_set_counts_right(f: &Fixture) {
    const EACH: u32 = 15;
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut counter = Counter::new(f, &p);
                let deadline = Instant::now() + f.options.patience;
                let mut done = 0;
                while done < EACH {
                    assert!(Instant::now() < deadline, "{done} of {EACH} increments in time");
                    done += u32::from(counter.try_increment(f, &*f.log));
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..50 {
                f.put(&topic, 0, "foreign", "v");
            }
        });
    });
    let mut counter = Counter::new(f, &p);
    let last = f.put(&topic, 0, "last", "v").offset;
    assert_eq!(counter.read_below(last), 2 * EACH);
}

struct Counter {
    partition: TopicPartition,
    reading: Reading,
    value: u32,
    position: Offset,
}

impl Counter {
    fn new(f: &Fixture, partition: &TopicPartition) -> Self {
        let mut reading = f.reading(ReaderOptions::default());
        reading.assign(partition, ReadFrom::Start);
        Self { partition: partition.clone(), reading, value: 0, position: Offset(0) }
    }

    /// The counter after everything below `offset`.
    fn read_below(&mut self, offset: Offset) -> u32 {
        let Self { partition, reading, value, position } = self;
        reading.until("everything below an offset", |reading| {
            let read = reading.records.last().map_or(Offset(0), |seen| seen.offset.next());
            *position = read.max(reading.end(partition).unwrap_or_default());
            *position >= offset
        });
        let mut counts = reading.records.iter().filter(|seen| seen.key.as_deref() == Some(b"counter"));
        let text = counts.rfind(|seen| seen.offset < offset);
        if let Some(text) = text.and_then(|seen| seen.value.as_deref()) {
            *value = String::from_utf8_lossy(text).parse().expect("a number");
        }
        *value
    }

    fn try_increment(&mut self, f: &Fixture, log: &dyn Log) -> bool {
        let expected = self.read_below(self.position);
        let mut transaction = log.begin(f.options.patience).expect("begun");
        let topic = f.log.topic(&self.partition.topic).expect("described").expect("there");
        let next = record(&topic, self.partition.partition.0, "counter", &(expected + 1).to_string());
        let offset = transaction.produce(next, f.options.patience).expect("produced").offset;
        if self.read_below(offset) == expected {
            transaction.commit(f.options.patience).expect("committed");
            true
        } else {
            transaction.abort(f.options.patience).expect("aborted");
            false
        }
    }
}
