//! Changes of one row merged before they go on, under a cache of changes: what comes out, and in which order.
use std::time::Duration;

use lentic_testkit::{DriverOptions, TestDriver};
use lentic_topology::{
    Materialized, SessionWindows, SlidingWindows, Stream, Suppressed, Table, TimeWindows, Topology,
};
use lentic_types::Header;

/// A topology over the topics `in` and `other`, which tells what comes out of it in `out`.
type Program = fn(Stream<String, String>);

/// Statements (`key=value@time` pipes a record, `key=-@time` one without a value; `other:` before it is the other topic;
/// `!` commits) and what comes out, as `key=value@time` with `-` for null.
struct Case {
    name: &'static str,
    program: Program,
    statements: &'static str,
    cached: &'static str,
    /// Without a cache.
    plain: &'static str,
}

fn count(stream: Stream<String, String>) {
    stream.group_by_key().count("counts").to_stream().to("out");
}

fn latest(stream: Stream<String, String>) {
    let latest = stream
        .group_by_key()
        .aggregate("latest", String::new, |_, value, _| (value != "gone").then(|| value.clone()));
    latest.to_stream().to("out");
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn windowed(stream: Stream<String, String>) {
    let windows = TimeWindows::hopping(millis(10), millis(5)).grace(millis(100));
    let counts = stream.group_by_key().windowed_by(windows).count("counts").to_stream();
    counts.map(|windowed, n| (format!("{}[{}", windowed.key, windowed.window.start), *n)).to("out");
}

fn sliding(stream: Stream<String, String>) {
    let windows = SlidingWindows::within(millis(10)).grace(millis(100));
    let counts = stream.group_by_key().windowed_by(windows).count("counts").to_stream();
    counts.map(|windowed, n| (format!("{}[{}", windowed.key, windowed.window.start), *n)).to("out");
}

/// Sessions as a table of their own, so that what is deleted is told, too.
fn sessions(stream: Stream<String, String>) {
    let windows = SessionWindows::with_gap(millis(10)).grace(millis(100));
    let counts = stream.group_by_key().windowed_by(windows).count("counts").to_stream();
    let told = counts.map_values_with_key(|session, n| {
        format!("{}[{},{}]{n}", session.key, session.window.start, session.window.end)
    });
    told.to("out");
}

fn final_windows(stream: Stream<String, String>) {
    let windows = TimeWindows::tumbling(millis(10));
    let counts = stream.group_by_key().windowed_by(windows).emit_on_close().count("counts").to_stream();
    counts.map(|windowed, n| (windowed.key.clone(), *n)).to("out");
}

fn suppressed(stream: Stream<String, String>) {
    let windows = TimeWindows::tumbling(millis(10)).grace(millis(0));
    let counts = stream.group_by_key().windowed_by(windows).count("counts");
    let closed = counts.suppress(Suppressed::until_window_closes()).to_stream();
    closed.map(|windowed, n| (windowed.key.clone(), *n)).to("out");
}

fn versioned(stream: Stream<String, String>) {
    stream.to_table().materialize(Materialized::named("rows").versioned(millis(1_000))).to_stream().to("out");
}

fn without_cache(stream: Stream<String, String>) {
    stream.group_by_key().count(Materialized::named("counts").without_cache()).to_stream().to("out");
}

/// Counts by the values of rows: each change leaves one group and comes into another.
fn groups(stream: Stream<String, String>) {
    let groups = stream.to_table().group_by(|_, value| (value.clone(), 1i64));
    groups.count(Materialized::named("groups").without_cache()).to_stream().to("out");
}

fn filtered(stream: Stream<String, String>) {
    let rows: Table<String, String> = stream.to_table().materialize("rows");
    rows.filter(|_, value| value.starts_with('x')).materialize("filtered").to_stream().to("out");
}

const CASES: [Case; 16] = [
    Case {
        name: "in the order of the latest changes",
        program: count,
        statements: "a=x@1 b=x@2 a=x@3 c=x@4 b=x@1 !",
        cached: "a=2@3 c=1@4 b=2@2",
        plain: "a=1@1 b=1@2 a=2@3 c=1@4 b=2@2",
    },
    Case {
        name: "each commit tells what is new",
        program: count,
        statements: "a=x@1 a=x@2 ! ! a=x@3 b=x@4 a=x@5 !",
        cached: "a=2@2 b=1@4 a=4@5",
        plain: "a=1@1 a=2@2 a=3@3 b=1@4 a=4@5",
    },
    Case {
        name: "nothing comes before a commit",
        program: count,
        statements: "a=x@1 a=x@2",
        cached: "",
        plain: "a=1@1 a=2@2",
    },
    Case {
        name: "a row that nobody knew of is not deleted",
        program: latest,
        statements: "a=x@1 a=gone@2 b=x@3 ! b=gone@4 b=gone@5 !",
        cached: "b=x@3 b=-@5",
        plain: "a=x@1 a=-@2 b=x@3 b=-@4 b=-@5",
    },
    Case {
        name: "a row that comes back is changed",
        program: latest,
        statements: "a=x@1 ! a=gone@2 a=y@3 !",
        cached: "a=x@1 a=y@3",
        plain: "a=x@1 a=-@2 a=y@3",
    },
    Case {
        name: "each window by itself",
        program: windowed,
        statements: "a=x@7 a=x@12 a=x@8 !",
        cached: "a[10=1@12 a[0=2@8 a[5=3@12",
        plain: "a[0=1@7 a[5=1@7 a[5=2@12 a[10=1@12 a[0=2@8 a[5=3@12",
    },
    Case {
        name: "sliding windows",
        program: sliding,
        statements: "a=x@20 a=x@25 !",
        cached: "a[10=1@20 a[21=1@25 a[15=2@25",
        plain: "a[10=1@20 a[21=1@25 a[15=2@25",
    },
    Case {
        name: "sessions that were merged before anybody knew of them",
        program: sessions,
        statements: "a=x@1 a=x@20 a=x@10 !",
        cached: "a=a[1,20]3@20",
        plain: "a=a[1,1]1@1 a=a[20,20]1@20 a=-@1 a=-@20 a=a[1,20]3@20",
    },
    Case {
        name: "sessions that were known are deleted",
        program: sessions,
        statements: "a=x@1 ! a=x@5 a=x@5 !",
        cached: "a=a[1,1]1@1 a=-@1 a=a[1,5]3@5",
        plain: "a=a[1,1]1@1 a=-@1 a=a[1,5]2@5 a=-@5 a=a[1,5]3@5",
    },
    Case {
        name: "results at the end of windows come when they are due",
        program: final_windows,
        statements: "a=x@1 a=x@2 a=x@11 ! a=x@21",
        cached: "a=2@2 a=1@11",
        plain: "a=2@2 a=1@11",
    },
    Case {
        name: "what is suppressed comes after a flush",
        program: suppressed,
        statements: "a=x@1 a=x@2 b=x@11 ! a=x@21 !",
        cached: "a=2@2 b=1@11",
        plain: "a=2@2 b=1@11",
    },
    Case {
        name: "versions are all told",
        program: versioned,
        statements: "a=x@1 a=y@2 a=z@1 !",
        cached: "a=x@1 a=y@2 a=z@1",
        plain: "a=x@1 a=y@2 a=z@1",
    },
    Case {
        name: "a store may have none",
        program: without_cache,
        statements: "a=x@1 a=x@2 !",
        cached: "a=1@1 a=2@2",
        plain: "a=1@1 a=2@2",
    },
    Case {
        name: "the value before is that of before the first change",
        program: groups,
        statements: "k=x@1 ! k=y@2 k=z@3 !",
        cached: "x=1@1 x=0@3 z=1@3",
        plain: "x=1@1 x=0@2 y=1@2 y=0@3 z=1@3",
    },
    Case {
        name: "a row that came and went is in no group",
        program: groups,
        statements: "k=x@1 k=-@2 l=x@3 ! l=x@4 !",
        cached: "x=1@3 x=1@4",
        plain: "x=1@1 x=0@2 x=1@3 x=1@4",
    },
    Case {
        name: "a table behind a table",
        program: filtered,
        statements: "a=x@1 a=no@2 b=no@3 ! b=x1@4 b=x2@5 ! b=no@6 !",
        cached: "b=x2@5 b=-@6",
        plain: "a=x@1 a=-@2 b=x1@4 b=x2@5 b=-@6",
    },
];

fn driver(program: Program, record_cache_bytes: usize) -> TestDriver {
    let topology = Topology::new("cache");
    program(topology.stream("in"));
    TestDriver::with(&topology, DriverOptions { record_cache_bytes, ..DriverOptions::default() })
}

/// One statement.
fn act(driver: &mut TestDriver, statement: &str) {
    if statement == "!" {
        return driver.commit();
    }
    let (key, rest) = statement.split_once('=').expect("a key and a value");
    let (value, at) = rest.split_once('@').expect("a value and a time");
    let value = (value != "-").then_some(value.as_bytes());
    driver.pipe_bytes("in", Some(key.as_bytes()), value, at.parse().expect("a time"));
}

/// What came out since it was asked last.
fn told(driver: &mut TestDriver) -> Vec<String> {
    let shown = |bytes: Option<Vec<u8>>| match bytes {
        None => "-".to_owned(),
        Some(bytes) => match <[u8; 8]>::try_from(&bytes[..]) {
            Ok(number) if number[0] == 0 => i64::from_be_bytes(number).to_string(),
            // A session's key has its times behind it.
            _ => String::from_utf8_lossy(&bytes).split('\0').next().unwrap_or_default().to_owned(),
        },
    };
    let line = |record: lentic_testkit::Logged| {
        format!("{}={}@{}", shown(record.key), shown(record.value), record.timestamp)
    };
    driver.read_bytes("out").into_iter().map(line).collect()
}

const LARGE: usize = 1 << 20;

#[test]
fn changes_of_one_row_go_on_as_one() {
    for case in CASES {
        for (bytes, expected) in [(LARGE, case.cached), (0, case.plain)] {
            let mut driver = driver(case.program, bytes);
            for statement in case.statements.split_whitespace() {
                act(&mut driver, statement);
            }
            let expected: Vec<_> = expected.split_whitespace().collect();
            assert_eq!(told(&mut driver), expected, "{}, {bytes} bytes", case.name);
        }
    }
}

/// Wherever a crash takes back what came since the last commit, it comes again as it was, and nothing comes twice.
#[test]
fn a_crash_changes_nothing() {
    for case in CASES {
        let statements: Vec<_> = case.statements.split_whitespace().chain(["!"]).collect();
        let run = |crash_after: Option<usize>| {
            let mut driver = driver(case.program, LARGE);
            for (number, statement) in statements.iter().enumerate() {
                act(&mut driver, statement);
                if crash_after == Some(number) {
                    driver.crash();
                }
            }
            told(&mut driver)
        };
        let expected = run(None);
        for number in 0..statements.len() {
            assert_eq!(run(Some(number)), expected, "{}, a crash after statement {number}", case.name);
        }
    }
}

/// More than fits goes on early: all changes that wait at the operator, in their order.
#[test]
fn a_full_cache_goes_on_early() {
    let mut driver = driver(count, 400);
    for (statement, expected) in [
        ("a=x@1", &[][..]),
        ("b=x@2", &[]),
        ("a=x@3", &[]),
        ("c=x@4", &["b=1@2", "a=2@3", "c=1@4"]),
        ("a=x@5", &[]),
        ("!", &["a=3@5"]),
    ] {
        act(&mut driver, statement);
        assert_eq!(told(&mut driver), expected, "{statement}");
    }
}

/// The headers are those of the latest change.
#[test]
fn headers_are_of_the_latest_change() {
    let mut driver = driver(count, LARGE);
    for text in ["first", "last"] {
        let headers = vec![Header { name: "h".to_owned(), value: Some(text.into()) }];
        driver.try_pipe("in", Some(b"k"), Some(b"x"), 5, headers).expect("it waits");
    }
    driver.commit();
    let headers: Vec<_> = driver.read_bytes("out").into_iter().flat_map(|record| record.headers).collect();
    assert_eq!(headers, [Header { name: "h".to_owned(), value: Some("last".into()) }]);
}

/// A join of tables knows rows as far as it was told of them. If the change of the right row met a left row that it was not
/// told of, its result would stay for ever: that the left row is gone again is never told, since nobody knew of it.
#[test]
fn joins_of_tables_know_what_they_were_told() {
    let topology = Topology::new("told");
    let (left, right) = (topology.table::<String, String>("left"), topology.table::<String, String>("right"));
    left.left_join(&right, |left, right| format!("{left}/{right:?}"))
        .materialize("joined")
        .to_stream()
        .to("out");
    let options = DriverOptions { record_cache_bytes: 600, ..DriverOptions::default() };
    let mut driver = TestDriver::with(&topology, options);
    driver.pipe("right", &"k".to_owned(), &"r".to_owned(), 1);
    driver.commit();
    driver.pipe("left", &"k".to_owned(), &"l".to_owned(), 2);
    // So many changes of right rows that they go on early.
    driver.pipe_bytes("right", Some(b"k"), None, 3);
    for key in ["a", "b", "c", "d"] {
        driver.pipe("right", &key.to_owned(), &"r".to_owned(), 4);
    }
    driver.pipe_bytes("left", Some(b"k"), None, 5);
    driver.commit();
    assert!(driver.rows::<String, String>("joined").is_empty());
    assert!(told(&mut driver).is_empty());
}

/// Readers, and streams that look rows up, see a row at once, before its change goes on.
#[test]
fn rows_are_in_their_store_at_once() {
    let topology = Topology::new("lookups");
    let names = topology.table::<String, String>("names").materialize("rows");
    topology
        .stream::<String, String>("in")
        .join_table(&names, |value, name| format!("{value}/{name}"))
        .to("out");
    names.to_stream().to("names-out");
    let options = DriverOptions { record_cache_bytes: LARGE, ..DriverOptions::default() };
    let mut driver = TestDriver::with(&topology, options);
    driver.pipe("names", &"k".to_owned(), &"ann".to_owned(), 1);
    driver.pipe("in", &"k".to_owned(), &"x".to_owned(), 2);
    assert_eq!(told(&mut driver), ["k=x/ann@2"]);
    assert!(driver.read_bytes("names-out").is_empty(), "its change waits");
}
