//! The task that keeps one partition of a table over a topic: its rows are the fold of the retained log.
use std::sync::Arc;

use lentic_store::layout::{Incarnation, PositionRecord, RowPrefix, StoreId, position_key, row_header};
use lentic_store::{Result, Store, WriteBatch};
use lentic_types::{FormatName, Offset, Position, RecordBatch, Timestamp, TopicId, TopicPartition};

use crate::load::{ALL_PARTITIONERS, Load, Loaded, narrow_partitioners, ordered};
use crate::log::{Bounds, ReadFrom};
use crate::purge::{Purge, Purged};
use crate::recovery::{self, Facts, Rebuild, Recovery};
use crate::worker::Assignment;
use crate::{TaskId, TaskState, TaskView};

/// Above this many records behind, sorting and ingesting is the faster way to catch up.
const BULK_LAG: u64 = 50_000;

/// How long a proof of being current may be newer in memory than in the store.
const PROOF_MS: u64 = 10_000;

/// What to do next for a task that has been examined.
pub(crate) enum Next {
    Read(Offset),
    Load(Load),
}

pub(crate) struct TableTask {
    id: TaskId,
    store: Arc<dyn Store>,
    store_id: StoreId,
    source: TopicPartition,
    partitions: u32,
    key: FormatName,
    horizon_ms: Option<u64>,
    /// What the store holds; `None` until the first build is whole.
    stored: Option<PositionRecord>,
    /// The creation of the topic that is being read.
    topic: TopicId,
    state: TaskState,
    /// The load under way.
    loading: Option<(Incarnation, Timestamp)>,
    end: Offset,
    target: Offset,
    current_at: Timestamp,
    /// Ends and when they were asked for: reaching one proves the store current at that time. At most two, ascending.
    proofs: Vec<(Timestamp, Offset)>,
    /// The reader stands at an end, and how many times in a row the log's end was found beyond it.
    at_end: bool,
    behind_end: u32,
    purge: Purge,
    /// The incarnation before this one: removed when nobody can have been shown it any more.
    obsolete: Option<Incarnation>,
    /// Rebuilt because of the horizon in this assignment: not a second time.
    rebuilt_for_horizon: bool,
    horizon_warning: bool,
    batch: WriteBatch,
    scratch: Vec<u8>,
}

impl TableTask {
    pub(crate) fn new(assignment: Assignment) -> Result<Self> {
        let Assignment { task, store, store_id, source, partitions, key, facts } = assignment;
        let stored = store
            .get(&position_key(store_id, source.partition))?
            .map(|bytes| PositionRecord::from_bytes(&bytes))
            .transpose()?;
        // What a crash between a rebuild and the removal of its predecessor left.
        let older = stored.and_then(|stored| stored.incarnation.0.checked_sub(1));
        if let Some(older) = older {
            let prefix = RowPrefix::new(store_id, source.partition, Incarnation(older));
            store.delete_range(prefix.range())?;
        }
        Ok(Self {
            id: task,
            store,
            store_id,
            source,
            partitions,
            key,
            horizon_ms: facts.and_then(|facts| facts.horizon_ms),
            current_at: stored.map_or(Timestamp::NONE, |stored| stored.current_at),
            stored,
            topic: facts.map_or(TopicId::default(), |facts| facts.topic),
            state: TaskState::Starting,
            loading: None,
            end: Offset(0),
            target: Offset(0),
            proofs: Vec::new(),
            at_end: false,
            behind_end: 0,
            purge: Purge::default(),
            obsolete: None,
            rebuilt_for_horizon: false,
            horizon_warning: false,
            batch: WriteBatch::default(),
            scratch: Vec::new(),
        })
    }

    pub(crate) fn id(&self) -> &TaskId {
        &self.id
    }

