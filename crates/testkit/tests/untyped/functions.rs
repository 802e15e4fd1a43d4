//! What functions are told, and what they may do with a record's time.
use std::sync::Arc;

use lentic_engine::stream::TaskError;
use lentic_testkit::{DriverOptions, TestDriver};
use lentic_topology::spec::{ExtractedTime, JoinKind, Joiner, Mapper, ProcessError, RecordContext, Retimer};
use lentic_topology::untyped::Stream;
use lentic_topology::untyped::TableFold;
use lentic_topology::{Consumed, Payload, Policy, Topology};
use lentic_types::{Header, Timestamp};

use crate::rows::{Row, key_of, read, row, row_codec, run, text};

/// The time that a row holds; `skip` and `fail` for none.
fn of_column(column: usize) -> Retimer {
    Arc::new(move |_, value, about| match text(value, column) {
        "" => Ok(ExtractedTime::At(about.timestamp)),
        "skip" => Ok(ExtractedTime::Skip),
        "fail" => Ok(ExtractedTime::Fail),
        time => {
            let time = time.parse().map_err(|_| ProcessError(format!("{time} is no time")))?;
            Ok(ExtractedTime::At(Timestamp(time)))
        }
    })
}

#[test]
fn streams_and_tables_get_other_times() {
    for is_table in [false, true] {
        let topology = Topology::new("times");
        let sources = topology.untyped();
        let retimed = if is_table {
            let table = sources.table("in", row_codec(), row_codec(), Consumed::new());
            table.on_processing_error(Policy::Continue).retime(of_column(1)).to_stream()
        } else {
            let stream = sources.stream(&["in"], row_codec(), row_codec(), Consumed::new());
            stream.on_processing_error(Policy::Continue).retime(of_column(1))
        };
        retimed.to("out");
        let mut driver = TestDriver::new(&topology);
        let records = "in k a,100 1; in k b,skip 2; in k c,-5 3; in k d,nonsense 4; in k - 5; in k e,6 6";
        assert_eq!(run(&mut driver, records, "out"), ["k=a,100@100", "k=-@5", "k=e,6@6"]);
        assert_eq!((driver.dropped(), driver.skipped().len()), (2, 1), "a table: {is_table}");
        let failed = driver.try_pipe("in", Some(b"k"), Some(b"f,fail"), 7, Vec::new());
        assert_eq!(failed, Err(TaskError::NoTimestamp));
    }
}

/// A table under another time is joined under that, also where it is looked up at the table before.
#[test]
fn a_table_is_looked_up_under_its_new_time() {
    let topology = Topology::new("times");
    let sources = topology.untyped();
    let left = sources.table("left", row_codec(), row_codec(), Consumed::new());
    let right = sources.table("right", row_codec(), row_codec(), Consumed::new()).retime(of_column(1));
    let both: Joiner =
        Arc::new(|_, left, right| Some(row(&[text(left.as_ref(), 0), text(right.as_ref(), 0)])));
    left.join(&right, JoinKind::Left, both, row_codec(), "joined").to_stream().to("out");
    let mut driver = TestDriver::new(&topology);
    let records = "right k r,50 1; left k l 2; right k s,40 3; left k m 60; right k t,skip 4; left k n 61";
    assert_eq!(run(&mut driver, records, "out"), ["k=l,r@50", "k=l,s@40", "k=m,s@60", "k=n,@61"]);
}

#[test]
fn functions_are_told_where_a_record_was_read() {
    let topology = Topology::new("told");
    let stream = topology.untyped().stream(&["in"], row_codec(), row_codec(), Consumed::new());
    let told = stream.map_values(
        Arc::new(|_, _, about| {
            let headers = about.headers.as_deref().unwrap_or_default();
            let names: Vec<_> = headers.iter().map(|header| header.name.as_str()).collect();
            let (time, place) = (about.timestamp.0, format!("{}/{}", about.partition, about.offset));
            Ok(Some(row(&[&time.to_string(), &place, &names.join("+")])))
        }),
        row_codec(),
    );
    told.to("out");
    let mut driver = TestDriver::with(&topology, DriverOptions { partitions: 3, ..DriverOptions::default() });
    let header = |name: &str| Header { name: name.to_owned(), value: None };
    let (key, value) = ("ann".to_owned(), "x".to_owned());
    driver.pipe_with("in", &key, &value, 5, vec![header("h"), header("i")]);
    driver.pipe("in", &key, &value, 6);
    let partition = lentic_types::Partitioner::Murmur2.partition(b"ann", 3).0;
    let expected = [format!("ann=5,{partition}/0,h+i@5"), format!("ann=6,{partition}/1,@6")];
    assert_eq!(read(&mut driver, "out"), expected);
}

