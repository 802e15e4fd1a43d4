//! Stores that follow their changelogs: the engine's own worker of tables, with a reader for each partition.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_engine::load::{Load, Loader};
use lentic_engine::log::Bounds;
use lentic_engine::stream::Place;
use lentic_engine::{Action, Assignment, Event, Facts, TaskId, TaskState, TaskView, Worker};
use lentic_store::Store;
use lentic_store::layout::{Incarnation, PositionRecord, position_key};
use lentic_topology::spec::StoreIndex;
use lentic_types::{Offset, Position, Timestamp, TopicPartition};

use super::application::{TOPIC_ID, store_id};
use super::rule::Rule;
use super::world::World;
use crate::sim::log::Isolation;

#[derive(Default)]
pub(super) struct Follower {
    worker: Worker,
    reading: BTreeMap<TopicPartition, Offset>,
    loads: Vec<Load>,
    examined: BTreeSet<TaskId>,
    views: BTreeMap<TopicPartition, TaskView>,
}

impl Follower {
    /// Follows a changelog with the rows of this store, if it doesn't yet.
    pub(super) fn follow(
        &mut self,
        world: &mut World,
        index: StoreIndex,
        changelog: &TopicPartition,
        store: Arc<dyn Store>,
    ) {
        if self.views.contains_key(changelog) {
            return;
        }
        self.views.insert(changelog.clone(), TaskView::default());
        let facts = Some(facts(world, changelog));
        let assignment = Assignment {
            task: task(changelog),
            store,
            store_id: store_id(index),
            source: changelog.clone(),
            partitions: world.broker.partitions_of(&changelog.topic),
            key: world.application.layout(index),
            retention_ms: None,
            facts,
        };
        self.handle(world, Event::Assigned(Box::new(assignment)));
    }

    /// Follows it no longer.
    pub(super) fn stop(&mut self, world: &mut World, changelog: &TopicPartition) {
        if self.views.remove(changelog).is_some() {
            self.handle(world, Event::Revoked(task(changelog)));
            self.reading.remove(changelog);
            // What a load wrote after this would lie over what the task writes.
            self.loads.retain(|load| load.source != *changelog);
            self.examined.remove(&task(changelog));
        }
    }

    /// The changelog is followed to here, everything below applied.
    pub(super) fn position(&self, changelog: &TopicPartition) -> Option<Offset> {
        let view = self.views.get(changelog).filter(|view| view.state == TaskState::Live)?;
        Some(view.progress.position)
    }

    /// Takes a store out of the follower's hands: where it is.
    pub(super) fn lead(
        &mut self,
        world: &mut World,
        index: StoreIndex,
        changelog: &TopicPartition,
        store: Arc<dyn Store>,
    ) -> Place {
        let view = self.views.get(changelog).copied().unwrap_or_default();
        self.stop(world, changelog);
        let stored =
            store.get(&position_key(store_id(index), changelog.partition)).expect("memory does not fail");
        let stored = stored.map(|bytes| PositionRecord::from_bytes(&bytes).expect("written by the engine"));
        let mut record = stored.unwrap_or(PositionRecord {
            position: Position { topic: TOPIC_ID, offset: Offset(0), epoch: -1 },
            read_to: Offset(0),
            incarnation: Incarnation(0),
            current_at: world.now,
            log_start: Offset(0),
            partitioners: 1,
            null_keys: 0,
            observed: Timestamp::NONE,
        });
        record.position.offset = record.position.offset.max(view.progress.position);
        record.read_to = record.read_to.max(record.position.offset);
        Place { index, store, id: store_id(index), incarnation: record.incarnation, record: Some(record) }
    }

    /// Some of what there is to do for a changelog.
    pub(super) fn step(&mut self, world: &mut World, changelog: &TopicPartition) {
        if self.examined.remove(&task(changelog)) {
            let facts = facts(world, changelog);
            return self.handle(world, Event::Examined(task(changelog), facts));
        }
        if let Some(place) = self.loads.iter().position(|load| load.source == *changelog) {
            let load = self.loads.remove(place);
            return self.load(world, load);
        }
        let Some(from) = self.reading.get(changelog).copied() else { return };
        let most = 1 + world.random.below(20) as usize;
        let log = world.broker.log(changelog);
        let batch = log.map(|log| log.read(from, most, Isolation::Committed)).unwrap_or_default();
        if let Some(last) = batch.last_offset() {
            self.reading.insert(changelog.clone(), last.next());
            let event = Event::Records { partition: changelog.clone(), batch: Arc::new(batch), epoch: 0 };
            return self.handle(world, event);
        }
        let end = world.broker.end_of(changelog, Isolation::Committed);
        self.reading.insert(changelog.clone(), from.max(end));
        self.handle(world, Event::End { partition: changelog.clone(), offset: from.max(end) });
    }

    fn load(&mut self, world: &mut World, load: Load) {
        let from = load.from.offset().unwrap_or_default();
        let mut loader = Loader::new(load.clone(), 0, world.now);
        let end = world.broker.end_of(&load.source, Isolation::Committed);
        if let Some(log) = world.broker.log(&load.source) {
            let batch = Arc::new(log.read(from, usize::MAX, Isolation::Committed));
            loader.push(batch, 0).expect("memory does not fail");
        }
        let loaded = loader.finish(end).expect("memory does not fail");
        self.handle(world, Event::Loaded(Box::new(load), loaded));
    }

    fn handle(&mut self, world: &mut World, event: Event) {
        let mut actions = Vec::new();
        self.worker.handle(event, world.now, &mut actions);
        for action in actions {
            match action {
                Action::Read { partition, from, .. } => drop(self.reading.insert(partition, from)),
                Action::StopReading(partition) => drop(self.reading.remove(&partition)),
                Action::Load(load) => self.loads.push(*load),
                Action::Examine(task) => drop(self.examined.insert(task)),
                Action::Publish { task: id, view, .. } => {
                    if let Some(known) = self.views.iter_mut().find(|(changelog, _)| task(changelog) == id) {
                        *known.1 = view;
                    }
                }
                Action::Notice(task, notice) => world.note(format!("{task}: {notice:?}")),
                Action::Stop(error) => world.broken(format!("a worker of tables stops: {error}")),
            }
        }
    }
}

fn task(changelog: &TopicPartition) -> TaskId {
    TaskId::of_table(changelog.topic.as_str(), changelog.partition)
}

fn facts(world: &World, changelog: &TopicPartition) -> Facts {
    let isolation =
        if world.keeps(Rule::ChangelogsToTheirEnds) { Isolation::Uncommitted } else { Isolation::Committed };
    let end = world.broker.end_of(changelog, isolation);
    Facts {
        topic: TOPIC_ID,
        bounds: Bounds { start: Offset(0), end },
        epoch_below: Some(0),
        horizon_ms: None,
        asked_at: world.now,
    }
}
