//! The task that keeps one partition of a table over a topic: its rows are the fold of the retained log.
use std::sync::Arc;

use lentic_format::KeyLayout;
use lentic_store::layout::{Incarnation, PositionRecord, RowPrefix, StoreId, position_key, row_header};
use lentic_store::{Result, Store, WriteBatch};
use lentic_types::{Offset, Position, RecordBatch, Timestamp, TopicId, TopicPartition};

use crate::load::{ALL_PARTITIONERS, Load, Loaded, held, narrow_partitioners, observed, ordered};
use crate::log::{Bounds, ReadFrom};
use crate::purge::{Limit, Purge, Purged};
use crate::recovery::{self, Facts, Rebuild, Recovery};
use crate::worker::{Assignment, Leap};
use crate::{TaskId, TaskState, TaskView};

/// Above this many records behind, sorting and ingesting is the faster way to catch up.
const BULK_LAG: u64 = 50_000;

/// How long a proof of being current may be newer in memory than in the store.
const PROOF_MS: u64 = 10_000;

/// What to do next for a task that has been examined.
pub(crate) enum Next {
    Read,
    Load(Load),
}

/// What keeps a task from applying records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    /// Nothing.
    No,
    /// Facts were asked for; they speak of the position as it is.
    Facts,
    /// The load under way. There is never a second one: what both wrote would get mixed.
    Load(Incarnation, Timestamp),
}

pub(crate) struct TableTask {
    id: TaskId,
    store: Arc<dyn Store>,
    store_id: StoreId,
    source: TopicPartition,
    partitions: u32,
    key: KeyLayout,
    retention_ms: Option<u64>,
    horizon_ms: Option<u64>,
    /// What the store holds; `None` until the first build is whole.
    stored: Option<PositionRecord>,
    /// The creation of the topic that is being read.
    topic: TopicId,
    state: TaskState,
    busy: Busy,
    /// The topic changed since the facts were asked for: they have to be asked for again.
    stale_facts: bool,
    /// The store may not be continued, whatever the next facts say.
    distrust: Option<Rebuild>,
    end: Offset,
    /// The log's start when last examined, and when that was asked for.
    log_start: Offset,
    examined_at: Timestamp,
    target: Offset,
    current_at: Timestamp,
    /// Ends and when they were asked for: reaching one proves the store current at that time. At most two, ascending.
    proofs: Vec<(Timestamp, Offset)>,
    /// Where the task stood at a moment: an end asked for later that lies below has lost records.
    stood: (Timestamp, Offset),
    /// When the store was last current before it fell behind: deletes may have vanished since, until it has caught up.
    behind_since: Option<Timestamp>,
    /// The reader stands at an end, and how many times in a row the log's end was found beyond it.
    at_end: bool,
    behind_end: u32,
    purge: Purge,
    /// The incarnation before this one: removed when nobody can have been shown it any more.
    obsolete: Option<Incarnation>,
    /// Rebuilt because of the horizon, and not proven current within it since: not a second time.
    rebuilt_for_horizon: bool,
    /// Another node's rows were taken over or tried, and the task was not live since: not a second time.
    seeded: bool,
    horizon_warning: bool,
    batch: WriteBatch,
    scratch: Vec<u8>,
}

