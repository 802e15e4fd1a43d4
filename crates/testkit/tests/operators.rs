//! Operators under the test driver.
use std::time::Duration;

use lentic_testkit::TestDriver;
use lentic_topology::{TimeWindows, Topology};

#[test]
fn words_are_counted() {
    let topology = Topology::new("words");
    topology
        .stream::<(), String>("lines")
        .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .group_by(|(), word| word.clone())
        .count("counts")
        .to_stream()
        .to("totals");
    let mut driver = TestDriver::new(&topology);
    println!("{}", driver.plan().describe());
    driver.pipe("lines", &(), &"a b a".to_owned(), 5);
    driver.commit();
    driver.pipe("lines", &(), &"b".to_owned(), 7);
    assert_eq!(
        driver.read::<String, i64>("totals"),
        [
            (Some("a".into()), Some(1), 5),
            (Some("b".into()), Some(1), 5),
            (Some("a".into()), Some(2), 5),
            (Some("b".into()), Some(2), 7),
        ]
    );
    assert_eq!(driver.rows::<String, i64>("counts"), [("a".into(), 2, 5), ("b".into(), 2, 7)]);
    driver.crash();
    driver.restart_without_state();
    assert_eq!(driver.rows::<String, i64>("counts"), [("a".into(), 2, 5), ("b".into(), 2, 7)]);
}

#[test]
fn windows_are_counted() {
    let topology = Topology::new("windows");
    topology
        .stream::<String, String>("in")
        .group_by_key()
        .windowed_by(TimeWindows::tumbling(Duration::from_millis(10)).grace(Duration::from_millis(5)))
        .count("counts");
    let mut driver = TestDriver::new(&topology);
    for time in [1, 12, 9, 16, 3] {
        driver.pipe("in", &"k".to_owned(), &"v".to_owned(), time);
    }
    let windows: Vec<_> = driver
        .windows::<String, i64>("counts")
        .into_iter()
        .map(|(_, window, count, time)| (window.start, count, time))
        .collect();
    assert_eq!(windows, [(0, 2, 9), (10, 2, 16)]);
    assert_eq!(driver.dropped(), 1);
}
