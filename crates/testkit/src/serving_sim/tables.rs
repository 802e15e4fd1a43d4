//! The partitions that are on a process: the real worker, over the simulated log and disk.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_engine::load::{Load, Loader};
use lentic_engine::log::Bounds;
use lentic_engine::{Action, Assignment, Event, Facts, TaskId, TaskView, Worker};
use lentic_format::KeyLayout;
use lentic_store::layout::{RowPrefix, RowView, StoreId};
use lentic_store::{FamilyId, KeyRange, Order};
use lentic_types::{FormatName, Offset, PartitionId, Timestamp, TopicId};

use super::world::{TABLE, World, source};
use crate::sim::Disk;
use crate::sim::log::Isolation;

const STORE: StoreId = StoreId(7);
const TOPIC: TopicId = TopicId([1; 16]);

/// The store's keys and rows of a partition.
pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Default)]
pub(super) struct Tables {
    worker: Worker,
    places: BTreeMap<PartitionId, Place>,
}

/// A partition that is here.
#[derive(Default)]
struct Place {
    view: TaskView,
    /// The reader's position.
    reading: Option<Offset>,
    loads: Vec<Load>,
    /// Facts are wanted.
    examine: bool,
    /// Ends that the log has told, and the worker has not heard of yet.
    bounds: Option<(Timestamp, Bounds)>,
}

impl Tables {
    pub(super) fn view(&self, partition: PartitionId) -> Option<TaskView> {
        self.places.get(&partition).map(|place| place.view)
    }

    pub(super) fn partitions(&self) -> Vec<PartitionId> {
        self.places.keys().copied().collect()
    }

    /// A partition comes, and goes on where the disk has it.
    pub(super) fn add(&mut self, world: &World, disk: &Disk, partition: PartitionId) {
        self.places.insert(partition, Place::default());
        let assignment = Assignment {
            task: task(partition),
            store: disk.family(FamilyId::Shard(world.shard_of(partition))),
            store_id: STORE,
            source: source(partition),
            partitions: world.partitions,
            key: KeyLayout::plain(FormatName::String),
            retention_ms: None,
            facts: None,
        };
        self.handle(world, Event::Assigned(Box::new(assignment)));
    }

    /// A partition leaves; its rows stay on the disk.
    pub(super) fn remove(&mut self, world: &World, partition: PartitionId) {
        self.handle(world, Event::Revoked(task(partition)));
        self.places.remove(&partition);
    }

    /// One of the things that the log does for a partition.
    pub(super) fn step(&mut self, world: &mut World, disk: &Disk, partition: PartitionId) {
        let Some(place) = self.places.get_mut(&partition) else { return };
        if std::mem::take(&mut place.examine) {
            let facts = facts(world, disk, partition);
            return self.handle(world, Event::Examined(task(partition), facts));
        }
        if let Some(load) = place.loads.pop() {
            return self.load(world, partition, load);
        }
        match world.random.below(4) {
            0 => place.bounds = Some((world.now, bounds(world, partition))),
            1 => {
                if let Some((asked_at, bounds)) = place.bounds.take() {
                    self.handle(world, Event::Bounds(asked_at, vec![(source(partition), bounds)]));
                }
            }
            _ => self.read(world, partition),
        }
    }

    /// Some of the records that the reader would return, and the end if it has come there.
    fn read(&mut self, world: &mut World, partition: PartitionId) {
        let Some(from) = self.places.get(&partition).and_then(|place| place.reading) else { return };
        let most = 1 + world.random.below(4) as usize;
        let source = source(partition);
        let read = world.broker.log(&source).map(|log| {
            let (batch, end) = (log.read(from, most, Isolation::Committed), log.stable_end());
            let read_to = batch.last_offset().map_or(end, Offset::next);
            let is_at_end = log.records(read_to, Isolation::Committed).next().is_none();
            (batch, if is_at_end { end.max(read_to) } else { read_to }, is_at_end)
        });
        let Some((batch, read_to, is_at_end)) = read else {
            return self.handle(world, Event::End { partition: source, offset: Offset(0) });
        };
        if let Some(place) = self.places.get_mut(&partition) {
            place.reading = Some(read_to);
        }
        if !batch.is_empty() {
            let batch = Arc::new(batch);
            self.handle(world, Event::Records { partition: source.clone(), batch, epoch: 0 });
        }
        if is_at_end {
            self.handle(world, Event::End { partition: source, offset: read_to });
        }
    }

