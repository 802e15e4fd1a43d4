//! What becomes of records that can't be taken on: by the node's settings, and by those of an operator chain.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lentic_engine::stream::{
    Destination, Destinations, ErrorPolicy, Limits, ProductionError, TaskError, TaskSettings,
};
use lentic_testkit::{DriverOptions, Logged, TestDriver};
use lentic_topology::spec::{Clock, ProcessError, Scheduled};
use lentic_topology::{
    Data, DataError, Policy, ProcessContext, Processor, Stream, StreamRecord, TimeWindows, Topology,
};
use lentic_types::{FormatName, Timestamp, TopicName};

/// Topics of the test: `small` takes 40 bytes, `compacted` no record without a key, `missing...` does not exist.
struct Topics;

const SMALL: u64 = 40;

impl Destinations for Topics {
    fn find(&self, topic: &TopicName) -> Destination {
        let limits = |max_record_bytes, is_compacted| Limits { max_record_bytes, is_compacted };
        match topic.as_str() {
            name if name.starts_with("missing") => Destination::Missing,
            name if name.starts_with("small") => Destination::Found(limits(SMALL, false)),
            name if name.ends_with("-repartition") => Destination::Found(limits(SMALL, false)),
            name if name.ends_with("-changelog") => Destination::Found(limits(SMALL, true)),
            "dead" => Destination::Found(limits(400, false)),
            "compacted" => Destination::Found(limits(1_000, true)),
            _ => Destination::Unknown,
        }
    }
}

/// A text that has no bytes if it begins with `!`.
#[derive(Clone, Debug, PartialEq)]
struct Picky(String);

impl Data for Picky {
    const FORMAT: FormatName = FormatName::String;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        if self.0.starts_with('!') {
            return Err(DataError { expected: "a text without !", text: self.0.clone() });
        }
        self.0.encode(out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        String::decode(bytes).map(Self)
    }
}

/// Each value goes to the topic that it begins with, up to a colon, and to `all`.
fn topology() -> Topology {
    let topology = Topology::new("policies");
    let lines = topology.stream::<Option<String>, String>("in").map_values(|text| Picky(text.clone()));
    lines.to_topic_by(|_, text| text.0.split(':').next().unwrap_or_default().to_owned());
    lines.map_values(|_| "seen".to_owned()).to("all");
    topology
}

fn driver(topology: &Topology, production: ErrorPolicy, dead_letters: Option<&str>) -> TestDriver {
    let dead_letters = dead_letters.map(|name| TopicName::new(name).expect("a name"));
    let settings = TaskSettings { production, dead_letters, ..TaskSettings::default() };
    let options = DriverOptions { settings, destinations: Arc::new(Topics), ..DriverOptions::default() };
    TestDriver::with(topology, options)
}

/// A dead letter's headers that say why it is one.
fn cause(letter: &Logged) -> BTreeMap<&str, String> {
    let causes = letter.headers.iter().filter_map(|header| {
        let name = header.name.strip_prefix("__lentic.errors.")?;
        Some((name, String::from_utf8(header.value.as_ref()?.to_vec()).ok()?))
    });
    causes.collect()
}

/// What is wrong with a record, by its key and value; the topic that its cause names, and the error.
fn unproducible() -> Vec<(Option<&'static str>, String, Option<&'static str>, ProductionError)> {
    let large = format!("small:{}", "x".repeat(40));
    let bytes = large.len() as u64 + 1;
    let illegal = TopicName::new("no name").expect_err("it has a space").to_string();
    let picky = DataError { expected: "a text without !", text: "!".to_owned() };
    vec![
        (Some("k"), large, Some("small"), ProductionError::TooLarge { bytes, limit: SMALL }),
        (Some("k"), "missing:x".to_owned(), Some("missing"), ProductionError::NoSuchTopic),
        (Some("k"), "no name:x".to_owned(), None, ProductionError::InvalidTopic(illegal)),
        (Some("k"), "!".to_owned(), None, ProductionError::Unencodable(picky)),
        (None, "compacted:x".to_owned(), Some("compacted"), ProductionError::NoKey),
    ]
}

#[test]
fn results_that_cant_be_written_are_left_out_if_the_policy_says_so() {
    for (key, value, target, error) in unproducible() {
        let mut driver = driver(&topology(), ErrorPolicy::Continue, Some("dead"));
        for value in [value.as_str(), "fine:y"] {
            driver.pipe_bytes("in", key.map(str::as_bytes), Some(value.as_bytes()), 5);
        }
        assert_eq!(driver.read_bytes("fine").len(), 1, "{error}: the next is taken");
        assert_eq!(driver.read_bytes("all").len(), 2, "{error}: other topics get it");
        let skipped = driver.skipped();
        assert!(
            matches!(&skipped[..], [one] if matches!(&one.error, TaskError::Production { error: found, .. } if *found == error)),
            "{error}: {skipped:?}"
        );
        let dead = driver.read_bytes("dead");
        assert_eq!(dead.len(), 1, "{error}");
        assert_eq!(
            (dead[0].key.as_deref(), dead[0].value.as_deref()),
            (key.map(str::as_bytes), Some(value.as_bytes()))
        );
        let cause = cause(&dead[0]);
        assert_eq!((cause["topic"].as_str(), cause["offset"].as_str()), ("in", "0"));
        assert_eq!(cause.get("target").map(String::as_str), target, "{error}");
        assert!(cause["message"].contains(&error.to_string()), "{cause:?}");
        // Nothing of it is there twice after a crash.
        driver.commit();
        driver.crash();
        assert!(driver.read_bytes("dead").is_empty() && driver.read_bytes("all").is_empty());
    }
}

