//! Operators that keep more than rows: times, buffers, versions, schedules. Where one topic of one partition is read, the
//! outputs are those of a driver without accidents, record by record.
use std::time::Duration;

use lentic_testkit::{SimCluster, SimOptions, TestDriver};
use lentic_topology::spec::{Clock, ProcessError, Scheduled};
use lentic_topology::{
    JoinWindows, KeyValueStore, Materialized, ProcessContext, Processor, SessionWindows, SlidingWindows,
    Stream, StreamRecord, Suppressed, TimeWindows, Topology,
};
use lentic_types::Timestamp;

use crate::chance::Chance;
use crate::written::{RESULTS, first, foreign, pair};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a topology does, and whether its outputs depend on nothing but the order of its input.
const KINDS: [(&str, bool); 15] = [
    ("ttl", false),
    ("versions", true),
    ("suppressed windows", true),
    ("suppressed rows", true),
    ("windows on close", true),
    ("sliding windows", true),
    ("sliding windows on close", true),
    ("sessions", true),
    ("sessions on close", true),
    ("groups", true),
    ("stream time", true),
    ("wall clock", false),
    ("outer join", false),
    ("join with versions", false),
    ("foreign key", false),
];

fn topology(kind: &str) -> Topology {
    let topology = Topology::new("variety");
    let stream: Stream<String, String> = topology.stream("left");
    let grouped = || stream.group_by(|_, value| first(value));
    let versions = |name: &str| Materialized::named(name).versioned(ms(50_000));
    match kind {
        "ttl" => {
            let store = Materialized::named("seen").ttl(ms(30_000));
            stream.group_by_key().count(store).to_stream().to(RESULTS);
        }
        "versions" => {
            let table = topology.materialized_table::<String, String>("right", versions("kept"));
            table.map_values(|value| format!("{value}!")).to_stream().to(RESULTS);
        }
        "suppressed windows" => {
            let windows = TimeWindows::tumbling(ms(20)).grace(ms(10));
            let counts = grouped().windowed_by(windows).count("counts");
            counts.suppress(Suppressed::until_window_closes()).to_stream().to(RESULTS);
        }
        "suppressed rows" => {
            let until = Suppressed::until_time_limit(ms(15)).max_records(3).emit_early_when_full();
            grouped().count("counts").suppress(until).to_stream().to(RESULTS);
        }
        "windows on close" => {
            let windows = TimeWindows::hopping(ms(20), ms(7)).grace(ms(10));
            grouped().windowed_by(windows).emit_on_close().count("counts").to_stream().to(RESULTS);
        }
        "sliding windows" => {
            let windows = SlidingWindows::within(ms(15)).grace(ms(40));
            grouped().windowed_by(windows).count("counts").to_stream().to(RESULTS);
        }
        "sliding windows on close" => {
            let windows = SlidingWindows::within(ms(15)).grace(ms(10));
            grouped().windowed_by(windows).emit_on_close().count("counts").to_stream().to(RESULTS);
        }
        "sessions" => {
            let windows = SessionWindows::with_gap(ms(9)).grace(ms(20));
            grouped().windowed_by(windows).count("counts").to_stream().to(RESULTS);
        }
        "sessions on close" => {
            let windows = SessionWindows::with_gap(ms(9)).grace(ms(20));
            grouped().windowed_by(windows).emit_on_close().count("counts").to_stream().to(RESULTS);
        }
        "groups" => {
            let table = topology.table::<String, String>("right");
            let grouped = table.group_by(|_, value| (first(value), value.clone()));
            grouped.count("counts").to_stream().to(RESULTS);
        }
        "stream time" | "wall clock" => {
            let (clock, interval) =
                if kind == "wall clock" { (Clock::WallClock, 70) } else { (Clock::StreamTime, 25) };
            let seen = topology.key_value_store("seen");
            let counts = move || Counts { seen, clock, interval, calls: 0 };
            stream.process("numbered", &[seen.into()], counts).to(RESULTS);
        }
        "outer join" => {
            let right = topology.stream::<String, String>("right");
            let windows = JoinWindows::within(ms(12)).grace(ms(15)).named("pairs");
            stream.outer_join(&right, windows, pair).to(RESULTS);
        }
        "join with versions" => {
            let table = topology.materialized_table::<String, String>("right", versions("kept"));
            stream.left_join_table_within(&table, ms(10), |l, r| pair(Some(l), r)).to(RESULTS);
        }
        _ => {
            let (left, right) =
                (topology.table::<String, String>("table"), topology.table::<String, String>("right"));
            let joined = left.join_on(&right, |_, value| foreign(value), |l, r| pair(Some(l), Some(r)));
            joined.materialize("joined").to_stream().to(RESULTS);
            stream.to("table");
        }
    }
    topology
}