    fn load(&mut self, world: &World, partition: PartitionId, load: Load) {
        let mut loader = Loader::new(load.clone(), 0, world.now);
        let end = world.end(partition);
        let from = load.from.offset().unwrap_or_default();
        if let Some(log) = world.broker.log(&source(partition)) {
            let batch = log.read(from, usize::MAX, Isolation::Committed);
            if !batch.is_empty() {
                loader.push(Arc::new(batch), 0).expect("the model's disk does not fail");
            }
        }
        let loaded = loader.finish(end).expect("the model's disk does not fail");
        self.handle(world, Event::Loaded(Box::new(load), loaded));
    }

    fn handle(&mut self, world: &World, event: Event) {
        let mut actions = Vec::new();
        self.worker.handle(event, world.now, &mut actions);
        for action in actions {
            match action {
                Action::Read { partition, from, .. } => {
                    self.place(partition.partition).reading = Some(from);
                }
                Action::StopReading(partition) => self.place(partition.partition).reading = None,
                Action::Load(load) => self.place(load.task.partition).loads.push(*load),
                Action::Examine(task) => self.place(task.partition).examine = true,
                Action::Publish { task, view, .. } => self.place(task.partition).view = view,
                Action::Notice(..) => {}
                Action::Stop(error) => panic!("the worker stops: {error}"),
            }
        }
    }

    fn place(&mut self, partition: PartitionId) -> &mut Place {
        self.places.entry(partition).or_default()
    }

    /// The row of a key: its offset and value.
    pub(super) fn row(
        &self,
        world: &World,
        disk: &Disk,
        partition: PartitionId,
        key: &str,
    ) -> Option<(Offset, u64)> {
        let view = self.view(partition)?;
        let mut full = RowPrefix::new(STORE, partition, view.incarnation).as_bytes().to_vec();
        full.extend_from_slice(key.as_bytes());
        let family = disk.family(FamilyId::Shard(world.shard_of(partition)));
        let row = family.get(&full).expect("the model's disk does not fail")?;
        let row = RowView::read(&row).expect("rows have headers");
        Some((row.offset, number(row.value)))
    }

    /// All rows of a partition, byte for byte.
    pub(super) fn rows(&self, world: &World, disk: &Disk, partition: PartitionId) -> Rows {
        let incarnation = self.view(partition).map(|view| view.incarnation).unwrap_or_default();
        let prefix = RowPrefix::new(STORE, partition, incarnation);
        let family = disk.family(FamilyId::Shard(world.shard_of(partition)));
        let range: KeyRange = prefix.range();
        let mut cursor = family.cursor(range, Order::Ascending).expect("the model's disk does not fail");
        let mut rows = Rows::new();
        while let Some((key, value)) = cursor.next().expect("the model's disk does not fail") {
            rows.insert(RowPrefix::strip(key).to_vec(), value.to_vec());
        }
        rows
    }
}

fn task(partition: PartitionId) -> TaskId {
    TaskId::of_table(TABLE, partition)
}

fn bounds(world: &World, partition: PartitionId) -> Bounds {
    Bounds { start: Offset(0), end: world.broker.end_of(&source(partition), Isolation::Uncommitted) }
}

fn facts(world: &World, disk: &Disk, partition: PartitionId) -> Facts {
    let stored = disk.position(FamilyId::Shard(world.shard_of(partition)), STORE, partition);
    Facts {
        topic: TOPIC,
        bounds: bounds(world, partition),
        epoch_below: stored.filter(|stored| stored.read_to > Offset(0)).map(|_| 0),
        horizon_ms: None,
        asked_at: world.now,
    }
}

/// A value as it is written.
pub(super) fn number(bytes: &[u8]) -> u64 {
    std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).expect("written by the simulation")
}
