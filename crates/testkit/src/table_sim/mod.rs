//! Tables over one partition under seeded schedules: appends, transactions, compaction, retention, truncation,
//! re-creation, crashes at every point. The worker and the loader are the real ones; the log and the disk are models.
//!
//! ```
//! use lentic_testkit::table_sim::TableSim;
//! TableSim::new(42).run(200);
//! ```
mod copies;
mod log;

use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_engine::load::{Load, Loader};
use lentic_engine::log::{Bounds, ReadFrom};
use lentic_engine::{Action, Assignment, Event, Facts, Notice, TaskId, TaskState, TaskView, Worker};
use lentic_format::KeyLayout;
use lentic_store::layout::{RowPrefix, RowView, StoreId};
use lentic_store::{FamilyId, Order, Store};
use lentic_types::{
    FormatName, Offset, PartitionId, RecordBatch, ShardId, Timestamp, TopicName, TopicPartition,
};

use crate::sim::{Disk, Random};

use log::PartitionLog;

/// `delete.retention.ms` in the simulation.
const HORIZON_MS: u64 = 10_000;

const STORE: StoreId = StoreId(7);

/// One node with one table over one partition.
pub struct TableSim {
    seed: u64,
    random: Random,
    now: Timestamp,
    log: PartitionLog,
    disk: Disk,
    node: Option<Node>,
    trace: Vec<String>,
    rebuilds: BTreeMap<String, u32>,
    /// What other nodes have.
    copies: Vec<copies::Copy>,
    seeded: u32,
}

/// What a crash takes away.
struct Node {
    worker: Worker,
    view: TaskView,
    /// The reader's position, and the epoch below it.
    reading: Option<(Offset, i32)>,
    loads: Vec<Load>,
    /// Facts are wanted.
    examine: bool,
    /// Facts and bounds that the log has told and the worker has not heard yet.
    facts: Option<Facts>,
    bounds: Option<(Timestamp, Bounds)>,
    /// The log lost or replaced records and the worker has not heard facts from after that: the store may differ.
    suspect: bool,
    /// The facts on their way are from before.
    stale: bool,
    /// The node has said that deletes may be missing, because even a rebuild took too long.
    warned: bool,
}

impl Node {
    /// Whether its rows are what the log says.
    fn is_sound(&self) -> bool {
        self.view.state == TaskState::Live && !self.suspect && !self.warned
    }
}

type Rows = BTreeMap<Vec<u8>, (u64, Vec<u8>)>;

