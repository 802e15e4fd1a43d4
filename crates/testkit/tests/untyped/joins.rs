//! Joins of rows.
use std::sync::Arc;
use std::time::Duration;

use lentic_testkit::{DriverOptions, TestDriver};
use lentic_topology::spec::{JoinKind, Joiner, KeyMapper, RecordContext};
use lentic_topology::untyped::{ForeignKeyNames, Stream, StreamJoinNames};
use lentic_topology::{Consumed, JoinWindows, Payload, Topology};

use crate::rows::{key_of, row, row_codec, run, text};

/// `<left>,<right>`, null as `-`.
fn both() -> Joiner {
    let column = |row: Option<&_>| match row {
        Some(row) => text(Some(row), 0).to_owned(),
        None => "-".to_owned(),
    };
    Arc::new(move |_, left, right| Some(row(&[&column(left.as_ref()), &column(right.as_ref())])))
}

fn streams(kind: JoinKind, windows: JoinWindows) -> TestDriver {
    let topology = Topology::new("joined");
    let sources = topology.untyped();
    let [left, right] =
        ["left", "right"].map(|topic| sources.stream(&[topic], row_codec(), row_codec(), Consumed::new()));
    let names = StreamJoinNames {
        left_repartition: "Join-left".to_owned(),
        right_repartition: "Join-right".to_owned(),
        ..StreamJoinNames::of("Join")
    };
    let by_key = |stream: Stream| {
        let same = |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(Some((key.cloned(), value)))
        };
        stream.map(Arc::new(same), row_codec(), row_codec())
    };
    let joined = by_key(left).join(&by_key(right), kind, windows, both(), row_codec(), &names);
    joined.to("out");
    let options = DriverOptions { prefix: Some("app".to_owned()), ..DriverOptions::default() };
    TestDriver::of_plan(topology.build().expect("a topology"), options).expect("a topology")
}

/// A record without a partner tells so at once, and its partner that comes later gives a result all the same. Nothing comes
/// when windows close.
#[test]
fn an_eager_join_does_not_wait() {
    let windows = JoinWindows::within(Duration::from_millis(10)).grace(Duration::from_hours(24)).eager();
    let records = "left k a 1; right k b 5; left k c 6; right j d 7; left k e 500; right k f 505; left j g 3";
    let cases = [
        (JoinKind::Inner, &["k=a,b@5", "k=c,b@6", "k=e,f@505", "j=g,d@7"][..]),
        (JoinKind::Left, &["k=a,-@1", "k=a,b@5", "k=c,b@6", "k=e,-@500", "k=e,f@505", "j=g,d@7"]),
        (JoinKind::Outer, &["k=a,-@1", "k=a,b@5", "k=c,b@6", "j=-,d@7", "k=e,-@500", "k=e,f@505", "j=g,d@7"]),
    ];
    for (kind, expected) in cases {
        let mut driver = streams(kind, windows.clone());
        assert_eq!(run(&mut driver, records, "out"), expected, "{kind:?}");
        driver.commit();
        let topics: Vec<_> = driver.topics().iter().map(ToString::to_string).collect();
        let own = [
            "app-Join-left-changelog",
            "app-Join-left-repartition",
            "app-Join-right-changelog",
            "app-Join-right-repartition",
            "out",
        ];
        assert_eq!(topics, own, "{kind:?}");
    }
}

/// The same with results when windows close.
#[test]
fn a_join_waits_for_partners() {
    let windows = JoinWindows::within(Duration::from_millis(10));
    let mut driver = streams(JoinKind::Left, windows);
    let records = "left k a 1; right k b 5; left k c 40; left k d 100";
    assert_eq!(run(&mut driver, records, "out"), ["k=a,b@5", "k=c,-@40"]);
}

#[test]
fn streams_are_joined_with_tables() {
    for (kind, expected) in [(JoinKind::Inner, &["k=b,x@3"][..]), (JoinKind::Left, &["k=a,-@1", "k=b,x@3"])] {
        let topology = Topology::new("joined");
        let sources = topology.untyped();
        let stream = sources.stream(&["in"], row_codec(), row_codec(), Consumed::new());
        let table = sources.table("table", row_codec(), row_codec(), Consumed::new()).named_store("rows");
        let joined = stream.join_table(&table, kind, None, both(), row_codec(), "Join", "Join-left");
        joined.to("out");
        let mut driver = TestDriver::new(&topology);
        assert_eq!(run(&mut driver, "in k a 1; table k x 2; in k b 3", "out"), expected, "{kind:?}");
        assert_eq!(driver.rows::<String, String>("rows").len(), 1);
    }
}

/// Orders hold the number of their good.
#[test]
fn tables_are_joined_by_a_foreign_key() {
    let topology = Topology::new("foreign");
    let sources = topology.untyped();
    let orders = sources.table("orders", row_codec(), row_codec(), Consumed::new()).named_store("left");
    let goods = sources.table("goods", row_codec(), row_codec(), Consumed::new()).named_store("right");
    let names = ForeignKeyNames {
        subscription_topic: "FK-subscription".to_owned(),
        response_topic: "FK-response".to_owned(),
        ..ForeignKeyNames::of("Join")
    };
    let foreign_key: KeyMapper = Arc::new(|_, value| key_of(value, 1));
    let joined = orders.join_foreign(&goods, JoinKind::Left, foreign_key, both(), row_codec(), &names);
    joined.to_stream().to("out");
    let mut driver = TestDriver::with(&topology, DriverOptions { partitions: 3, ..DriverOptions::default() });
    let records = "orders o1 ten,tea 1; goods tea green 2; orders o2 two,tea 3; goods tea black 4; \
                   orders o1 six,milk 5; goods tea - 6";
    let mut results = run(&mut driver, records, "out");
    let expected = [
        "o1=ten,-@1",
        "o1=ten,green@2",
        "o2=two,green@3",
        "o1=ten,black@4",
        "o2=two,black@4",
        "o1=six,-@5",
        "o2=two,-@6",
    ];
    // The two orders of one good are told in an order of their partitions'.
    results[3..5].sort();
    assert_eq!(results, expected);
    let topics: Vec<_> = driver.topics().iter().map(ToString::to_string).collect();
    assert_eq!(
        topics,
        ["out", "test-foreign-FK-response-repartition", "test-foreign-FK-subscription-repartition"]
    );
}
