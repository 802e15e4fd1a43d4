//! From where a watch stands to the live changes, through the log.
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic_engine::log::{self, Polled, ReadFrom, Reader, ReaderOptions};
use lentic_types::{Offset, PartitionId, TopicPartition};

use super::line::Place;
use super::live::change;
use super::open::Phase;
use super::subscription::Published;
use super::{EventId, Watch, WatchEvent};
use crate::ReadError;
use crate::table::Partition;

/// How long a watch may take to read one stretch of the log before it reports back.
const STEP: Duration = Duration::from_millis(50);

/// Reads the log from where the watch stands to where the live changes take over.
pub(super) struct CatchUp {
    /// Readers are dear: a watch begins when its turn has come.
    pub(super) place: Place,
    reader: Option<Box<dyn Reader>>,
    /// Whether the reader has got what is to be read.
    is_assigned: bool,
    /// Per partition, the offset at which the live changes take over; `None`: nothing to read.
    until: Vec<Option<Offset>>,
}

impl Watch {
    /// Goes on after an event, or begins anew where the log doesn't tell all that happened since.
    pub(super) fn resume(&mut self, id: EventId) -> Result<(), ReadError> {
        if id.tag != self.topic_tag {
            self.reset("the topic was deleted and created again".to_owned());
            return Ok(());
        }
        if id.positions.len() != self.positions.len() {
            let (now, then) = (self.positions.len(), id.positions.len());
            self.reset(format!("the topic has {now} partitions now, the event id is of {then}"));
            return Ok(());
        }
        let topic = self.table.inner.topic.load_full();
        let age_ms = self.table.inner.now().millis_since(id.at);
        if topic.settings.cleanup.compact && age_ms > topic.settings.delete_retention_ms.max(0) as u64 {
            let why = "the event id is older than delete.retention.ms: deletes may be missing from the log";
            self.reset(why.to_owned());
            return Ok(());
        }
        let partitions: Vec<_> = self.kept().map(|partition| self.source(partition)).collect();
        let bounds = self.table.inner.around.log.bounds(&partitions)?;
        let views = self.subscribe()?;
        for ((partition, bounds), (_, view)) in partitions.iter().zip(bounds).zip(&views) {
            let (i, bounds) = (partition.partition.0 as usize, bounds?);
            let why = if id.positions[i] < bounds.start {
                "the log no longer reaches back to the event id"
            } else if id.positions[i] > bounds.end {
                "the log ends before the event id"
            } else if id.starts[i] != view.log_start {
                "rows went since the event id that the log no longer holds"
            } else {
                continue;
            };
            self.reset(why.to_owned());
            return Ok(());
        }
        self.positions = id.positions;
        self.starts = id.starts;
        self.at = id.at;
        self.phase = Phase::Joining;
        Ok(())
    }