/// A mapper may change the value in place; whoever else has it keeps what it was.
#[test]
fn values_are_changed_in_place_where_nobody_else_has_them() {
    let topology = Topology::new("changed");
    let stream = topology.untyped().stream(&["in"], row_codec(), row_codec(), Consumed::new());
    let shout = |stream: &Stream| {
        let map = |_: Option<&_>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(value.map(|mut value| match value.get_mut::<Row>() {
                Some(row) => {
                    for text in row.iter_mut() {
                        text.push('!');
                    }
                    value
                }
                None => row(&[&format!("{}?", text(Some(&value), 0))]),
            }))
        };
        stream.map_values(Arc::new(map), row_codec())
    };
    // Two take what was read: the second has it for itself.
    let [first, second] = [shout(&stream), shout(&stream)];
    first.merge(&second).to("out");
    let mut driver = TestDriver::new(&topology);
    assert_eq!(run(&mut driver, "in k a 1", "out"), ["k=a?@1", "k=a!@1"]);
    let topology = Topology::new("alone");
    let stream = topology.untyped().stream(&["in"], row_codec(), row_codec(), Consumed::new());
    shout(&shout(&stream)).to("out");
    assert_eq!(run(&mut TestDriver::new(&topology), "in k a 1", "out"), ["k=a!!@1"]);
}

/// Every function that makes something of a record may fail on it, and the policy decides.
#[test]
fn functions_fail() {
    let fails = |value: Option<&_>| match text(value, 0) {
        "bad" => Err(ProcessError("it is bad".to_owned())),
        _ => Ok(()),
    };
    for kind in ["map", "map_values", "flat_map", "group"] {
        let topology = Topology::new("failing");
        let sources = topology.untyped();
        let stream = sources.stream(&["in"], row_codec(), row_codec(), Consumed::new());
        let stream = stream.on_processing_error(Policy::Continue);
        let mapped = match kind {
            "map" => stream.map(
                Arc::new(move |key, value, _| fails(value.as_ref()).map(|()| Some((key.cloned(), value)))),
                row_codec(),
                row_codec(),
            ),
            "map_values" => stream
                .map_values(Arc::new(move |_, value, _| fails(value.as_ref()).map(|()| value)), row_codec()),
            "flat_map" => stream.flat_map_values(
                Arc::new(move |key, value, _, out| {
                    fails(value)?;
                    out(key.cloned(), value.cloned());
                    Ok(())
                }),
                row_codec(),
            ),
            _ => {
                let group: Mapper = Arc::new(move |_, value, _| {
                    fails(value.as_ref()).map(|()| Some((key_of(value.as_ref(), 0), value)))
                });
                let fold = TableFold {
                    add: Arc::new(|_, value, _| Ok(value.cloned())),
                    subtract: Arc::new(|_, _, so_far| Ok(so_far)),
                    value: row_codec(),
                };
                let table = stream.to_table("rows");
                let groups = table.aggregate_by(group, row_codec(), row_codec(), "groups", fold, "groups");
                groups.to_stream()
            }
        };
        mapped.to("out");
        let mut driver = TestDriver::new(&topology);
        let values = run(&mut driver, "in a good 1; in b bad 2; in c fine 3", "out");
        let values: Vec<_> = values.iter().filter_map(|line| Some(line.split_once('=')?.1)).collect();
        assert_eq!(values, ["good@1", "fine@3"], "{kind}");
        assert_eq!(driver.skipped().len(), 1, "{kind}");
    }
}
