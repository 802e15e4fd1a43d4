//! The worker of stream tasks: commits in steps, aborts, tasks that fail alone.
use std::sync::Arc;

use lentic_engine::TaskId;
use lentic_engine::stream::{
    AnyDestination, Destination, Destinations, GlobalRow, Globals, Limits, Place, PositionsRecord,
    StreamAction, StreamAssignment, StreamEvent, StreamWorker, TaskInput, TaskSettings, WorkerSettings,
};
use lentic_store::layout::{Incarnation, PositionRecord, StoreId};
use lentic_store::{Database, FamilyId, MemoryDatabase};
use lentic_topology::spec::{Clock, ProcessError, Scheduled, StoreIndex};
use lentic_topology::{ProcessContext, Processor, StreamRecord, Topology};
use lentic_types::{
    Offset, PartitionId, Position, RecordBatch, ShardId, Timestamp, TopicId, TopicName, TopicPartition,
};

struct NoGlobals;

impl Globals for NoGlobals {
    fn get(&self, _table: usize, _key: &[u8]) -> Result<Option<GlobalRow>, lentic_store::Error> {
        Ok(None)
    }
}

/// Tells the time every minute, by the wall clock.
struct Ticking;

impl Processor<String, i64, String, i64> for Ticking {
    fn init(&mut self, context: &mut ProcessContext<'_, String, i64>) -> Result<(), ProcessError> {
        context.schedule(std::time::Duration::from_mins(1), Clock::WallClock);
        Ok(())
    }

    fn process(
        &mut self,
        _context: &mut ProcessContext<'_, String, i64>,
        _record: StreamRecord<String, i64>,
    ) -> Result<(), ProcessError> {
        Ok(())
    }

    fn punctuate(
        &mut self,
        context: &mut ProcessContext<'_, String, i64>,
        _scheduled: Scheduled,
        at: Timestamp,
    ) -> Result<(), ProcessError> {
        context.emit("tick".to_owned(), at.0, at)
    }
}

/// A worker with tasks of a topology that counts by key, fails on negative numbers, and ticks.
struct Bench {
    worker: StreamWorker,
    database: MemoryDatabase,
    destinations: Arc<dyn Destinations>,
    tells: bool,
    now: i64,
    sent: Vec<(String, Option<Vec<u8>>)>,
}

impl Bench {
    fn new(tasks: u32) -> Self {
        Self::with(tasks, Arc::new(AnyDestination), 0)
    }

    /// With a cache the counts are told, too, in the topic `totals`.
    fn with(tasks: u32, destinations: Arc<dyn Destinations>, record_cache_bytes: usize) -> Self {
        let worker = StreamWorker::new(WorkerSettings { record_cache_bytes, ..WorkerSettings::default() });
        let database = MemoryDatabase::default();
        let tells = record_cache_bytes > 0;
        let mut bench = Self { worker, database, destinations, tells, now: 1_000, sent: Vec::new() };
        for partition in 0..tasks {
            let assignment = bench.assignment(partition);
            bench.event(StreamEvent::Assigned(Box::new(assignment)));
        }
        bench.tick(0);
        bench
    }

    fn assignment(&self, partition: u32) -> StreamAssignment {
        let topology = Topology::new("q");
        let stream = topology.stream::<String, i64>("in");
        stream.process("ticking", &[], || Ticking).to("ticks");
        let counts = stream
            .try_map_values(|n| if *n < 0 { Err("it is negative") } else { Ok(*n) })
            .group_by_key()
            .count("counts");
        if self.tells {
            counts.to_stream().to("totals");
        }
        let plan = topology.build().expect("a topology");
        let position = Position { topic: TopicId::default(), offset: Offset(0), epoch: -1 };
        let record = PositionRecord {
            position,
            read_to: Offset(0),
            incarnation: Incarnation(0),
            current_at: Timestamp(0),
            log_start: Offset(0),
            partitioners: 1,
            null_keys: 0,
            observed: Timestamp::NONE,
        };
        let place = Place {
            index: StoreIndex(0),
            store: self.database.family(FamilyId::Shard(ShardId(0))).expect("a store"),
            id: StoreId(1),
            incarnation: Incarnation(0),
            record: Some(record),
        };
        StreamAssignment {
            task: task(partition),
            plan,
            prefix: "s-q".to_owned(),
            places: vec![place],
            inputs: vec![TaskInput {
                partition: input(partition),
                topic_id: TopicId::default(),
                begin: Offset(0),
            }],
            positions: None,
            globals: Arc::new(NoGlobals),
            destinations: Arc::clone(&self.destinations),
            settings: TaskSettings::default(),
            shard: ShardId(partition),
            key: format!("task-{partition}").into_bytes(),
            generation: 1,
            watched: Arc::new(|_| false),
        }
    }