/// Numbers each key's records, and tells the numbers now and then.
struct Counts {
    seen: KeyValueStore<String, i64>,
    clock: Clock,
    interval: u64,
    calls: u32,
}

type Texts<'a> = ProcessContext<'a, String, String>;

impl Processor<String, String, String, String> for Counts {
    fn init(&mut self, context: &mut Texts<'_>) -> Result<(), ProcessError> {
        context.schedule(ms(self.interval), self.clock);
        Ok(())
    }

    fn process(
        &mut self,
        context: &mut Texts<'_>,
        record: StreamRecord<String, String>,
    ) -> Result<(), ProcessError> {
        let (Some(key), Some(value)) = (&record.key, &record.value) else { return Ok(()) };
        let mut seen = context.store(self.seen);
        let number = seen.get(key)?.unwrap_or_default() + 1;
        seen.put(key, number, record.timestamp)?;
        if value.starts_with('d') {
            context.request_commit();
        }
        context.emit(key.clone(), format!("{value}#{number}"), record.timestamp)
    }

    fn punctuate(
        &mut self,
        context: &mut Texts<'_>,
        _: Scheduled,
        at: Timestamp,
    ) -> Result<(), ProcessError> {
        self.calls += 1;
        if self.clock == Clock::WallClock && self.calls > 20 {
            // It would never come to rest.
            return Ok(());
        }
        for (key, number) in context.store(self.seen).range(None, None)? {
            context.emit(key.clone(), format!("p:{number}"), at)?;
            if number > 2 {
                context.store(self.seen).delete(&key, at)?;
            }
        }
        Ok(())
    }
}

struct Input {
    topic: &'static str,
    key: &'static str,
    value: Option<String>,
    at: i64,
}

fn inputs(chance: &mut Chance, kind: &str) -> Vec<Input> {
    let topics: &[&str] = match kind {
        "versions" | "groups" => &["right"],
        "outer join" | "join with versions" | "foreign key" => &["left", "right"],
        _ => &["left"],
    };
    let mut time = 0;
    let record = |_| {
        time += chance.of(&[0, 1, 2, 5, 9, 30, 30, 25_000]);
        let at = (time - chance.of(&[0, 0, 0, 1, 4, 12, 50, 20_000])).max(0);
        let topic = chance.of(topics);
        let is_deleted = topic == "right" && kind != "outer join" && chance.below(4) == 0;
        let value = (0..chance.between(1, 3)).map(|_| chance.of(&['a', 'b', 'c', 'd'])).collect();
        let key = chance.of(&["a", "b", "c", "ab", ""]);
        Input { topic, key, value: (!is_deleted).then_some(value), at }
    };
    (0..60).map(record).collect()
}

pub fn check(seed: u64) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let (kind, is_ordered) = KINDS[(seed % KINDS.len() as u64) as usize];
    let topology = topology(kind);
    let partitions = if is_ordered { 1 } else { chance.of(&[1, 2]) };
    let (nodes, shards) = (chance.of(&[1, 2, 3]), chance.of(&[1, 2, 4]));
    let options = SimOptions { seed, nodes, partitions, shards, ..SimOptions::default() };
    let mut cluster = SimCluster::new(&topology, options);
    let mut driver = TestDriver::new(&topology);
    for input in inputs(&mut chance, kind) {
        let value = input.value.as_ref().map(String::as_bytes);
        cluster.pipe_bytes(input.topic, Some(input.key.as_bytes()), value, input.at);
        driver.pipe_bytes(input.topic, Some(input.key.as_bytes()), value, input.at);
    }
    cluster.run().map_err(|text| format!("{kind}: {text}"))?;
    if is_ordered {
        let shown = |records: Vec<_>| records.iter().map(|record| format!("{record:?}")).collect::<Vec<_>>();
        let (found, expected) = (shown(cluster.read_bytes(RESULTS)), shown(driver.read_bytes(RESULTS)));
        if found != expected {
            let trace = cluster.trace().join("\n");
            let place = found.iter().zip(&expected).take_while(|(one, other)| one == other).count();
            let (found, expected) = (found.get(place..), expected.get(place..));
            return Err(format!(
                "{kind}: seed {seed}: from {place} on {found:#?}, not {expected:#?}\n{trace}"
            ));
        }
    }
    Ok(())
}