    fn kept(&self) -> impl Iterator<Item = PartitionId> + '_ {
        self.partitions.iter().map(|partition| partition.id)
    }

    fn source(&self, partition: PartitionId) -> TopicPartition {
        TopicPartition::new(self.table.inner.topic.load().name.clone(), partition)
    }

    /// Joins the live changes. What the log doesn't tell comes first, then the log from where the watch stands.
    pub(super) fn join(
        &mut self,
        former: Option<CatchUp>,
        events: &mut Vec<WatchEvent>,
    ) -> Result<bool, ReadError> {
        self.subscription.forget_records();
        let join = |partition: &Arc<Partition>| (partition.id, partition.join(&self.subscription));
        let live_from: Vec<_> = self.partitions.iter().map(join).collect();
        if self.subscription.overflowed() {
            return Err(ReadError::TooMany("watch_buffer_bytes"));
        }
        for published in self.subscription.take_all_but_records() {
            match published {
                Published::Purged(partition, rows) => self.purged(partition, &rows, events),
                Published::Leap(leap) => {
                    self.reset(leap.to_string());
                    return Ok(true);
                }
                Published::Records(..) => {}
            }
        }
        let mut until = vec![None; self.positions.len()];
        for (partition, live) in live_from {
            let i = partition.0 as usize;
            until[i] = (self.positions[i] < live).then_some(live);
        }
        self.phase = if until.iter().all(Option::is_none) {
            Phase::Live
        } else {
            let (place, reader) = match former {
                Some(former) => (former.place, former.reader),
                None => (self.table.inner.around.catch_ups.enter(), None),
            };
            Phase::Log(CatchUp { place, reader, is_assigned: false, until })
        };
        Ok(true)
    }

    pub(super) fn poll_log(&mut self, max: usize, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let deadline = Instant::now() + STEP;
        let mut polled = Vec::new();
        while events.len() < max {
            let Phase::Log(catch_up) = &mut self.phase else { return Ok(true) };
            if catch_up.until.iter().all(Option::is_none) {
                return self.after_log(events);
            }
            if !catch_up.place.is_served() {
                return Ok(false);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(true);
            }
            if !catch_up.is_assigned {
                self.assign()?;
                continue;
            }
            let Some(reader) = &mut catch_up.reader else { return Ok(true) };
            polled.clear();
            reader.poll(left, &mut polled)?;
            for found in polled.drain(..) {
                self.polled(found, events)?;
            }
        }
        Ok(true)
    }

    fn assign(&mut self) -> Result<(), ReadError> {
        let sources: Vec<_> = self.kept().map(|partition| self.source(partition)).collect();
        let Phase::Log(catch_up) = &mut self.phase else { return Ok(()) };
        let reader = match &mut catch_up.reader {
            Some(reader) => reader,
            None => catch_up.reader.insert(self.table.inner.around.log.reader(ReaderOptions::default())?),
        };
        for source in &sources {
            let i = source.partition.0 as usize;
            if catch_up.until[i].is_some() {
                reader.assign(source, ReadFrom::Offset(self.positions[i]))?;
            }
        }
        catch_up.is_assigned = true;
        Ok(())
    }

    fn polled(&mut self, found: Polled, events: &mut Vec<WatchEvent>) -> Result<(), ReadError> {
        let layout = self.table.inner.key;
        let Phase::Log(catch_up) = &mut self.phase else { return Ok(()) };
        match found {
            Polled::Records { partition, batch, .. } => {
                let i = partition.partition.0 as usize;
                let Some(until) = catch_up.until.get(i).copied().flatten() else { return Ok(()) };
                for record in batch.iter().filter(|record| record.offset < until) {
                    change(&self.filter, layout, partition.partition, record, events);
                    self.positions[i] = record.offset.next();
                }
                if batch.last_offset().is_some_and(|last| last.next() >= until) {
                    self.positions[i] = until;
                    catch_up.until[i] = None;
                    if let Some(reader) = &mut catch_up.reader {
                        reader.unassign(&partition)?;
                    }
                }
            }
            // Everything that is still there was returned; what the worker read beyond comes live.
            Polled::End { partition, offset } => {
                let i = partition.partition.0 as usize;
                let until = catch_up.until.get(i).copied().flatten();
                if let Some(until) = until.filter(|&until| offset >= until) {
                    self.positions[i] = until;
                    catch_up.until[i] = None;
                }
            }
            Polled::OutOfRange { .. } => {
                self.reset("the log no longer reaches back to the event id".to_owned());
            }
            Polled::Failed {
                error: error @ (log::Error::NoSuchTopic(_) | log::Error::Refused(_) | log::Error::Closed),
                ..
            } => return Err(error.into()),
            // The reader goes on by itself once the brokers do.
            Polled::Failed { error, .. } => tracing::debug!("a watch is held up: {error}"),
        }
        Ok(())
    }

    /// What came live meanwhile may have been more than is kept for a watch: that is read from the log, too.
    fn after_log(&mut self, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let phase = std::mem::replace(&mut self.phase, Phase::Live);
        match phase {
            Phase::Log(catch_up) if self.subscription.is_behind() => self.join(Some(catch_up), events),
            _ => Ok(true),
        }
    }
}
