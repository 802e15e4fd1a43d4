//! What has to be true of a cluster at rest, whatever happened before.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_cluster::HolderRecord;
use lentic_engine::TaskId;
use lentic_engine::stream::{Place, PositionsRecord, State};
use lentic_format::{KeyKind, KeyLayout};
use lentic_store::layout::{Incarnation, RowPrefix, RowView, row_header};
use lentic_store::{FamilyId, KeyRange, Order, Store};
use lentic_topology::spec::{StoreIndex, StoreKind, StoreSpec};
use lentic_types::{Offset, ShardId, TopicPartition};

use super::SimCluster;
use super::application::{Application, store_id};
use super::follower::Follower;
use crate::sim::Disk;
use crate::sim::log::{Isolation, Outgoing, PartitionLog};

/// Keys and values as they lie in a store.
type Bytes = BTreeMap<Vec<u8>, Vec<u8>>;

impl SimCluster {
    pub(super) fn check(&mut self) -> Result<(), String> {
        for shard in self.world.application.tasks.keys().copied().collect::<Vec<_>>() {
            self.one_process_commits(shard)?;
            for task in self.world.application.tasks_of(shard).to_vec() {
                self.check_task(shard, &task)?;
            }
        }
        Ok(())
    }

    /// In the order of the log: who has claimed a shard last is the only one whose commits touch it, and a generation is one
    /// node's.
    fn one_process_commits(&self, shard: ShardId) -> Result<(), String> {
        let partition = self.world.application.shard_partition(shard);
        let Some(log) = self.world.broker.log(&partition) else { return Ok(()) };
        let mut claim: Option<HolderRecord> = None;
        for (offset, record, by) in log.records(Offset(0), Isolation::Committed) {
            let value = record.value.as_deref().unwrap_or_default();
            let at = || format!("{partition} at {offset}, written by {by}");
            if record.key.as_deref() == Some(HolderRecord::KEY) {
                let next = HolderRecord::from_bytes(value)?;
                if let Some(last) = &claim {
                    let is_ordered = next.generation > last.generation
                        || next.generation == last.generation && next.process.node == last.process.node;
                    if !is_ordered {
                        return Err(format!("{}: {next:?} after {last:?}", at()));
                    }
                }
                claim = Some(next);
                continue;
            }
            let positions = PositionsRecord::from_bytes(value)?;
            let holds = claim.as_ref().is_some_and(|claim| {
                let is_own = claim.ids.iter().any(|id| **id == **by);
                is_own && !claim.is_released && claim.generation == positions.generation
            });
            if !holds {
                let generation = positions.generation;
                return Err(format!("{}: a commit of generation {generation} under {claim:?}", at()));
            }
        }
        Ok(())
    }

    /// Every store, wherever it lies, is what the committed records of its changelog say below its position; that of the
    /// owner and one that is rebuilt from the changelog are what all of them say.
    fn check_task(&mut self, shard: ShardId, task: &TaskId) -> Result<(), String> {
        let observed = self.positions(task).map(|positions| positions.observed).unwrap_or_default();
        for (index, changelog) in self.world.application.changelogs(task) {
            let spec = self.world.application.plan.store(index).clone();
            let place = StorePlace { shard, index, changelog: changelog.clone() };
            let observed = observed.get(spec.log_name().as_str()).copied().unwrap_or(-1);
            let layout = self.world.application.layout(index);
            let log = self.world.broker.log(&changelog);
            let model = |to: Offset| log.map(|log| fold(log, layout, to)).unwrap_or_default();
            let unread = unread_versions(&spec, layout, &model(Offset(u64::MAX)), observed);
            let shown = |mut rows: Bytes| {
                rows.retain(|key, _| is_shown(&spec, layout, key, observed) && !unread.contains(key));
                rows
            };
            let everything = shown(model(Offset(u64::MAX)));
            for (name, disk, leads) in self.disks(task) {
                let Some((rows, position)) = place.rows(disk) else { continue };
                let expected = if leads { everything.clone() } else { shown(model(position)) };
                if shown(rows.clone()) != expected {
                    return Err(differ(
                        &format!("{} of {name} at {position}", spec.name),
                        &shown(rows),
                        &expected,
                    ));
                }
                // An entry of a version goes with the version before it: there are fewer than rows.
                let is_versioned = matches!(spec.kind, StoreKind::Versioned { .. });
                if leads
                    && !is_versioned
                    && let Some(entries) = place.entries_by_time(disk, &spec)
                {
                    let expected =
                        rows.iter().map(|(key, row)| (entry(layout, key, row), Vec::new())).collect();
                    if entries != expected {
                        let what = format!("entries by time of {} of {name}", spec.name);
                        return Err(differ(&what, &entries, &expected));
                    }
                }
            }
            let rebuilt = shown(self.rebuild(&place));
            if rebuilt != everything {
                return Err(differ(&format!("{} rebuilt", spec.name), &rebuilt, &everything));
            }
        }
        Ok(())
    }