impl TableSim {
    /// A simulation; everything follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            random: Random::new(seed),
            now: Timestamp(1_000_000),
            log: PartitionLog::new(1),
            disk: Disk::default(),
            node: None,
            trace: Vec::new(),
            rebuilds: BTreeMap::new(),
            copies: Vec::new(),
            seeded: 0,
        }
    }

    /// Takes `steps` random steps, checking after each, then lets everything settle and compares the rows with the
    /// fold of the log. Returns the trace.
    ///
    /// # Panics
    /// With the seed, if an invariant breaks.
    pub fn run(&mut self, steps: usize) -> Vec<String> {
        for _ in 0..steps {
            self.step();
            self.check_live();
        }
        self.settle();
        std::mem::take(&mut self.trace)
    }

    /// Why stores were rebuilt, and how often.
    pub fn rebuilds(&self) -> &BTreeMap<String, u32> {
        &self.rebuilds
    }

    /// How often the rows of other nodes were taken over.
    pub fn seeded(&self) -> u32 {
        self.seeded
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..30 => self.append(),
            30..34 => self.log.open_transaction(&mut self.random, self.now),
            34..38 => self.log.end_transaction(&mut self.random),
            38..42 => self.log.compact(self.now, HORIZON_MS),
            42..44 => self.log.trim(&mut self.random),
            44..46 => self.now.0 += 20_000,
            46 => self.lose(),
            47 => self.lose_disk(),
            48..52 => self.crash(),
            52..54 => self.copy(),
            54..58 => self.disk.flush(&mut self.random),
            _ => self.node_step(),
        }
        self.now.0 += 10;
    }

    fn append(&mut self) {
        for _ in 0..=self.random.below(8) {
            self.log.append(&mut self.random, self.now);
        }
    }

    /// Another creation of the topic, or a log that lost its end (only noticed for certain while the node is down or
    /// before anything is appended again).
    fn lose(&mut self) {
        if self.random.below(2) == 0 {
            self.log = PartitionLog::new(self.log.id.0[0] + 1);
            self.note("recreated");
        } else {
            self.log.truncate(&mut self.random);
            self.note("truncated");
        }
        if self.random.below(2) == 0 {
            self.crash();
        }
        if let Some(node) = &mut self.node {
            node.suspect = true;
            node.stale = true;
            self.handle(Event::TopicChanged(source()));
        }
    }

    fn crash(&mut self) {
        self.node = None;
        self.disk.crash(&mut self.random);
        self.note("crash");
    }

    fn lose_disk(&mut self) {
        self.node = None;
        self.disk = Disk::default();
        self.note("a new disk");
    }

    fn start(&mut self) {
        let node = Node {
            worker: Worker::default().seeds_from(1),
            view: TaskView::default(),
            reading: None,
            loads: Vec::new(),
            examine: false,
            facts: None,
            bounds: None,
            suspect: false,
            stale: false,
            warned: false,
        };
        self.node = Some(node);
        let facts = (self.random.below(4) != 0).then(|| self.facts());
        self.handle(Event::Assigned(Box::new(Assignment {
            task: task(),
            store: self.disk.family(FAMILY),
            store_id: STORE,
            source: source(),
            partitions: 1,
            key: KeyLayout::plain(FormatName::String),
            retention_ms: None,
            facts,
        })));
    }

    fn node_step(&mut self) {
        let Some(node) = &self.node else { return self.start() };
        match self.random.below(10) {
            0..4 => self.deliver(),
            4..6 => self.deliver_end(),
            6..8 if !node.loads.is_empty() => self.load(),
            8 if node.examine => self.ask_facts(),
            8 if node.facts.is_some() => self.tell_facts(),
            _ if node.bounds.is_some() => self.tell_bounds(),
            _ => self.ask_bounds(),
        }
    }

    fn facts(&self) -> Facts {
        let stored = self.disk.position(FAMILY, STORE, PartitionId(0));
        Facts {
            topic: self.log.id,
            bounds: self.log.bounds(),
            epoch_below: stored.and_then(|stored| self.log.epoch_below(stored.read_to)),
            horizon_ms: Some(HORIZON_MS),
            asked_at: self.now,
        }
    }

    fn ask_facts(&mut self) {
        let facts = self.facts();
        if let Some(node) = &mut self.node {
            node.examine = false;
            node.stale = false;
            node.facts = Some(facts);
        }
    }

    fn tell_facts(&mut self) {
        let Some(node) = &mut self.node else { return };
        let Some(facts) = node.facts.take() else { return };
        self.handle(Event::Examined(task(), facts));
        if let Some(node) = &mut self.node {
            // The worker may have heard of a change after it asked, and ask again.
            node.suspect &= node.stale || node.examine;
        }
    }

    /// Whether a reader that stands there is told that the log is not the one it read.
    fn out_of_range(&self, (offset, epoch): (Offset, i32)) -> bool {
        let bounds = self.log.bounds();
        let below = self.log.epoch_below(offset).filter(|&below| below >= 0 && epoch >= 0);
        offset < bounds.start || offset > bounds.end || below.is_some_and(|below| below != epoch)
    }

    /// Some of the records that the reader would return.
    fn deliver(&mut self) {
        let most = 1 + self.random.below(6);
        let Some(from) = self.node.as_ref().and_then(|node| node.reading) else { return };
        if self.out_of_range(from) {
            if let Some(node) = &mut self.node {
                node.reading = None;
            }
            return self.handle(Event::OutOfRange(source()));
        }
        let (batch, epoch) = self.log.read(from.0, most as usize);
        let Some(last) = batch.last_offset() else { return };
        if let Some(node) = &mut self.node {
            node.reading = Some((last.next(), epoch));
        }
        self.handle(Event::Records { partition: source(), batch: Arc::new(batch), epoch });
    }

    fn deliver_end(&mut self) {
        let Some(from) = self.node.as_ref().and_then(|node| node.reading) else { return };
        let end = self.log.stable_end();
        if !self.out_of_range(from) && self.log.read(from.0, 1).0.is_empty() && from.0 <= end {
            // A reader knows the epoch of what it passed over, too.
            let epoch = self.log.epoch_below(end).unwrap_or(-1);
            if let Some(node) = &mut self.node {
                node.reading = Some((end, epoch));
            }
            self.handle(Event::End { partition: source(), offset: end });
        }
    }

    fn ask_bounds(&mut self) {
        let bounds: Bounds = self.log.bounds();
        if let Some(node) = &mut self.node {
            node.bounds = Some((self.now, bounds));
        }
    }

    fn tell_bounds(&mut self) {
        let Some((asked_at, bounds)) = self.node.as_mut().and_then(|node| node.bounds.take()) else { return };
        self.handle(Event::Bounds(asked_at, vec![(source(), bounds)]));
    }

    /// A whole load, or one that a crash cuts off.
    fn load(&mut self) {
        let Some(load) = self.node.as_mut().map(|node| node.loads.remove(0)) else { return };
        if self.seed(&load) {
            return;
        }
        let lost = match load.from {
            ReadFrom::Position { offset, epoch } => self.out_of_range((offset, epoch)),
            ReadFrom::Offset(_) | ReadFrom::Start => false,
        };
        if lost {
            return self.handle(Event::LoadFailed(Box::new(load), "out of range".to_owned()));
        }
        let mut position = load.from.offset().unwrap_or(self.log.bounds().start);
        let mut loader = Loader::new(load.clone(), 0, self.now);
        let cut_off = self.random.below(6) == 0;
        while position < self.log.stable_end() {
            let (batch, epoch) = self.log.read(position, 1 + self.random.below(9) as usize);
            let Some(last) = batch.last_offset() else { break };
            position = last.next();
            loader.push_in_runs(batch, epoch, self.random.below(3) == 0);
            if cut_off && self.random.below(4) == 0 {
                return self.crash();
            }
        }
        let loaded = loader.finish(self.log.stable_end()).expect("the model's disk does not fail");
        self.handle(Event::Loaded(Box::new(load), loaded));
    }

    fn handle(&mut self, event: Event) {
        let mut actions = Vec::new();
        let Some(node) = &mut self.node else { return };
        node.worker.handle(event, self.now, &mut actions);
        for action in actions {
            self.execute(action);
        }
    }

    fn execute(&mut self, action: Action) {
        let line = match &action {
            Action::Read { from, .. } => format!("read from {from}"),
            Action::Load(load) => format!("load {:?} into {:?}", load.from, load.incarnation),
            Action::Publish { view, .. } => {
                format!("{:?} {} of {}", view.state, view.progress.position, view.progress.end)
            }
            Action::Notice(_, notice) => format!("{notice:?}"),
            Action::Examine(_) => "examine".to_owned(),
            Action::StopReading(_) => "stop reading".to_owned(),
            Action::Stop(error) => panic!("seed {}: the worker stops: {error}", self.seed),
        };
        self.note(&line);
        let Some(node) = &mut self.node else { return };
        match action {
            Action::Read { from, epoch, .. } => node.reading = Some((from, epoch)),
            Action::StopReading(_) => node.reading = None,
            Action::Load(load) => node.loads.push(*load),
            Action::Examine(_) => node.examine = true,
            Action::Publish { view, .. } => node.view = view,
            Action::Notice(_, Notice::HorizonTooShort) => node.warned = true,
            Action::Notice(_, Notice::Rebuilding(reason)) => {
                node.warned = false;
                *self.rebuilds.entry(format!("{reason:?}")).or_default() += 1;
            }
            Action::Stop(_) => {}
        }
    }

    /// While live, the rows are the fold of the log below the position; but for keys that were written again above it,
    /// whose older records compaction may have removed before they were read.
    fn check_live(&self) {
        let Some(node) = self.node.as_ref().filter(|node| node.is_sound()) else { return };
        let position = node.view.progress.position;
        // The node learns of a new start a moment later.
        let start = self.log.bounds().start;
        let mut expected = self.log.fold(position, start);
        let mut rows = self.rows(node);
        rows.retain(|_, (offset, _)| *offset >= start.0);
        for key in self.log.written_from(position) {
            expected.remove(key.as_bytes());
            rows.remove(key.as_bytes());
        }
        assert_eq!(rows, expected, "seed {}: {:?}\n{}", self.seed, node.view, self.tail());
    }

    /// Ends transactions, lets the node read everything, and compares with the fold of the whole retained log.
    fn settle(&mut self) {
        self.log.end_all();
        for _ in 0..200 {
            if self.node.is_none() {
                self.start();
            }
            if self.node.as_ref().is_some_and(|node| node.examine) {
                self.ask_facts();
            }
            self.tell_facts();
            while self.node.as_ref().is_some_and(|node| !node.loads.is_empty()) {
                self.load();
            }
            self.deliver();
            self.deliver_end();
            self.ask_bounds();
            self.tell_bounds();
            self.now.0 += 10;
        }
        self.ask_bounds();
        self.tell_bounds();
        let node = self.node.as_ref().expect("it was started");
        let bounds = self.log.bounds();
        let context = format!("seed {}: {:?}, {bounds:?}\n{}", self.seed, node.view, self.tail());
        assert_eq!(node.view.state, TaskState::Live, "{context}");
        assert_eq!(node.view.progress.position, bounds.end, "{context}");
        assert_eq!(node.view.progress.current_at, Some(self.now), "{context}");
        if !node.warned {
            assert_eq!(self.rows(node), self.log.fold(bounds.end, bounds.start), "{context}");
        }
    }

    fn rows(&self, node: &Node) -> Rows {
        let store: Arc<dyn Store> = self.disk.family(FAMILY);
        let prefix = RowPrefix::new(STORE, PartitionId(0), node.view.incarnation);
        let mut cursor =
            store.cursor(prefix.range(), Order::Ascending).expect("the model's disk does not fail");
        let mut rows = Rows::new();
        while let Some((key, value)) = cursor.next().expect("the model's disk does not fail") {
            let row = RowView::read(value).expect("rows have headers");
            if row.offset >= node.view.log_start {
                rows.insert(RowPrefix::strip(key).to_vec(), (row.offset.0, row.value.to_vec()));
            }
        }
        rows
    }

    fn note(&mut self, line: &str) {
        self.trace.push(format!("{} {line}", self.now));
    }

    fn tail(&self) -> String {
        format!("{}\n{}", self.trace[self.trace.len().saturating_sub(30)..].join("\n"), self.log.describe())
    }
}

fn task() -> TaskId {
    TaskId::of_table("t", PartitionId(0))
}

fn source() -> TopicPartition {
    TopicPartition::new(TopicName::new("t").expect("a legal name"), PartitionId(0))
}

const FAMILY: FamilyId = FamilyId::Shard(ShardId(0));

/// Loading in runs of the simulation's choosing.
trait PushInRuns {
    fn push_in_runs(&mut self, batch: RecordBatch, epoch: i32, end_run: bool);
}

impl PushInRuns for Loader {
    fn push_in_runs(&mut self, batch: RecordBatch, epoch: i32, end_run: bool) {
        self.push(Arc::new(batch), epoch).expect("the model's disk does not fail");
        if end_run {
            self.end_run().expect("the model's disk does not fail");
        }
    }
}