    fn event(&mut self, event: StreamEvent) -> Vec<StreamAction> {
        let mut actions = Vec::new();
        self.worker.handle(event, Timestamp(self.now), &mut actions);
        let sent = &mut self.sent;
        self.worker.take_produced(&mut |record| {
            sent.push((record.topic.to_string(), record.value.map(<[u8]>::to_vec)));
        });
        actions
    }

    fn records(&mut self, partition: u32, from: u64, numbers: &[i64]) {
        let mut batch = RecordBatch::default();
        for (place, number) in (from..).zip(numbers) {
            batch.push(Offset(place), Timestamp(place as i64), Some(b"k"), Some(&number.to_be_bytes()));
        }
        self.event(StreamEvent::Records(input(partition), Arc::new(batch)));
        self.event(StreamEvent::End(input(partition), Offset(from + numbers.len() as u64)));
    }

    fn tick(&mut self, millis: i64) -> Vec<StreamAction> {
        self.now += millis;
        self.event(StreamEvent::Tick)
    }

    /// Answers a commit's steps up to its end; the positions records that it sealed.
    fn finish(&mut self, actions: &[StreamAction]) -> (Vec<PositionsRecord>, Vec<StreamAction>) {
        let flush = actions.iter().find_map(|action| match action {
            StreamAction::Flush { offsets } => Some(*offsets),
            _ => None,
        });
        let offsets = (0..flush.expect("a commit begins")).map(|offset| Offset(offset as u64)).collect();
        let actions = self.event(StreamEvent::Flushed(offsets));
        let Some(StreamAction::Seal(sealed)) = actions.first() else { panic!("the positions are sealed") };
        let records =
            sealed.iter().map(|sealed| PositionsRecord::from_bytes(&sealed.value).expect("a record"));
        let records = records.collect();
        (records, self.event(StreamEvent::Committed))
    }
}

fn task(partition: u32) -> TaskId {
    TaskId { query: Arc::from("q"), subtopology: Arc::from("in"), partition: PartitionId(partition) }
}

fn input(partition: u32) -> TopicPartition {
    TopicPartition::new(TopicName::new("in").expect("a name"), PartitionId(partition))
}

#[test]
fn a_commit_names_the_ends_of_the_changelogs() {
    let mut bench = Bench::new(1);
    bench.records(0, 0, &[1, 2, 3]);
    assert!(bench.tick(0).is_empty(), "it is not time yet");
    let actions = bench.tick(100);
    let (positions, done) = bench.finish(&actions);
    assert_eq!(positions[0].inputs["in/0"].offset, 3);
    assert_eq!(positions[0].changelogs["counts"], 1);
    assert_eq!(bench.sent, [("s-q-counts-changelog".to_owned(), Some(3i64.to_be_bytes().to_vec()))]);
    assert!(
        matches!(done.as_slice(), [StreamAction::Applied(applied)] if applied.stores[0].position == Offset(1))
    );
    assert!(bench.tick(1_000).is_empty(), "nothing is new");
}

#[test]
fn what_was_aborted_is_processed_again() {
    let mut bench = Bench::new(1);
    bench.records(0, 0, &[1]);
    let actions = bench.tick(100);
    assert!(matches!(actions.as_slice(), [StreamAction::Flush { offsets: 1 }]));
    let actions = bench.event(StreamEvent::Aborted("the brokers".to_owned()));
    assert!(matches!(actions.as_slice(), [StreamAction::Read(_, Offset(0))]), "it is read again");
    bench.records(0, 0, &[1]);
    bench.sent.clear();
    bench.tick(0);
    let actions = bench.tick(100);
    bench.finish(&actions);
    assert_eq!(bench.sent, [("s-q-counts-changelog".to_owned(), Some(1i64.to_be_bytes().to_vec()))]);
}

#[test]
fn a_task_that_keeps_failing_is_stopped_alone() {
    let mut bench = Bench::new(2);
    bench.records(0, 0, &[-1]);
    bench.records(1, 0, &[5]);
    assert!(matches!(bench.tick(0).as_slice(), [StreamAction::Abort(_)]));
    bench.event(StreamEvent::Aborted("a task".to_owned()));
    // The other goes on while the first waits.
    bench.records(0, 0, &[-1]);
    bench.records(1, 0, &[5]);
    bench.tick(0);
    let actions = bench.tick(100);
    let (positions, _) = bench.finish(&actions);
    assert!(positions.iter().any(|record| record.inputs.contains_key("in/1")));
    // It fails again, and is left alone.
    let actions = bench.tick(1_000);
    assert!(
        actions.iter().any(|action| matches!(action, StreamAction::Failed(failed, _) if *failed == task(0)))
    );
    bench.event(StreamEvent::Aborted("a task".to_owned()));
    assert_eq!(bench.worker.tasks().collect::<Vec<_>>(), [&task(1)]);
    bench.records(1, 1, &[6]);
    bench.tick(0);
    let actions = bench.tick(100);
    bench.finish(&actions);
}