    /// All disks, and whether the task runs there.
    fn disks(&self, task: &TaskId) -> Vec<(Arc<str>, &Disk, bool)> {
        let of = |node: &'_ super::Node| node.running.contains_key(task);
        let live = self.nodes.iter().filter_map(|seat| seat.process.as_ref());
        let mut disks: Vec<_> = live.map(|node| (Arc::clone(&node.name), &node.disk, of(node))).collect();
        disks.extend(self.zombies.iter().map(|node| (Arc::clone(&node.name), &node.disk, false)));
        disks
    }

    /// The rows of a store that is built from nothing but its changelog.
    fn rebuild(&mut self, place: &StorePlace) -> Bytes {
        let (mut follower, disk) = (Follower::default(), Disk::default());
        let family = disk.family(FamilyId::Shard(place.shard));
        follower.follow(&mut self.world, place.index, &place.changelog, family);
        let end = self.world.broker.end_of(&place.changelog, Isolation::Committed);
        while follower.position(&place.changelog).is_none_or(|position| position < end) {
            follower.step(&mut self.world, &place.changelog);
        }
        place.rows(&disk).map(|(rows, _)| rows).unwrap_or_default()
    }

    /// What the last commit of a task left.
    fn positions(&self, task: &TaskId) -> Option<PositionsRecord> {
        let tasks = &self.world.application.tasks;
        let (shard, _) = tasks.iter().find(|(_, tasks)| tasks.contains(task))?;
        let log = self.world.broker.log(&self.world.application.shard_partition(*shard))?;
        let key = Application::key(task);
        let records = log
            .records(Offset(0), Isolation::Committed)
            .filter(|(_, record, _)| record.key.as_ref() == Some(&key));
        let value = records.last()?.1.value.clone()?;
        PositionsRecord::from_bytes(&value).ok()
    }

    /// The stores of a task where it runs.
    pub(super) fn state(&self, task: &TaskId) -> State {
        let application = &self.world.application;
        let node = self.leader(task).expect("a cluster at rest runs every task");
        let family = FamilyId::Shard(node.running[task]);
        let place = |index: &StoreIndex| {
            let record = node.disk.position(family, store_id(*index), task.partition);
            let incarnation = record.map_or(Incarnation(0), |record| record.incarnation);
            Place {
                index: *index,
                store: node.disk.family(family),
                id: store_id(*index),
                incarnation,
                record,
            }
        };
        let places = application.stores_of(task).iter().map(place).collect();
        let mut state =
            State::open(application.plan.stores(), places, task.partition).expect("memory does not fail");
        let positions = self.positions(task).unwrap_or_default();
        for index in application.stores_of(task) {
            let name = application.plan.store(*index).log_name().as_str();
            state.observe(*index, positions.observed.get(name).copied().unwrap_or(-1));
        }
        state
    }
}

/// One partition of a store, on whatever disk.
struct StorePlace {
    shard: ShardId,
    index: StoreIndex,
    changelog: TopicPartition,
}

impl StorePlace {
    /// Its rows and where they stand in the changelog; `None`: it was never here.
    fn rows(&self, disk: &Disk) -> Option<(Bytes, Offset)> {
        let (family, id) = (FamilyId::Shard(self.shard), store_id(self.index));
        let record = disk.position(family, id, self.changelog.partition)?;
        let prefix = RowPrefix::new(id, self.changelog.partition, record.incarnation);
        Some((under(&*disk.family(family), prefix.range()), record.position.offset))
    }