#[test]
fn results_that_cant_be_written_stop_the_task_by_default() {
    for (key, value, _, error) in unproducible() {
        let mut driver = driver(&topology(), ErrorPolicy::Fail, Some("dead"));
        let outcome = driver.try_pipe("in", key.map(str::as_bytes), Some(value.as_bytes()), 5, Vec::new());
        assert!(
            matches!(&outcome, Err(TaskError::Production { error: found, .. }) if *found == error),
            "{error}: {outcome:?}"
        );
        assert!(driver.read_bytes("dead").is_empty());
    }
}

#[test]
fn dead_letters_leave_out_what_their_topic_does_not_take() {
    let mut continues = driver(&topology(), ErrorPolicy::Continue, Some("dead"));
    let value = format!("missing:{}", "x".repeat(400));
    continues.pipe_bytes("in", Some(b"k"), Some(value.as_bytes()), 5);
    let dead = continues.read_bytes("dead");
    assert_eq!((dead[0].key.as_deref(), dead[0].value.as_deref()), (Some(&b"k"[..]), None));
    assert_eq!(cause(&dead[0])["value-left-out"], "408 bytes");
    // Without a trace nothing is dropped.
    for (topic, error) in [("missing", "does not exist"), ("small", "takes 40")] {
        let mut driver = driver(&topology(), ErrorPolicy::Continue, Some(topic));
        let outcome = driver.try_pipe("in", Some(b"k"), Some(b"missing:x"), 5, Vec::new());
        let text = outcome.expect_err("the dead letter can't be written").to_string();
        assert!(text.contains(&format!("the dead-letter topic {topic}")) && text.contains(error), "{text}");
    }
}

/// Results that a table is made of are never left out.
#[test]
fn changelogs_and_repartition_topics_are_whole() {
    let topology = Topology::new("whole");
    let lines = topology.stream::<String, String>("in");
    lines
        .select_key(|key, _| key.clone())
        .group_by_key()
        .reduce("longest", |one, other: &String| if one.len() < other.len() { other.clone() } else { one });
    lines.group_by_key().reduce("latest", |_, other: &String| format!("{other}{other}"));
    let mut by_repartition = driver(&topology, ErrorPolicy::Continue, Some("dead"));
    let outcome = by_repartition.try_pipe("in", Some(b"k"), Some(&[b'x'; 50]), 5, Vec::new());
    let text = outcome.expect_err("it is too large").to_string();
    assert!(
        text.contains("test-whole-longest-repartition: it has 51 bytes, and the topic takes 40"),
        "{text}"
    );
    // The changelog is asked when the commit is prepared, which the driver does not survive: the worker's test does.
}