impl TableTask {
    pub(crate) fn new(assignment: Assignment) -> Result<Self> {
        let Assignment { task, store, store_id, source, partitions, key, retention_ms, facts } = assignment;
        let stored = store
            .get(&position_key(store_id, source.partition))?
            .map(|bytes| PositionRecord::from_bytes(&bytes))
            .transpose()?;
        // What a crash in a build, or between it and the removal of its predecessor, left.
        for range in RowPrefix::other_incarnations(store_id, source.partition, stored.map(|s| s.incarnation))
        {
            store.delete_range(range)?;
        }
        Ok(Self {
            id: task,
            store,
            store_id,
            source,
            partitions,
            key,
            retention_ms,
            horizon_ms: facts.and_then(|facts| facts.horizon_ms),
            current_at: stored.map_or(Timestamp::NONE, |stored| stored.current_at),
            stored,
            topic: facts.map_or(TopicId::default(), |facts| facts.topic),
            state: TaskState::Starting,
            busy: Busy::No,
            stale_facts: false,
            distrust: None,
            end: Offset(0),
            log_start: Offset(0),
            examined_at: Timestamp::NONE,
            target: Offset(0),
            proofs: Vec::new(),
            stood: (Timestamp::NONE, Offset(0)),
            behind_since: None,
            at_end: false,
            behind_end: 0,
            purge: Purge::default(),
            obsolete: None,
            rebuilt_for_horizon: false,
            seeded: false,
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
        matches!(self.state, TaskState::Live | TaskState::CatchingUp) && self.is_idle()
    }

    /// Whether neither facts nor a load are awaited.
    pub(crate) fn is_idle(&self) -> bool {
        self.busy == Busy::No
    }

    pub(crate) fn await_facts(&mut self) {
        self.busy = Busy::Facts;
        self.stale_facts = false;
    }

    pub(crate) fn awaits_facts(&self) -> bool {
        self.busy == Busy::Facts
    }

    pub(crate) fn facts_turn_stale(&mut self) {
        self.stale_facts = true;
    }

    pub(crate) fn facts_are_stale(&self) -> bool {
        self.stale_facts
    }

    pub(crate) fn is_distrusted(&self) -> bool {
        self.distrust.is_some()
    }

    /// The first reason stays.
    pub(crate) fn distrust(&mut self, reason: Rebuild) {
        self.distrust.get_or_insert(reason);
    }

    /// The next offset to apply.
    fn position(&self) -> Offset {
        self.stored.map_or(Offset(0), |stored| stored.position.offset)
    }

    /// From where to read, and the epoch below: what the log can compare with its own. What was passed over since the
    /// last record is passed over again.
    pub(crate) fn read_from(&self) -> (Offset, i32) {
        match self.stored {
            Some(stored) if stored.read_to >= self.log_start => (stored.read_to, stored.position.epoch),
            Some(stored) => (stored.position.offset, -1),
            None => (Offset(0), -1),
        }
    }

    /// Whether the operator is to be warned, once.
    pub(crate) fn take_horizon_warning(&mut self) -> bool {
        std::mem::take(&mut self.horizon_warning)
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
            purged: self.purge.done(),
            partitioners: stored.partitioners,
            null_keys: stored.null_keys,
            blocked: self.behind_end > 1 && stored.position.offset < self.end,
            oldest: self.oldest(),
        }
    }

    /// The oldest time beside keys that is shown.
    fn oldest(&self) -> Option<Timestamp> {
        let observed = self.stored?.observed;
        let retention = i64::try_from(self.retention_ms?).unwrap_or(i64::MAX);
        (observed != Timestamp::NONE)
            .then(|| Timestamp(observed.0.saturating_sub(retention).saturating_add(1)))
    }

    /// Decides what to do with the state that is there. Called at assignment, and again whenever reading on from
    /// the position turned out to be impossible.
    pub(crate) fn examine(
        &mut self,
        facts: &Facts,
        now: Timestamp,
        seeds_from: u64,
    ) -> Result<(Next, Option<Rebuild>)> {
        self.topic = facts.topic;
        self.horizon_ms = facts.horizon_ms;
        self.end = facts.bounds.end;
        self.target = facts.bounds.end;
        self.log_start = facts.bounds.start;
        self.examined_at = facts.asked_at;
        self.at_end = false;
        self.busy = Busy::No;
        self.proofs = vec![(facts.asked_at, facts.bounds.end)];
        let distrust = self.distrust.take();
        let decision = match (recovery::decide(self.stored.as_ref(), facts, now), distrust) {
            (Recovery::Continue(_), Some(reason)) => Recovery::Rebuild(reason),
            (decision, _) => decision,
        };
        let reason = match decision {
            Recovery::Continue(position) => return Ok((self.go_on(position, facts, now), None)),
            Recovery::Fresh => None,
            Recovery::Rebuild(reason) => Some(reason),
        };
        self.rebuilt_for_horizon |= reason == Some(Rebuild::TombstoneHorizon);
        self.state = if self.stored.is_some() { TaskState::Rebuilding } else { TaskState::Restoring };
        // What another node has is no better where the log itself is another one than the rows were built from.
        let helps = matches!(
            reason,
            None | Some(Rebuild::RetentionOvertook | Rebuild::TombstoneHorizon | Rebuild::TopicRecreated)
        );
        let records = facts.bounds.end.0.saturating_sub(facts.bounds.start.0);
        let mut load = self.load(ReadFrom::Start, false, facts);
        load.seedable = helps && !self.seeded && records >= seeds_from;
        // An attempt that failed may have left rows of another.
        let current = self.stored.map(|stored| stored.incarnation);
        for range in RowPrefix::other_incarnations(self.store_id, self.source.partition, current) {
            self.store.delete_range(range)?;
        }
        self.obsolete = None;
        Ok((Next::Load(load), reason))
    }

    /// The store is a prefix of the log.
    fn go_on(&mut self, position: Offset, facts: &Facts, now: Timestamp) -> Next {
        // Once caught up, a task stays so.
        if self.state != TaskState::Live {
            self.state = TaskState::CatchingUp;
        }
        if let Some(stored) = &mut self.stored {
            stored.log_start = stored.log_start.max(facts.bounds.start);
        }
        if position < facts.bounds.end {
            self.behind_since.get_or_insert(self.current_at);
        }
        self.reached_proofs(now);
        self.reached(now);
        if facts.bounds.end.0.saturating_sub(position.0) > BULK_LAG {
            let (offset, epoch) = self.read_from();
            Next::Load(self.load(ReadFrom::Position { offset, epoch }, true, facts))
        } else {
            Next::Read
        }
    }

    /// Whether this load is the one under way: one that was decided before a later examination is stale.
    pub(crate) fn expects(&self, load: &Load) -> bool {
        self.busy == Busy::Load(load.incarnation, load.asked_at) && self.store_id == load.store_id
    }

    pub(crate) fn load_failed(&mut self, load: &Load) {
        self.busy = Busy::No;
        self.seeded |= load.seedable;
    }

    /// Another node's rows are whole: they become the ones that are read, as far as the next facts allow. Tells how they differ
    /// from the ones before.
    pub(crate) fn seeded(&mut self, told: &PositionRecord, load: &Load) -> Result<Option<Leap>> {
        self.busy = Busy::No;
        self.seeded = true;
        let old = self.stored.replace(PositionRecord { incarnation: load.incarnation, ..*told });
        self.current_at = told.current_at;
        self.stood = (Timestamp::NONE, Offset(0));
        self.proofs.clear();
        self.behind_since = None;
        self.purge = Purge::default();
        self.persist()?;
        self.store.flush()?;
        self.obsolete = old.map(|old| old.incarnation);
        Ok(old.map(|_| Leap::Rebuilt))
    }

    /// The load is whole: its rows become the ones that are read. Tells how they differ from the ones before.
    pub(crate) fn loaded(&mut self, loaded: &Loaded, load: &Load, now: Timestamp) -> Result<Option<Leap>> {
        self.busy = Busy::No;
        let old = self.stored;
        let over_existing = load.over_existing;
        let mut record = match old {
            Some(old) if over_existing => old,
            _ => PositionRecord { incarnation: load.incarnation, ..self.empty_record() },
        };
        record.position = Position { topic: self.topic, offset: loaded.position, epoch: loaded.epoch };
        record.read_to = loaded.read_to;
        record.partitioners &= loaded.partitioners;
        record.null_keys += loaded.null_keys;
        record.observed = record.observed.max(loaded.observed);
        self.horizon_warning |= recovery::past_horizon(loaded.began_at, self.horizon_ms, now);
        record.log_start = record.log_start.max(self.log_start);
        self.stored = Some(record);
        self.stood = (Timestamp::NONE, Offset(0));
        let leap = match old {
            Some(old) if old.incarnation != record.incarnation => {
                self.obsolete = Some(old.incarnation);
                Some(Leap::Rebuilt)
            }
            Some(old) if old.position.offset < record.position.offset => Some(Leap::CaughtUpInBulk),
            _ => None,
        };
        if !over_existing {
            // The pass was over other rows; the new ones have seen every tombstone up to here.
            self.purge = Purge::default();
            self.behind_since = Some(loaded.began_at);
        }
        self.reached_proofs(now);
        self.persist()?;
        self.store.flush()?;
        if self.state != TaskState::Live {
            self.state = TaskState::CatchingUp;
        }
        self.reached(now);
        Ok(leap)
    }

    /// Applies the records at or above the position; rows and position in one batch. Returns the offset from which
    /// on the batch was new, `None` if nothing was.
    pub(crate) fn apply(
        &mut self,
        records: &RecordBatch,
        epoch: i32,
        now: Timestamp,
    ) -> Result<Option<Offset>> {
        let Some(last) = records.last_offset() else { return Ok(None) };
        let Some(mut stored) = self.stored else { return Ok(None) };
        let from = stored.position.offset;
        if last < from || (self.state == TaskState::Live && self.has_missed_deletes(self.current_at, now)) {
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
                let inner = self.key.inner(key);
                stored.partitioners =
                    narrow_partitioners(stored.partitioners, inner, &self.source, self.partitions);
            }
            stored.observed = stored.observed.max(observed(self.key, key, record.timestamp));
            let key = ordered(self.key, key, record.timestamp, &mut self.scratch);
            match held(self.key, record.value) {
                Some((flag, value)) => self.batch.put_parts(
                    &[prefix.as_bytes(), key],
                    &[&row_header(record.offset, record.timestamp), flag, value],
                ),
                None => self.batch.delete_parts(&[prefix.as_bytes(), key]),
            }
        }
        stored.position = Position { topic: self.topic, offset: last.next(), epoch };
        stored.read_to = last.next();
        self.stored = Some(stored);
        self.at_end = false;
        self.reached_proofs(now);
        self.persist_batch()?;
        self.reached(now);
        Ok(Some(from))
    }

