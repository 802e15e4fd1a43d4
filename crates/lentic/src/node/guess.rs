//! What a topic looks like: samples its records.
use std::time::{Duration, Instant};

use lentic_engine::load::{ALL_PARTITIONERS, narrow_partitioners};
use lentic_engine::log::{Polled, ReadFrom, ReaderOptions, TopicSettings};
use lentic_types::{FormatName, Offset, PartitionId, Partitioner, RecordBatch, TopicName, TopicPartition};

use super::Node;
use crate::TableError;

/// Records looked at per topic, about: the newest of each partition.
const SAMPLE: u64 = 1_000;

/// How long sampling may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a topic looks like, from a sample of its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The topic.
    pub topic: TopicName,
    /// Its partitions.
    pub partitions: u32,
    /// `cleanup.policy` as Kafka writes it.
    pub cleanup_policy: String,
    /// Records looked at.
    pub sampled: u64,
    /// Best format for the keys, with the share (0 to 1) of samples that decode.
    pub key: GuessedFormat,
    /// Best format for the values.
    pub value: GuessedFormat,
    /// The partitioner that fits all sampled keys; `None`: none does.
    pub partitioner: Option<Partitioner>,
    /// Remarks (no records, null keys, not compacted ...).
    pub warnings: Vec<String>,
}

/// A format and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuessedFormat {
    /// The format.
    pub format: FormatName,
    /// Share of samples that decode, 0 to 1.
    pub share: f64,
}

impl Node {
    /// Samples a topic. Blocks.
    pub fn guess(&self, topic: &TopicName) -> Result<Guess, TableError> {
        let log = &self.shared.log;
        let found = log.topic(topic)?.ok_or_else(|| TableError::TopicNotFound(topic.to_string()))?;
        let sample = self.sample(topic, found.partitions)?;
        let (mut mask, mut null_keys, mut sampled) = (ALL_PARTITIONERS, 0u64, 0u64);
        for (source, batch) in &sample {
            for record in batch.iter() {
                sampled += 1;
                match record.key {
                    Some(key) => mask = narrow_partitioners(mask, key, source, found.partitions),
                    None => null_keys += 1,
                }
            }
        }
        let records = || sample.iter().flat_map(|(_, batch)| batch.iter());
        let mut warnings = Vec::new();
        if sampled == 0 {
            warnings.push("the topic holds no records: the formats are a guess from nothing".to_owned());
        }
        if null_keys > 0 {
            warnings.push(format!("{null_keys} of {sampled} records have no key: a table skips them"));
        }
        if !found.settings.cleanup.compact {
            warnings.push(
                "the topic is not compacted: rows disappear when retention removes their records".to_owned(),
            );
        }
        let fitting = |bit: &usize| mask & (1 << bit) != 0;
        let partitioner = (0..Partitioner::ALL.len()).find(fitting).map(|bit| Partitioner::ALL[bit]);
        if partitioner.is_none() {
            warnings.push(
                "the keys do not lie where one partitioner puts them: writes need --partitioner".to_owned(),
            );
        }
        Ok(Guess {
            topic: topic.clone(),
            partitions: found.partitions,
            cleanup_policy: cleanup_policy(&found.settings),
            sampled,
            key: guessed(records().filter_map(|record| record.key)),
            value: guessed(records().filter_map(|record| record.value)),
            partitioner,
            warnings,
        })
    }

    /// The newest records of each partition, until each has met its end or patience is over.
    pub(super) fn sample(
        &self,
        topic: &TopicName,
        partitions: u32,
    ) -> Result<Vec<(TopicPartition, std::sync::Arc<RecordBatch>)>, TableError> {
        let log = &self.shared.log;
        let sources: Vec<_> =
            (0..partitions).map(|number| TopicPartition::new(topic.clone(), PartitionId(number))).collect();
        let bounds = log.bounds(&sources)?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let share = (SAMPLE / u64::from(partitions)).max(1);
        let mut reader = log.reader(ReaderOptions::default())?;
        let mut open = 0;
        for (source, bounds) in sources.iter().zip(&bounds) {
            if bounds.end > bounds.start {
                let from = Offset(bounds.end.0.saturating_sub(share).max(bounds.start.0));
                reader.assign(source, ReadFrom::Offset(from))?;
                open += 1;
            }
        }
        let deadline = Instant::now() + PATIENCE;
        let (mut sample, mut polled) = (Vec::new(), Vec::new());
        while open > 0 && Instant::now() < deadline {
            reader.poll(Duration::from_millis(50), &mut polled)?;
            for found in polled.drain(..) {
                match found {
                    Polled::Records { partition, batch, .. } => sample.push((partition, batch)),
                    Polled::End { partition, .. } => {
                        reader.unassign(&partition)?;
                        open -= 1;
                    }
                    Polled::OutOfRange { .. } => open -= 1,
                    Polled::Failed { .. } => {}
                }
            }
        }
        Ok(sample)
    }
}

fn guessed<'a>(samples: impl Iterator<Item = &'a [u8]>) -> GuessedFormat {
    let guess = lentic_format::guess(samples);
    let format = guess.best();
    GuessedFormat { format, share: guess.share(format) }
}

/// As Kafka writes it.
fn cleanup_policy(settings: &TopicSettings) -> String {
    match (settings.cleanup.compact, settings.cleanup.delete) {
        (true, true) => "compact,delete",
        (true, false) => "compact",
        (false, _) => "delete",
    }
    .to_owned()
}