    pub(crate) fn source(&self) -> &TopicPartition {
        &self.source
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, TaskState::Live | TaskState::CatchingUp) && self.loading.is_none()
    }

    /// The next offset to apply; only of a task that is read for.
    pub(crate) fn position(&self) -> Offset {
        self.stored.map_or(Offset(0), |stored| stored.position.offset)
    }

    pub(crate) fn horizon_warning(&self) -> bool {
        self.horizon_warning
    }

    pub(crate) fn view(&self) -> TaskView {
        let stored = self.stored.unwrap_or(self.empty_record());
        let proven = self.current_at != Timestamp::NONE;
        TaskView {
            state: self.state,
            incarnation: stored.incarnation,
            progress: lentic_types::Progress {
                position: stored.position.offset,
                end: self.end.max(stored.position.offset),
                current_at: proven.then_some(self.current_at),
            },
            target: self.target,
            log_start: stored.log_start,
            partitioners: stored.partitioners,
            null_keys: stored.null_keys,
            blocked: self.behind_end > 1,
        }
    }

    /// Decides what to do with the state that is there. Called at assignment, and again whenever reading on from
    /// the position turned out to be impossible.
    pub(crate) fn examine(&mut self, facts: &Facts, now: Timestamp) -> Result<(Next, Option<Rebuild>)> {
        self.topic = facts.topic;
        self.horizon_ms = facts.horizon_ms;
        self.end = facts.bounds.end;
        self.target = facts.bounds.end;
        self.at_end = false;
        self.loading = None;
        self.proofs = vec![(facts.asked_at, facts.bounds.end)];
        let decision = recovery::decide(self.stored.as_ref(), facts, now);
        let reason = match decision {
            Recovery::Continue(position) => {
                self.state = TaskState::CatchingUp;
                self.reached();
                let next = if facts.bounds.end.0.saturating_sub(position.0) > BULK_LAG {
                    Next::Load(self.load(ReadFrom::Offset(position), true, facts))
                } else {
                    Next::Read(position)
                };
                return Ok((next, None));
            }
            Recovery::Fresh => None,
            Recovery::Rebuild(reason) => Some(reason),
        };
        self.rebuilt_for_horizon |= reason == Some(Rebuild::TombstoneHorizon);
        self.state = if self.stored.is_some() { TaskState::Rebuilding } else { TaskState::Restoring };
        let load = self.load(ReadFrom::Start, false, facts);
        // An attempt that a crash cut off may have left rows of this incarnation.
        let prefix = RowPrefix::new(self.store_id, self.source.partition, load.incarnation);
        self.store.delete_range(prefix.range())?;
        Ok((Next::Load(load), reason))
    }

    /// Whether this load is the one under way: one that was decided before a later examination is stale.
    pub(crate) fn expects(&self, load: &Load) -> bool {
        self.loading == Some((load.incarnation, load.asked_at))
    }

    /// The load is whole: its rows become the ones that are read.
    pub(crate) fn loaded(&mut self, loaded: &Loaded, load: &Load, now: Timestamp) -> Result<()> {
        self.loading = None;
        let old = self.stored;
        let over_existing = load.over_existing;
        let mut record = match old {
            Some(old) if over_existing => old,
            _ => PositionRecord { incarnation: load.incarnation, ..self.empty_record() },
        };
        record.position = Position { topic: self.topic, offset: loaded.position, epoch: loaded.epoch };
        record.partitioners &= loaded.partitioners;
        record.null_keys += loaded.null_keys;
        let too_slow = recovery::past_horizon(loaded.began_at, self.horizon_ms, now);
        self.horizon_warning = too_slow;
        self.stored = Some(record);
        self.reached_proofs();
        self.persist()?;
        self.store.flush()?;
        self.obsolete = old.map(|old| old.incarnation).filter(|&old| old != record.incarnation);
        self.state = TaskState::CatchingUp;
        self.reached();
        Ok(())
    }

    /// Applies the records at or above the position; rows and position in one batch. Returns the offset from which
    /// on the batch was new, `None` if nothing was.
    pub(crate) fn apply(&mut self, records: &RecordBatch, epoch: i32) -> Result<Option<Offset>> {
        let Some(last) = records.last_offset() else { return Ok(None) };
        let Some(mut stored) = self.stored else { return Ok(None) };
        let from = stored.position.offset;
        if last < from {
            return Ok(None);
        }
        let prefix = RowPrefix::new(self.store_id, self.source.partition, stored.incarnation);
        self.batch.clear();
        for record in records.iter().filter(|record| record.offset >= from) {
            let Some(key) = record.key else {
                stored.null_keys += 1;
                continue;
            };
            if stored.partitioners != 0 {
                stored.partitioners =
                    narrow_partitioners(stored.partitioners, key, &self.source, self.partitions);
            }
            let key = ordered(self.key, key, &mut self.scratch);
            match record.value {
                Some(value) => self.batch.put_parts(
                    &[prefix.as_bytes(), key],
                    &[&row_header(record.offset, record.timestamp), value],
                ),
                None => self.batch.delete_parts(&[prefix.as_bytes(), key]),
            }
        }
        stored.position = Position { topic: self.topic, offset: last.next(), epoch };
        self.stored = Some(stored);
        self.at_end = false;
        self.reached_proofs();
        self.persist_batch()?;
        self.reached();
        Ok(Some(from))
    }

    /// The reader has passed everything below `offset`, markers and aborted records included.
    pub(crate) fn end(&mut self, offset: Offset) {
        let Some(stored) = &mut self.stored else { return };
        stored.position.offset = stored.position.offset.max(offset);
        self.at_end = stored.position.offset == offset;
        self.reached_proofs();
        self.reached();
    }

    /// The log's bounds as asked for at `asked_at`. `Some(rows)`: these rows were purged (key in order bytes, offset,
    /// timestamp). `Err(Rebuild)`: the task has to be examined anew.
    pub(crate) fn bounds(
        &mut self,
        bounds: Bounds,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Vec<Purged>, Rebuild>> {
        self.end = bounds.end;
        if let Some(obsolete) = self.obsolete.take() {
            let prefix = RowPrefix::new(self.store_id, self.source.partition, obsolete);
            self.store.delete_range(prefix.range())?;
        }
        let Some(stored) = &mut self.stored else { return Ok(Ok(Vec::new())) };
        let position = stored.position.offset;
        if bounds.end < position {
            return Ok(Err(Rebuild::AheadOfLog));
        }
        if position < bounds.start {
            return Ok(Err(Rebuild::RetentionOvertook));
        }
        let behind = position < bounds.end;
        self.behind_end = if behind && self.at_end { self.behind_end + 1 } else { 0 };
        if behind
            && recovery::past_horizon(self.current_at, self.horizon_ms, now)
            && self.state == TaskState::Live
        {
            if !self.rebuilt_for_horizon {
                return Ok(Err(Rebuild::TombstoneHorizon));
            }
            self.horizon_warning = true;
        }
        stored.log_start = stored.log_start.max(bounds.start);
        if self.proofs.len() > 1 {
            self.proofs.truncate(1);
        }
        self.proofs.push((asked_at, bounds.end));
        self.reached_proofs();
        if self.stored.is_some_and(|stored| self.current_at.millis_since(stored.current_at) > PROOF_MS) {
            self.persist()?;
        }
        self.purge().map(Ok)
    }

    /// Reading can't go on for good.
    pub(crate) fn fail(&mut self) {
        self.state = TaskState::Failed;
    }

    fn purge(&mut self) -> Result<Vec<Purged>> {
        let Some(stored) = self.stored else { return Ok(Vec::new()) };
        let prefix = RowPrefix::new(self.store_id, self.source.partition, stored.incarnation);
        let purged = self.purge.step(&*self.store, prefix, stored.log_start, &mut self.batch)?;
        if !purged.is_empty() {
            self.persist_batch()?;
        }
        Ok(purged)
    }

    /// Ends that the position has reached prove the store current at the time they were asked for.
    fn reached_proofs(&mut self) {
        let position = self.position();
        while let Some(&(asked_at, end)) = self.proofs.first() {
            if position < end {
                break;
            }
            self.current_at = self.current_at.max(asked_at);
            self.proofs.remove(0);
        }
    }

    fn reached(&mut self) {
        if self.state == TaskState::CatchingUp && self.position() >= self.target {
            self.state = TaskState::Live;
        }
    }

    fn persist(&mut self) -> Result<()> {
        self.batch.clear();
        self.persist_batch()
    }

    fn persist_batch(&mut self) -> Result<()> {
        let Some(stored) = &mut self.stored else { return Ok(()) };
        stored.current_at = self.current_at;
        self.batch.put(&position_key(self.store_id, self.source.partition), &stored.to_bytes());
        self.store.apply(&self.batch)
    }

    fn load(&mut self, from: ReadFrom, over_existing: bool, facts: &Facts) -> Load {
        let incarnation = match self.stored {
            Some(stored) if over_existing => stored.incarnation,
            Some(stored) => Incarnation(stored.incarnation.0.wrapping_add(1)),
            None => Incarnation(0),
        };
        self.loading = Some((incarnation, facts.asked_at));
        Load {
            task: self.id.clone(),
            store: Arc::clone(&self.store),
            store_id: self.store_id,
            incarnation,
            over_existing,
            key: self.key,
            source: self.source.clone(),
            partitions: self.partitions,
            from,
            until: facts.bounds.end,
            asked_at: facts.asked_at,
        }
    }

    fn empty_record(&self) -> PositionRecord {
        PositionRecord {
            position: Position { topic: self.topic, offset: Offset(0), epoch: -1 },
            incarnation: Incarnation(0),
            current_at: Timestamp::NONE,
            log_start: Offset(0),
            partitioners: ALL_PARTITIONERS,
            null_keys: 0,
        }
    }
}
