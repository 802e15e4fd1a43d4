//! One partition of a topic as a model: every record it ever held, and which of them it still holds.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lentic_engine::log::Bounds;
use lentic_types::{Offset, RecordBatch, Timestamp, TopicId};

use super::Rows;
use crate::sim::Random;

#[derive(Clone)]
struct Record {
    key: Option<String>,
    value: Option<String>,
    at: Timestamp,
    epoch: i32,
    outcome: Outcome,
    /// When a compaction pass first kept this tombstone.
    cleaned_at: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Committed,
    Open,
    Aborted,
    Marker,
}

pub(super) struct PartitionLog {
    pub(super) id: TopicId,
    /// Everything that was ever appended and not truncated.
    history: BTreeMap<u64, Record>,
    /// Offsets that compaction has removed.
    compacted: BTreeSet<u64>,
    /// Compaction has looked at everything below.
    cleaned: u64,
    start: u64,
    end: u64,
    epoch: i32,
}

impl PartitionLog {
    pub(super) fn new(id: u8) -> Self {
        Self {
            id: TopicId([id; 16]),
            history: BTreeMap::new(),
            compacted: BTreeSet::new(),
            cleaned: 0,
            start: 0,
            end: 0,
            epoch: 0,
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds { start: Offset(self.start), end: Offset(self.end) }
    }

    pub(super) fn append(&mut self, random: &mut Random, at: Timestamp) {
        self.add(random, at, Outcome::Committed);
    }

    /// Opens a transaction with a record or two; it blocks `read_committed` readers.
    pub(super) fn open_transaction(&mut self, random: &mut Random, at: Timestamp) {
        for _ in 0..=random.below(2) {
            self.add(random, at, Outcome::Open);
        }
    }

    /// Commits or aborts everything that is open.
    pub(super) fn end_transaction(&mut self, random: &mut Random) {
        let outcome = if random.below(2) == 0 { Outcome::Committed } else { Outcome::Aborted };
        self.end_with(outcome);
    }

    pub(super) fn end_all(&mut self) {
        self.end_with(Outcome::Committed);
    }

    fn end_with(&mut self, outcome: Outcome) {
        let mut any = false;
        for record in self.history.values_mut().filter(|record| record.outcome == Outcome::Open) {
            record.outcome = outcome;
            any = true;
        }
        if any {
            let marker = Record {
                key: None,
                value: None,
                at: Timestamp(0),
                epoch: self.epoch,
                outcome: Outcome::Marker,
                cleaned_at: None,
            };
            self.history.insert(self.end, marker);
            self.end += 1;
        }
    }

    fn add(&mut self, random: &mut Random, at: Timestamp, outcome: Outcome) {
        let key = (random.below(20) != 0).then(|| format!("k{}", random.below(12)));
        let value = (random.below(3) != 0).then(|| format!("v{}", self.end));
        let record = Record { key, value, at, epoch: self.epoch, outcome, cleaned_at: None };
        self.history.insert(self.end, record);
        self.end += 1;
    }

    /// Removes superseded records below the last stable offset, and tombstones that were kept long enough.
    pub(super) fn compact(&mut self, now: Timestamp, horizon_ms: u64) {
        let stable = self.stable_end().0;
        self.cleaned = self.cleaned.max(stable);
        let mut newest = BTreeMap::new();
        for (&offset, record) in self.history.range(self.start..stable) {
            if let (Some(key), Outcome::Committed) = (&record.key, record.outcome) {
                newest.insert(key.clone(), offset);
            }
        }
        for (&offset, record) in self.history.range_mut(self.start..stable) {
            if self.compacted.contains(&offset) {
                continue;
            }
            let Some(key) = &record.key else {
                self.compacted.insert(offset);
                continue;
            };
            if record.outcome != Outcome::Committed || newest.get(key) != Some(&offset) {
                self.compacted.insert(offset);
            } else if record.value.is_none() {
                let cleaned_at = *record.cleaned_at.get_or_insert(now);
                if now.millis_since(cleaned_at) > horizon_ms {
                    self.compacted.insert(offset);
                }
            }
        }
    }

    /// Retention: the start moves up.
    pub(super) fn trim(&mut self, random: &mut Random) {
        let stable = self.stable_end().0;
        self.start += random.below((stable - self.start) / 2 + 1);
    }

    /// The end is lost, but nothing for whose sake compaction removed another record; what comes next is of a new
    /// leader epoch.
    pub(super) fn truncate(&mut self, random: &mut Random) {
        let lost = random.below((self.end - self.start.max(self.cleaned)).min(10) + 1);
        self.end -= lost;
        self.history.split_off(&self.end);
        self.compacted.split_off(&self.end);
        self.epoch += 1;
    }

    /// The first open record, or the end.
    pub(super) fn stable_end(&self) -> Offset {
        let open = self.history.range(self.start..).find(|(_, record)| record.outcome == Outcome::Open);
        Offset(open.map_or(self.end, |(&offset, _)| offset))
    }

    pub(super) fn epoch_below(&self, offset: Offset) -> Option<i32> {
        self.history.range(..offset.0).next_back().map(|(_, record)| record.epoch)
    }

    /// What a `read_committed` reader at `from` returns, at most `most` records.
    pub(super) fn read(&self, from: Offset, most: usize) -> (RecordBatch, i32) {
        let mut batch = RecordBatch::default();
        let mut epoch = -1;
        for (&offset, record) in self.history.range(from.0.max(self.start)..self.stable_end().0.max(from.0)) {
            if batch.len() >= most {
                break;
            }
            if record.outcome == Outcome::Committed && !self.compacted.contains(&offset) {
                let bytes = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
                batch.push(
                    Offset(offset),
                    record.at,
                    bytes(&record.key).as_deref(),
                    bytes(&record.value).as_deref(),
                );
                epoch = record.epoch;
            }
        }
        (batch, epoch)
    }

    /// Keys of records at or above `position`.
    pub(super) fn written_from(&self, position: Offset) -> impl Iterator<Item = &str> {
        self.history.range(position.0..).filter_map(|(_, record)| record.key.as_deref())
    }

    /// Every record as text, for a failure's message.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for (offset, record) in &self.history {
            let outcome = match record.outcome {
                Outcome::Committed => "",
                Outcome::Open => " open",
                Outcome::Aborted => " aborted",
                Outcome::Marker => " marker",
            };
            let gone = if self.compacted.contains(offset) { " compacted" } else { "" };
            let (key, value) = (&record.key, &record.value);
            writeln!(text, "{offset}: {key:?} = {value:?}{outcome}{gone}").expect("a string takes all");
        }
        text
    }

    /// The rows of a store at `position`: the last value per key, of records that retention left.
    pub(super) fn fold(&self, position: Offset, start: Offset) -> Rows {
        let mut rows = Rows::new();
        for (&offset, record) in self.history.range(..position.0) {
            let (Some(key), Outcome::Committed) = (&record.key, record.outcome) else { continue };
            match &record.value {
                Some(value) => {
                    drop(rows.insert(key.clone().into_bytes(), (offset, value.clone().into_bytes())))
                }
                None => drop(rows.remove(key.as_bytes())),
            }
        }
        rows.retain(|_, (offset, _)| *offset >= start.0);
        rows
    }
}
