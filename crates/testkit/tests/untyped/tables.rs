//! Tables of rows.
use std::sync::Arc;

use lentic_testkit::TestDriver;
use lentic_topology::spec::{JoinKind, Joiner};
use lentic_topology::untyped::Table;
use lentic_topology::{Consumed, Topology};

use crate::rows::{row, row_codec, run, separated_codec, text};

fn source(topology: &Topology, topic: &str) -> Table {
    topology.untyped().table(topic, row_codec(), row_codec(), Consumed::new())
}

/// Rows that never were in the table give nothing where old values are insisted on; they are known then, and kept for it
/// under the name that was given.
#[test]
fn a_filter_knows_what_it_let_through() {
    for needs_old in [false, true] {
        let topology = Topology::new("filtered");
        let table = source(&topology, "in").named_store("KsqlTopic-Reduce");
        table.filter(Arc::new(|_, value| text(value, 0) > "m"), needs_old).to_stream().to("out");
        let stores: Vec<_> =
            topology.build().expect("a topology").stores().iter().map(|s| s.name.to_string()).collect();
        let mut driver = TestDriver::new(&topology);
        let results = run(&mut driver, "in k a 1; in k z 2; in k b 3; in k - 4; in j - 5", "out");
        if needs_old {
            assert_eq!(stores, ["KsqlTopic-Reduce"]);
            assert_eq!(results, ["k=z@2", "k=-@3"]);
        } else {
            assert!(stores.is_empty());
            assert_eq!(results, ["k=-@1", "k=z@2", "k=-@3", "k=-@4", "j=-@5"]);
        }
    }
}

/// What a filter without a store lets through is looked up and grouped by what is kept before it, through mappings and new
/// keys.
#[test]
fn rows_under_new_keys_are_joined_and_grouped() {
    let topology = Topology::new("rekeyed");
    let right = source(&topology, "right").filter(Arc::new(|_, value| text(value, 0) != "hidden"), true);
    // From `a` to `a,` and back.
    let rekeyed = right.rekey(
        separated_codec('|'),
        Arc::new(|key, _| (text(key, 0) != "dropped").then(|| row(&[text(key, 0), "key"]))),
        Arc::new(|key, _| Some(row(&[text(key, 0)]))),
    );
    let left = topology.untyped().table("left", separated_codec('|'), row_codec(), Consumed::new());
    let both: Joiner =
        Arc::new(|_, left, right| Some(row(&[text(left.as_ref(), 0), text(right.as_ref(), 0)])));
    left.join(&rekeyed, JoinKind::Inner, both, row_codec(), "joined").to_stream().to("out");
    let mut driver = TestDriver::new(&topology);
    let records = "right a one 1; right b hidden 2; right dropped two 3; left a|key x 4; left b|key y 5; \
                   right b three 6; right a hidden 7";
    assert_eq!(run(&mut driver, records, "out"), ["a|key=x,one@4", "b|key=y,three@6", "a|key=-@7"]);
    assert_eq!(driver.dropped(), 1);
}

/// A table that is kept under its new key is looked up there.
#[test]
fn rows_are_kept_under_new_keys() {
    let topology = Topology::new("rekeyed");
    let rekeyed = source(&topology, "in").rekey(
        row_codec(),
        Arc::new(|key, _| Some(row(&["own", text(key, 0)]))),
        Arc::new(|key, _| Some(row(&[text(key, 1)]))),
    );
    let _kept = rekeyed.materialize("kept");
    let mut driver = TestDriver::new(&topology);
    driver.pipe("in", &"a".to_owned(), &"x".to_owned(), 1);
    assert_eq!(driver.rows::<String, String>("kept"), [("own,a".to_owned(), "x".to_owned(), 1)]);
}