/// What waited goes out before the changelogs' records, whose offsets the flush is asked for, and is merged again after an
/// abort.
#[test]
fn changes_of_one_row_wait_for_the_commit() {
    let mut bench = Bench::with(2, Arc::new(AnyDestination), 1_000);
    for is_again in [false, true] {
        bench.sent.clear();
        bench.records(0, 0, &[1, 2, 3]);
        bench.records(1, 0, &[1]);
        bench.tick(0);
        assert!(bench.sent.is_empty(), "{:?}", bench.sent);
        let actions = bench.tick(100);
        let (totals, changelog) = ("totals", "s-q-counts-changelog");
        let three = |topic: &str| (topic.to_owned(), Some(3i64.to_be_bytes().to_vec()));
        let one = |topic: &str| (topic.to_owned(), Some(1i64.to_be_bytes().to_vec()));
        assert_eq!(bench.sent, [three(totals), one(totals), three(changelog), one(changelog)]);
        assert!(matches!(actions.as_slice(), [StreamAction::Flush { offsets: 2 }]));
        if is_again {
            let (positions, _) = bench.finish(&actions);
            assert_eq!((positions[0].inputs["in/0"].offset, positions[1].inputs["in/1"].offset), (3, 1));
        } else {
            bench.event(StreamEvent::Aborted("the brokers".to_owned()));
        }
    }
}

/// Topics that take 5 bytes: less than the changelog's records have.
struct Tiny;

impl Destinations for Tiny {
    fn find(&self, _topic: &TopicName) -> Destination {
        Destination::Found(Limits { max_record_bytes: 5, is_compacted: true })
    }
}

#[test]
fn a_row_that_its_changelog_does_not_take_stops_the_task() {
    let mut bench = Bench::with(1, Arc::new(Tiny), 0);
    bench.records(0, 0, &[1]);
    assert!(matches!(bench.tick(100).as_slice(), [StreamAction::Abort(_)]));
    bench.event(StreamEvent::Aborted("a task".to_owned()));
    bench.records(0, 0, &[1]);
    let actions = bench.tick(1_000);
    let failed = actions.iter().find_map(|action| match action {
        StreamAction::Failed(_, error) => Some(error.to_string()),
        _ => None,
    });
    let text = failed.expect("it fails again, and is stopped");
    assert!(text.contains("s-q-counts-changelog: it has 9 bytes, and the topic takes 5"), "{text}");
    assert!(bench.sent.is_empty());
}

#[test]
fn what_is_lost_is_opened_anew() {
    let mut bench = Bench::new(1);
    bench.records(0, 0, &[1]);
    bench.tick(100);
    let actions = bench.event(StreamEvent::Lost("another process".to_owned()));
    assert!(
        actions.iter().any(|action| matches!(action, StreamAction::Reopen(reopened) if *reopened == task(0)))
    );
    assert_eq!(bench.worker.tasks().count(), 0);
}

/// Nothing was read, and no row has changed: without a positions record nothing would fence the transaction.
#[test]
fn what_only_a_schedule_produced_is_sealed_with_positions() {
    let mut bench = Bench::new(1);
    bench.records(0, 0, &[1]);
    bench.tick(0);
    let actions = bench.tick(100);
    bench.finish(&actions);
    let actions = bench.tick(60_000);
    let (positions, _) = bench.finish(&actions);
    assert_eq!(bench.sent.last().map(|(topic, _)| topic.as_str()), Some("ticks"));
    assert_eq!(positions.len(), 1);
    assert!(bench.tick(100).is_empty(), "nothing is new");
}

#[test]
fn a_task_that_is_taken_away_in_a_commit_leaves_the_others_theirs() {
    let mut bench = Bench::new(2);
    bench.records(0, 0, &[1]);
    bench.records(1, 0, &[5]);
    bench.tick(0);
    let actions = bench.tick(100);
    assert!(matches!(actions.as_slice(), [StreamAction::Flush { offsets: 2 }]));
    bench.event(StreamEvent::Revoked(task(0)));
    let actions = bench.event(StreamEvent::Flushed(vec![Offset(30), Offset(70)]));
    let Some(StreamAction::Seal(sealed)) = actions.first() else { panic!("the positions are sealed") };
    let records: Vec<_> =
        sealed.iter().map(|sealed| PositionsRecord::from_bytes(&sealed.value).expect("a record")).collect();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].inputs["in/1"].offset, records[0].changelogs["counts"]), (1, 71));
}