    fn entries_by_time(&self, disk: &Disk, spec: &StoreSpec) -> Option<Bytes> {
        if !spec.timed && spec.ttl.is_none() {
            return None;
        }
        let (family, id) = (FamilyId::Shard(self.shard), store_id(self.index));
        let record = disk.position(family, id, self.changelog.partition)?;
        let prefix = RowPrefix::by_time(id, self.changelog.partition, record.incarnation);
        Some(under(&*disk.family(family), prefix.range()))
    }
}

fn under(store: &dyn Store, range: KeyRange) -> Bytes {
    let mut cursor = store.cursor(range, Order::Ascending).expect("memory does not fail");
    let mut rows = Bytes::new();
    while let Some((key, value)) = cursor.next().expect("memory does not fail") {
        rows.insert(RowPrefix::strip(key).to_vec(), value.to_vec());
    }
    rows
}

/// The rows that the committed records below an offset make.
fn fold(log: &PartitionLog, layout: KeyLayout, to: Offset) -> Bytes {
    let mut rows = Bytes::new();
    for (offset, record, _) in
        log.records(Offset(0), Isolation::Committed).filter(|(offset, ..)| *offset < to)
    {
        let Outgoing { key, value, timestamp, .. } = record;
        let mut row = row_header(offset, *timestamp).to_vec();
        let mut place = Vec::new();
        layout.to_store(key.as_deref().unwrap_or_default(), *timestamp, &mut place);
        match (layout.kind, value) {
            (KeyKind::Version, value) => {
                let (flag, value) = lentic_format::version(value.as_deref());
                row.extend_from_slice(flag);
                row.extend_from_slice(value);
                rows.insert(place, row);
            }
            (_, Some(value)) => {
                row.extend_from_slice(value);
                rows.insert(place, row);
            }
            (_, None) => drop(rows.remove(&place)),
        }
    }
    rows
}

/// Whether a read may still see a row: what is past retention goes silently, at its own time.
fn is_shown(spec: &StoreSpec, layout: KeyLayout, key: &[u8], observed: i64) -> bool {
    let (StoreKind::Window { retention_ms: retention, .. } | StoreKind::Session { retention_ms: retention }) =
        spec.kind
    else {
        return true;
    };
    let first = observed.saturating_sub(retention).saturating_add(i64::from(!spec.closes));
    layout.time(key).is_none_or(|time| time.sorted_by().0 >= first)
}

/// The versions that no read of the history can see any more: replaced before it, or deletes from before it. They go silently,
/// at their own time.
fn unread_versions(spec: &StoreSpec, layout: KeyLayout, all: &Bytes, observed: i64) -> BTreeSet<Vec<u8>> {
    let StoreKind::Versioned { history_ms } = spec.kind else { return BTreeSet::new() };
    let first = observed.saturating_sub(history_ms);
    let (mut unread, mut newer) = (BTreeSet::new(), None);
    for (place, row) in all {
        let mut key = Vec::new();
        layout.inner_of_stored(place, &mut key).expect("a version's key");
        let from = layout.time(place).map_or(0, |time| time.sorted_by().0);
        let replaced = newer.take().filter(|(other, _)| *other == key).map(|(_, from): (Vec<u8>, i64)| from);
        let value = RowView::read(row).expect("rows have headers").value;
        let is_delete = lentic_format::read_version(value).expect("a version").is_none();
        if replaced.is_some_and(|at| at < first) || (is_delete && from < first) {
            unread.insert(place.clone());
        }
        newer = Some((key, from));
    }
    unread
}

/// The entry by time of a row.
fn entry(layout: KeyLayout, key: &[u8], row: &[u8]) -> Vec<u8> {
    let written = RowView::read(row).expect("rows have headers").timestamp;
    let time = layout.time(key).map_or(written, |time| time.sorted_by());
    let sortable = (time.0 as u64 ^ 1 << 63).to_be_bytes();
    [&sortable[..], key].concat()
}

fn differ(what: &str, rows: &Bytes, expected: &Bytes) -> String {
    let mut lines = vec![format!("{what} is not what its changelog says")];
    for (key, row) in rows.iter().filter(|(key, row)| expected.get(*key) != Some(row)) {
        lines.push(format!("  it has {key:?}: {row:?}, not {:?}", expected.get(key)));
    }
    for (key, row) in expected.iter().filter(|(key, _)| !rows.contains_key(*key)) {
        lines.push(format!("  it lacks {key:?}: {row:?}"));
    }
    lines.join("\n")
}