    /// The reader has passed everything below `offset`, markers and aborted records included.
    pub(crate) fn end(&mut self, offset: Offset, now: Timestamp) {
        let Some(stored) = &mut self.stored else { return };
        stored.position.offset = stored.position.offset.max(offset);
        self.at_end = stored.position.offset == offset;
        self.reached_proofs(now);
        self.reached(now);
    }

    /// The log's bounds as asked for at `asked_at`. `Err`: the store can't be continued, or so it seems.
    pub(crate) fn bounds(
        &mut self,
        bounds: Bounds,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> Result<Result<(), Rebuild>> {
        if asked_at <= self.examined_at {
            // They may speak of another creation of the topic.
            return Ok(Ok(()));
        }
        self.end = bounds.end;
        if let Some(obsolete) = self.obsolete.take() {
            let prefix = RowPrefix::new(self.store_id, self.source.partition, obsolete);
            self.store.delete_range(prefix.range())?;
        }
        let Some(stored) = &mut self.stored else { return Ok(Ok(())) };
        let position = stored.position.offset;
        let (stood_at, stood) = std::mem::replace(&mut self.stood, (now, position));
        if stood_at < asked_at && bounds.end < stood {
            return Ok(Err(Rebuild::AheadOfLog));
        }
        if position < bounds.start {
            return Ok(Err(Rebuild::RetentionOvertook));
        }
        let behind = position < bounds.end;
        self.behind_end = if behind && self.at_end { self.behind_end + 1 } else { 0 };
        if behind && self.state == TaskState::Live && self.has_missed_deletes(self.current_at, now) {
            return Ok(Err(Rebuild::TombstoneHorizon));
        }
        let Some(stored) = &mut self.stored else { return Ok(Ok(())) };
        stored.log_start = stored.log_start.max(bounds.start);
        if self.proofs.len() > 1 {
            self.proofs.truncate(1);
        }
        self.proofs.push((asked_at, bounds.end));
        self.reached_proofs(now);
        if self.stored.is_some_and(|stored| self.current_at.millis_since(stored.current_at) > PROOF_MS) {
            self.persist()?;
        }
        Ok(Ok(()))
    }

    /// Reading can't go on for good.
    pub(crate) fn fail(&mut self) {
        self.state = TaskState::Failed;
    }

    /// Removes rows that the log no longer holds, looking at no more than `rows` rows.
    pub(crate) fn purge(&mut self, rows: &mut usize) -> Result<Vec<Purged>> {
        let Some(stored) = self.stored else { return Ok(Vec::new()) };
        let prefix = RowPrefix::new(self.store_id, self.source.partition, stored.incarnation);
        let limit = Limit { log_start: stored.log_start, oldest: self.oldest() };
        let purged = self.purge.step(&*self.store, prefix, self.key, limit, rows, &mut self.batch)?;
        if !self.batch.is_empty() {
            self.persist_batch()?;
        }
        Ok(purged)
    }

    /// Ends that the position has reached prove the store current at the time they were asked for.
    fn reached_proofs(&mut self, now: Timestamp) {
        let position = self.position();
        while let Some(&(asked_at, end)) = self.proofs.first() {
            if position < end {
                break;
            }
            self.current_at = self.current_at.max(asked_at);
            self.proofs.remove(0);
        }
        if !recovery::past_horizon(self.current_at, self.horizon_ms, now) {
            self.rebuilt_for_horizon = false;
        }
    }

    fn reached(&mut self, now: Timestamp) {
        if self.state == TaskState::CatchingUp && self.position() >= self.target {
            let since = self.behind_since.take();
            if !since.is_some_and(|since| self.has_missed_deletes(since, now)) {
                self.state = TaskState::Live;
                self.seeded = false;
            }
        }
    }

    /// Whether a store that was last current at `since` may have missed deletes, so that it must be built again. If it
    /// was just built for that reason, the operator is warned instead.
    fn has_missed_deletes(&mut self, since: Timestamp, now: Timestamp) -> bool {
        let missed = recovery::past_horizon(since, self.horizon_ms, now);
        if missed && self.rebuilt_for_horizon {
            self.horizon_warning = true;
            return false;
        }
        if missed {
            self.distrust(Rebuild::TombstoneHorizon);
        }
        missed
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
            // No two builds share one: a load of a task before this one, which was taken away meanwhile, may still write.
            stored => {
                let next = Incarnation(facts.asked_at.0 as u32);
                let is_taken = stored.is_some_and(|stored| stored.incarnation == next);
                if is_taken { Incarnation(next.0.wrapping_add(1)) } else { next }
            }
        };
        self.busy = Busy::Load(incarnation, facts.asked_at);
        Load {
            task: self.id.clone(),
            store: Arc::clone(&self.store),
            store_id: self.store_id,
            incarnation,
            over_existing,
            seedable: false,
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
            read_to: Offset(0),
            incarnation: Incarnation(0),
            current_at: Timestamp::NONE,
            log_start: Offset(0),
            partitioners: ALL_PARTITIONERS,
            null_keys: 0,
            observed: Timestamp::NONE,
        }
    }
}
