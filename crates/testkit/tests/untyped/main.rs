//! Topologies whose keys and values are rows, with codecs that are made at run time.
mod functions;
mod joins;
mod rows;
mod tables;

use std::sync::Arc;

use lentic_testkit::{DriverOptions, TestDriver};
use lentic_topology::spec::{Emit, Windowing};
use lentic_topology::untyped::{Fold, Until};
use lentic_topology::{Consumed, Materialized, TimeWindows, Topology, WindowedKeyOf};
use rows::{InWindow, key_of, row, row_codec, text, windowed_codec};

/// `<customer> -> <customer>,<amount>`: amounts by customer, under names of the caller's.
#[test]
fn rows_are_repartitioned_and_folded() {
    let topology = Topology::new("totals");
    let orders = topology.untyped().stream(&["orders"], row_codec(), row_codec(), Consumed::new());
    let by_customer = orders.map(
        Arc::new(|_, value, _| Ok(Some((key_of(value.as_ref(), 0), value)))),
        row_codec(),
        row_codec(),
    );
    assert!(by_customer.is_moved());
    let totals = by_customer.aggregate("Aggregate-GroupBy", summing(), "Aggregate-Aggregate-Materialize");
    totals.to_stream().to("TOTALS");
    let options = DriverOptions { prefix: Some("app".to_owned()), ..DriverOptions::default() };
    let plan = topology.build().expect("a topology");
    let mut driver = TestDriver::of_plan(plan, options).expect("a topology");
    for (order, value) in [("o1", "ann,3"), ("o2", "bob,4"), ("o3", "ann,5")] {
        driver.pipe("orders", &order.to_owned(), &value.to_owned(), 7);
    }
    driver.restart_without_state();
    driver.pipe("orders", &"o4".to_owned(), &"ann,1".to_owned(), 8);
    driver.commit();
    assert_eq!(rows::read(&mut driver, "TOTALS"), ["ann=3@7", "bob=4@7", "ann=8@7", "ann=9@8"]);
    let topics: Vec<_> = driver.topics().iter().map(ToString::to_string).collect();
    let own =
        ["TOTALS", "app-Aggregate-Aggregate-Materialize-changelog", "app-Aggregate-GroupBy-repartition"];
    assert_eq!(topics, own);
}

fn summing() -> Fold {
    Fold {
        add: Arc::new(|_, value, so_far| {
            let number = |row, column| text(row, column).parse::<i64>().unwrap_or_default();
            let sum = so_far.as_ref().map_or(0, |so_far| number(Some(so_far), 0)) + number(value, 1);
            Ok(Some(row(&[&sum.to_string()])))
        }),
        key: row_codec(),
        value: row_codec(),
        windows: Windowing::None,
        emit: Emit::Update,
        needs_value: true,
    }
}

/// One result for each window, with the key and the window in the bytes that the caller's codec makes.
#[test]
fn windows_of_rows_are_held_back_until_they_close() {
    let key = WindowedKeyOf {
        join: |key, window| lentic_topology::Payload::new(InWindow { key: key.clone(), window }),
        split: |key| {
            let InWindow { key, window } = key.get::<InWindow>();
            (key.clone(), *window)
        },
    };
    let topology = Topology::new("windows");
    let orders = topology.untyped().stream(&["orders"], row_codec(), row_codec(), Consumed::new());
    let millis = std::time::Duration::from_millis;
    let windows = Windowing::Time(TimeWindows::tumbling(millis(10)).grace(millis(5)), key);
    let fold = Fold { windows, key: windowed_codec(), ..summing() };
    let store = Materialized::named("sums").retention(millis(100));
    let sums = orders.aggregate("by-key", fold, store);
    let buffer = lentic_topology::spec::Buffer::unbounded();
    sums.suppress("sums-suppressed", Until::WindowCloses(key), buffer).to_stream().to("sums-of-windows");
    let mut driver = TestDriver::new(&topology);
    for (amount, at) in [(1, 1), (2, 9), (4, 12), (8, 8), (16, 31)] {
        driver.pipe("orders", &"ann".to_owned(), &format!("ann,{amount}"), at);
    }
    let key = |start: i64| [&b"ann"[..], &start.to_be_bytes()].concat();
    let records = driver.read::<Vec<u8>, String>("sums-of-windows");
    let sums = [(Some(key(0)), Some("11".to_owned()), 9), (Some(key(10)), Some("4".to_owned()), 12)];
    assert_eq!(records, sums);
    assert!(!driver.topics().iter().any(|topic| topic.as_str().contains("repartition")), "it was not moved");
}
