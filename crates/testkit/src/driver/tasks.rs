//! The driver's tasks: opened from what they left, run until nothing is left to do, committed.
use std::sync::Arc;

use lentic_engine::TaskId;
use lentic_engine::stream::{
    PartitionBy, Place, PositionsRecord, ProducedRecord, State, StreamTask, TaskError, changelog,
};
use lentic_format::{KeyKind, KeyLayout};
use lentic_store::layout::{Incarnation, PositionRecord, RowPrefix, StoreId, row_header};
use lentic_store::{FamilyId, Store, WriteBatch};
use lentic_topology::Subtopology;
use lentic_topology::spec::{StoreIndex, StoreKind, Topic};
use lentic_types::{
    FormatName, Offset, PartitionId, Position, ShardId, Timestamp, TopicId, TopicName, TopicPartition,
};

use super::TestDriver;

impl TestDriver {
    pub(super) fn open(&mut self) {
        for part in self.plan.clone().subtopologies() {
            for partition in 0..self.plan.tasks(part, &self.partitions) {
                let id = TaskId {
                    query: Arc::clone(self.plan.name()),
                    subtopology: Arc::clone(&part.name),
                    partition: PartitionId(partition),
                };
                let task = self.open_task(&id, part);
                self.tasks.insert(id, task);
            }
        }
    }

    fn open_task(&self, id: &TaskId, part: &Subtopology) -> StreamTask {
        let positions = self.positions.get(id).cloned().unwrap_or_default();
        let store = self.options.database.family(FamilyId::Shard(ShardId(0))).expect("a store");
        let places = part.stores.iter().map(|index| self.place(*index, id.partition, &store, &positions));
        let state = State::open(self.plan.stores(), places.collect(), id.partition).expect("the stores open");
        let globals: Arc<dyn lentic_engine::stream::Globals> = Arc::clone(&self.globals) as _;
        let settings = self.options.settings.clone();
        let mut task = StreamTask::new(id.clone(), &self.plan, part, &self.prefix, state, globals, settings);
        task.set_record_cache(self.options.record_cache_bytes);
        task.set_destinations(Arc::clone(&self.options.destinations));
        if self.positions.contains_key(id) {
            task.restore(&positions);
        }
        for topic in &part.topics {
            if id.partition.0 >= self.partitions[topic] {
                continue;
            }
            let partition = TopicPartition::new(topic.resolve(&self.prefix), id.partition);
            let known = positions.inputs.get(&partition.to_string());
            let (offset, time) = known.map_or((0, -1), |known| (known.offset, known.time));
            task.add_input(partition, TopicId::default(), Offset(offset), lentic_types::Timestamp(time));
        }
        task
    }

    /// Where a store is, rolled forward through its changelog.
    fn place(
        &self,
        index: StoreIndex,
        partition: PartitionId,
        store: &Arc<dyn Store>,
        positions: &PositionsRecord,
    ) -> Place {
        let (id, incarnation, spec) = (StoreId(index.0 as u32 + 1), Incarnation(0), self.plan.store(index));
        let log = TopicPartition::new(changelog(&self.plan, index, &self.prefix), partition);
        let to = positions.changelogs.get(spec.log_name().as_str()).copied().unwrap_or_default();
        if spec.logged {
            let prefix = RowPrefix::new(id, partition, incarnation);
            let mut batch = WriteBatch::default();
            for (offset, record) in self.log.records(&log).iter().enumerate().take(to as usize) {
                let layout = layout(spec.kind, spec.key.format, spec.key.windowed.is_some());
                let (mut key, wire) = (Vec::new(), record.key.as_deref().unwrap_or_default());
                layout.to_store(wire, record.timestamp, &mut key);
                let header = row_header(Offset(offset as u64), record.timestamp);
                let full: [&[u8]; 2] = [prefix.as_bytes(), &key];
                match (layout.kind, record.value.as_deref()) {
                    (KeyKind::Version, value) => {
                        let (flag, value) = lentic_format::version(value);
                        batch.put_parts(&full, &[&header, flag, value]);
                    }
                    (_, Some(value)) => batch.put_parts(&full, &[&header, value]),
                    (_, None) => batch.delete_parts(&full),
                }
            }
            store.apply(&batch).expect("rows are written");
        }
        let record = PositionRecord {
            position: Position { topic: TopicId::default(), offset: Offset(to), epoch: -1 },
            read_to: Offset(to),
            incarnation,
            current_at: self.now,
            log_start: Offset(0),
            partitioners: 1,
            null_keys: 0,
            observed: Timestamp::NONE,
        };
        Place { index, store: Arc::clone(store), id, incarnation, record: spec.logged.then_some(record) }
    }