/// A chain and whether it takes records whose value is `bad` for processing, under each policy of the node's.
type Chain = (&'static str, fn(Stream<String, String>), [bool; 2]);

/// Fails on `bad`.
fn picky(stream: &Stream<String, String>) -> Stream<String, String> {
    stream.try_map_values(|text| if text == "bad" { Err("it is bad") } else { Ok(text.clone()) })
}

/// Whether the task goes on with the node's policy being `fail`, and being `continue`.
const CHAINS: [Chain; 9] = [
    ("as the node says", |s| picky(&s).to("out"), [false, true]),
    ("continues", |s| picky(&s.on_processing_error(Policy::Continue)).to("out"), [true, true]),
    ("fails", |s| picky(&s.on_processing_error(Policy::Fail)).to("out"), [false, false]),
    (
        "what comes before has its own",
        |s| picky(&s).on_processing_error(Policy::Continue).to("out"),
        [false, true],
    ),
    (
        "the operator that fails decides",
        |s| {
            picky(&s.on_processing_error(Policy::Continue).peek(|_, _| {}).on_processing_error(Policy::Fail))
                .to("out")
        },
        [false, false],
    ),
    (
        "behind a repartition topic",
        |s| picky(&s.on_processing_error(Policy::Continue).repartition("r")).to("out"),
        [true, true],
    ),
    (
        "behind branches",
        |s| {
            picky(&s.on_processing_error(Policy::Continue).split().branch(|_, _| true).streams()[0]).to("out")
        },
        [true, true],
    ),
    (
        "behind a table",
        |s| {
            let windows = TimeWindows::tumbling(Duration::from_millis(10));
            let table = s.on_processing_error(Policy::Continue).group_by_key().windowed_by(windows);
            let last = table.reduce("last", |_, text: &String| text.clone()).to_stream();
            picky(&last.map(|windowed, text| (windowed.key.clone(), text.clone()))).to("out");
        },
        [true, true],
    ),
    (
        "a table's",
        |s| picky(&s.to_table().on_processing_error(Policy::Continue).to_stream()).to("out"),
        [true, true],
    ),
];

#[test]
fn a_chain_has_policies_of_its_own() {
    for (name, chain, goes_on) in CHAINS {
        for (processing, goes_on) in [ErrorPolicy::Fail, ErrorPolicy::Continue].into_iter().zip(goes_on) {
            let topology = Topology::new("chains");
            let stream = topology.stream::<String, String>("in");
            chain(stream.clone());
            stream.to("all");
            let settings = TaskSettings { processing, ..TaskSettings::default() };
            let mut driver =
                TestDriver::with(&topology, DriverOptions { settings, ..DriverOptions::default() });
            let outcome = driver.try_pipe("in", Some(b"k"), Some(b"bad"), 1, Vec::new());
            assert_eq!(outcome.is_ok(), goes_on, "{name}, {processing:?}: {outcome:?}");
            if goes_on {
                driver.pipe("in", &"k".to_owned(), &"good".to_owned(), 2);
                assert_eq!(driver.read_bytes("out").len(), 1, "{name}");
                assert_eq!(driver.read_bytes("all").len(), 2, "{name}: another chain has the record");
                assert_eq!(driver.skipped().len(), 1, "{name}");
            }
        }
    }
}

#[test]
fn results_are_written_by_the_policy_of_their_chain() {
    let topology = Topology::new("sinks");
    let counts = topology.stream::<String, String>("in").group_by_key().count("counts");
    let changes = counts.on_production_error(Policy::Continue).to_stream();
    changes.to_topic_by(|key, count| format!("{key}-{count}"));
    let mut first = driver(&topology, ErrorPolicy::Fail, Some("dead"));
    first.pipe("in", &"missing".to_owned(), &"x".to_owned(), 1);
    first.pipe("in", &"fine".to_owned(), &"x".to_owned(), 2);
    assert_eq!(first.read_bytes("fine-1").len(), 1);
    assert_eq!(cause(&first.read_bytes("dead")[0])["target"], "missing-1");
    let mut second = {
        changes.on_production_error(Policy::Fail).to_topic_by(|key, _| key.clone());
        driver(&topology, ErrorPolicy::Continue, None)
    };
    let outcome = second.try_pipe("in", Some(b"missing"), Some(b"x"), 1, Vec::new());
    assert!(matches!(outcome, Err(TaskError::Production { .. })), "{outcome:?}");
}

/// One of several results of a record is left out.
#[test]
fn what_is_beside_a_failure_goes_on() {
    let topology = Topology::new("beside");
    let words = topology
        .stream::<String, String>("in")
        .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    picky(&words.on_processing_error(Policy::Continue)).to("out");
    let mut driver = TestDriver::new(&topology);
    driver.pipe("in", &"k".to_owned(), &"a bad b".to_owned(), 1);
    let values: Vec<_> =
        driver.read::<String, String>("out").into_iter().filter_map(|(_, value, _)| value).collect();
    assert_eq!(values, ["a", "b"]);
}

/// Fails, and forwards what can't be written, when it is called by its schedule.
struct Scheduler;

impl Processor<String, String, String, String> for Scheduler {
    fn init(&mut self, context: &mut ProcessContext<'_, String, String>) -> Result<(), ProcessError> {
        context.schedule(Duration::from_millis(10), Clock::WallClock);
        Ok(())
    }

    fn process(
        &mut self,
        _: &mut ProcessContext<'_, String, String>,
        _: StreamRecord<String, String>,
    ) -> Result<(), ProcessError> {
        Ok(())
    }

    fn punctuate(
        &mut self,
        context: &mut ProcessContext<'_, String, String>,
        _: Scheduled,
        at: Timestamp,
    ) -> Result<(), ProcessError> {
        context.emit("missing".to_owned(), "x".to_owned(), at)?;
        Err(ProcessError("it fails".to_owned()))
    }
}

#[test]
fn what_schedules_make_is_left_out_too() {
    let topology = Topology::new("scheduled");
    topology
        .stream::<String, String>("in")
        .on_processing_error(Policy::Continue)
        .on_production_error(Policy::Continue)
        .process("scheduler", &[], || Scheduler)
        .to_topic_by(|key, _| key.clone());
    let mut driver = driver(&topology, ErrorPolicy::Fail, Some("dead"));
    driver.pipe("in", &"k".to_owned(), &"x".to_owned(), 1);
    driver.advance_wall_clock(10);
    let dead = driver.read_bytes("dead");
    let causes: Vec<_> = dead.iter().map(cause).collect();
    assert_eq!(dead.len(), 2, "{causes:?}");
    assert_eq!(dead[0].key.as_deref(), Some(&b"missing"[..]), "the result itself");
    assert!(causes[1]["message"].contains("it fails") && !causes[1].contains_key("topic"), "{causes:?}");
    assert!(driver.skipped().iter().all(|skipped| skipped.origin.is_none()));
}
