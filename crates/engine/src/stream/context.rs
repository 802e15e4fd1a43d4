//! What an operator sees of its task while it runs.
use lentic_topology::spec::{Clock, Origin, RecordContext, StoreIndex};
use lentic_topology::{Payload, Policy, Record};
use lentic_types::{Timestamp, TopicName};

use super::lookup::Lookup;
use super::record_cache::{TableRow, Update};
use super::task::{Core, Reading, Refused, Runtime, Schedule};
use super::{Destination, Globals, Produced, State, TaskError, TaskSettings};

/// Times that an operator keeps for each of its inputs beyond a restart: as many as it needs, -1 before they are set.
pub(crate) const SLOTS: usize = 4;

/// Handed to an operator with each record.
pub struct Context<'a> {
    pub(super) runtime: &'a mut Runtime,
    pub(super) node: usize,
    /// Where the times begin that it sees of those that the operator keeps.
    pub(super) first_slot: usize,
}

impl Context<'_> {
    /// Passes a record on to all who follow, in the order in which they were added.
    pub fn forward(&mut self, record: Record) -> Result<(), TaskError> {
        self.runtime.forward(self.node, record)
    }

    /// Passes a record on to the one of this number.
    pub fn forward_to(&mut self, output: usize, record: Record) -> Result<(), TaskError> {
        self.runtime.forward_to(self.node, output, record)
    }

    /// Whether changes of one row of this operator's table are merged before they go on.
    pub(crate) fn merges(&self) -> bool {
        let core = &self.runtime.core;
        core.cache.is_on() && core.nodes[self.node].is_cached
    }

    /// Passes on the change of a row of this operator's table, which is in the store already: at once, or, where changes are
    /// merged, with those that follow. `row`: by which the row goes among this operator's. `before`: what it was before;
    /// asked for only where changes are merged. `bytes`: of its new value.
    pub(crate) fn forward_row(
        &mut self,
        row: &[u8],
        record: Record,
        before: TableRow,
        bytes: usize,
    ) -> Result<(), TaskError> {
        if !self.merges() {
            return self.forward(record);
        }
        let core = &mut self.runtime.core;
        if core.nodes[self.node].outputs.is_empty() {
            return Ok(());
        }
        let mut update = Update::new(row, record, before, bytes);
        update.reading = core.current.as_ref().map(Reading::without_raw);
        // Only this operator's: what waits elsewhere may be on its way to here.
        if core.cache.put(self.node, update) { self.runtime.flush(self.node) } else { Ok(()) }
    }

    /// The row of a key at a table whose changes this operator takes: as far as it was told of them.
    pub(crate) fn told(&mut self, table: &Lookup, key: &Payload) -> Result<TableRow, TaskError> {
        let Core { state, cache, .. } = &mut self.runtime.core;
        table.told(state, cache, key)
    }

    /// The task's stores.
    pub fn state(&mut self) -> &mut State {
        &mut self.runtime.core.state
    }

    /// Whether the values before are wanted by who follows.
    pub fn sends_old(&self) -> bool {
        self.runtime.core.nodes[self.node].sends_old
    }

    /// A time that this operator keeps beyond a restart; -1 before it is set.
    pub fn slot(&mut self, number: usize) -> &mut i64 {
        &mut self.runtime.core.slots[self.node][self.first_slot + number]
    }

    /// The same with times of its own for each of the operator's inputs.
    pub(crate) fn of_input(&mut self, port: usize) -> Context<'_> {
        Context { runtime: &mut *self.runtime, node: self.node, first_slot: port * SLOTS }
    }

    /// The operator's own stream time, moved on by a record's time: the greatest that it has seen.
    pub fn observe(&mut self, timestamp: Timestamp) -> i64 {
        let time = self.slot(0);
        *time = (*time).max(timestamp.0);
        *time
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.runtime.core.now
    }

    /// The task's stream time.
    pub fn stream_time(&self) -> Timestamp {
        self.runtime.core.stream_time
    }

    /// What tasks go by.
    pub fn settings(&self) -> &TaskSettings {
        &self.runtime.core.settings
    }

    /// A record was dropped by the rules (null key, too late): counted.
    pub fn drop_record(&mut self) {
        self.runtime.core.dropped += 1;
    }

    /// Where the record being processed was read.
    pub fn origin(&self) -> Option<Origin> {
        self.runtime.core.origin()
    }

    /// What a function is told of the record that it is called for.
    pub(crate) fn record_context<'r>(&self, record: &'r Record) -> RecordContext<'r> {
        let (partition, offset) = match &self.runtime.core.current {
            Some(reading) => reading.place(),
            None => (self.partition(), -1),
        };
        RecordContext { timestamp: record.timestamp, headers: &record.headers, partition, offset }
    }

    /// This task's partition.
    pub fn partition(&self) -> u32 {
        self.runtime.core.id.partition.0
    }

    /// The tables that every node has whole.
    pub fn globals(&self) -> &dyn Globals {
        &*self.runtime.core.globals
    }

    /// What is known of a topic that is written to.
    pub fn destination(&self, topic: &TopicName) -> Destination {
        self.runtime.core.destinations.find(topic)
    }

    /// A result that can't be written: left out, where the operator's policy or the one that it inherits says so.
    pub(super) fn refuse(&mut self, own: Policy, refused: Refused<'_>) -> Result<(), TaskError> {
        let core = &mut self.runtime.core;
        if core.settings.production.continues(own) { core.leave_out(refused) } else { Err(refused.error) }
    }

    /// Records on their way out.
    pub fn produced(&mut self) -> &mut Produced {
        &mut self.runtime.core.produced
    }

    /// Commits as soon as this record is through.
    pub fn request_commit(&mut self) {
        self.runtime.core.commit_requested = true;
    }

    /// Sets a schedule of this operator; returns its number.
    pub fn schedule(&mut self, interval_ms: i64, clock: Clock) -> u32 {
        let node = self.node;
        let core: &mut Core = &mut self.runtime.core;
        let interval_ms = interval_ms.max(1);
        let next = match clock {
            // Aligned to 0, and due as soon as the stream time is known.
            Clock::StreamTime if !core.goes_on || core.stream_time.0 < 0 => 0,
            Clock::StreamTime => (core.stream_time.0 / interval_ms + 1) * interval_ms,
            Clock::WallClock => core.now.0 + interval_ms,
        };
        let number = core.next_schedule;
        core.next_schedule += 1;
        core.schedule_order += 1;
        core.schedules.push(Schedule { node, number, interval_ms, clock, next, order: core.schedule_order });
        number
    }

    /// Ends a schedule.
    pub fn cancel(&mut self, number: u32) {
        let node = self.node;
        self.runtime.core.schedules.retain(|schedule| schedule.node != node || schedule.number != number);
    }

    /// The bytes of a key; `None` for null.
    pub fn bytes(
        &self,
        codec: &lentic_topology::Codec,
        payload: Option<&Payload>,
    ) -> Result<Option<Vec<u8>>, TaskError> {
        codec.to_bytes(payload).map_err(TaskError::Unencodable)
    }

    /// Whether a payload stands for something else than Kafka's null.
    pub fn has_bytes(
        &self,
        codec: &lentic_topology::Codec,
        payload: Option<&Payload>,
    ) -> Result<bool, TaskError> {
        codec.has_bytes(payload).map_err(TaskError::Unencodable)
    }

    /// The row of a key in a key-value store, decoded.
    pub(crate) fn row(
        &mut self,
        store: StoreIndex,
        key: &[u8],
        codec: &lentic_topology::Codec,
    ) -> Result<Option<(Payload, Timestamp)>, TaskError> {
        let Some(row) = self.state().get(store, key)? else { return Ok(None) };
        let value = codec.decode(Some(row.value)).map_err(TaskError::Undecodable)?;
        Ok(value.map(|value| (value, row.timestamp)))
    }
}