    /// Runs all tasks until none has anything left to do; how much they did.
    pub(super) fn run(&mut self) -> Result<usize, TaskError> {
        let ids: Vec<_> = self.tasks.keys().cloned().collect();
        let mut all = 0;
        loop {
            let mut count = 0;
            for id in &ids {
                count += self.run_task(id)?;
            }
            if count == 0 {
                return Ok(all);
            }
            all += count;
        }
    }

    fn run_task(&mut self, id: &TaskId) -> Result<usize, TaskError> {
        let task = self.tasks.get_mut(id).expect("the task is there");
        let inputs: Vec<_> = task.inputs().map(|(partition, offset)| (partition.clone(), offset)).collect();
        let mut is_new = false;
        for (partition, offset) in inputs {
            match self.log.read(&partition, offset) {
                Some(batch) => {
                    is_new = true;
                    let end = batch.last_offset().map_or(offset, Offset::next);
                    task.push(&partition, batch);
                    task.end(&partition, end);
                }
                None => task.end(&partition, offset),
            }
        }
        let mut total = usize::from(is_new);
        loop {
            // One at a time: what it produces is in the log before the next is taken.
            let outcome = task.process(self.now, 1);
            for record in task.produced().iter() {
                let partitions = partitions_of(&self.partitions, &self.prefix, record.topic);
                self.log.append_produced(&record, partitions.unwrap_or(self.options.partitions));
            }
            task.produced().clear();
            let wants_commit = task.wants_commit();
            match outcome {
                Ok(0) if !wants_commit => return Ok(total),
                Ok(count) => total += count,
                Err(error) => {
                    self.last_error = Some(error.clone());
                    return Err(error);
                }
            }
            if wants_commit {
                self.commit_task(id);
                self.log.commit();
                return Ok(total + 1);
            }
        }
    }

    pub(super) fn commit_task(&mut self, id: &TaskId) {
        let task = self.tasks.get_mut(id).expect("the task is there");
        let mut records = Vec::new();
        let part = task.prepare(&mut |index, changed| {
            let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
            records.push((index, own(Some(changed.key)), own(changed.value), changed.timestamp));
        });
        let mut part = part.expect("a commit is prepared");
        for record in task.produced().iter() {
            let partitions = partitions_of(&self.partitions, &self.prefix, record.topic);
            self.log.append_produced(&record, partitions.unwrap_or(self.options.partitions));
        }
        task.produced().clear();
        let mut offsets: std::collections::BTreeMap<StoreIndex, Vec<Offset>> =
            std::collections::BTreeMap::new();
        for (index, key, value, timestamp) in &records {
            let topic = task.changelog(*index);
            let record = ProducedRecord {
                topic: &topic,
                by: PartitionBy::Number(id.partition.0),
                key: key.as_deref(),
                value: value.as_deref(),
                timestamp: *timestamp,
                headers: &None,
            };
            let offset = self.log.append(TopicPartition::new(topic.clone(), id.partition), &record);
            offsets.entry(*index).or_default().push(offset);
        }
        let indexes: Vec<_> = task.state().indexes().collect();
        for index in indexes {
            let mut batch = WriteBatch::default();
            let offsets = offsets.remove(&index).unwrap_or_default();
            task.state().write(index, &offsets, self.now, &mut batch);
            let name = self.plan.store(index).log_name().to_string();
            if let Some(position) = task.state().place(index).and_then(Place::position) {
                part.positions.changelogs.insert(name, position.0);
            }
            task.state().family(index).expect("a store").apply(&batch).expect("changes are written");
        }
        task.committed().expect("a commit ends");
        self.positions.insert(id.clone(), part.positions);
    }
}

fn partitions_of(
    known: &std::collections::BTreeMap<Topic, u32>,
    prefix: &str,
    topic: &TopicName,
) -> Option<u32> {
    known.iter().find(|(known, _)| known.resolve(prefix) == *topic).map(|(_, partitions)| *partitions)
}

/// How the keys of a store lie.
pub(crate) fn layout(kind: StoreKind, format: FormatName, is_windowed: bool) -> KeyLayout {
    let kind = match kind {
        StoreKind::KeyValue => KeyKind::Plain,
        StoreKind::Ordered => return KeyLayout::plain(FormatName::Bytes),
        StoreKind::Window { .. } => KeyKind::Window { sequence: true },
        StoreKind::Session { .. } => KeyKind::Session,
        StoreKind::Versioned { .. } => KeyKind::Version,
    };
    KeyLayout::new(if is_windowed { FormatName::Bytes } else { format }, kind)
}
