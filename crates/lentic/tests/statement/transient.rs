//! Queries that leave nothing behind.
use std::ops::ControlFlow;
use std::sync::mpsc;

use lentic::config::Config;
use lentic::topology::{Plan, Topology};
use lentic::{
    Node, QueryError, Transient, TransientEnd, TransientEvent, TransientFrom, TransientOptions,
    TransientUntil,
};

use super::script::Script;
use super::{PATIENCE, close, config, open, write};

/// What a query told: results as `key=value`, and how it ended.
type Told = mpsc::Receiver<Result<String, TransientEnd>>;

fn copied() -> Plan {
    let topology = Topology::new("copied");
    topology.stream::<String, String>("lines").filter(|_, line| line != "skip").to("nowhere");
    topology.build().expect("a plan")
}

fn counted() -> Plan {
    let topology = Topology::new("counted");
    topology
        .stream::<String, String>("lines")
        .group_by(|_, line| line.clone())
        .count("counts")
        .to_stream()
        .map_values(i64::to_string)
        .to("nowhere");
    topology.build().expect("a plan")
}

/// Runs a plan, `most` results at most.
fn run(
    node: &Node,
    plan: Plan,
    from: TransientFrom,
    until: TransientUntil,
    most: usize,
) -> Result<(Transient, Told), QueryError> {
    let (sender, told) = mpsc::channel();
    let text = |bytes: Option<&[u8]>| {
        bytes.map_or("-".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let mut count = 0;
    let sink = move |event: TransientEvent<'_>| {
        match event {
            TransientEvent::Record(record) => {
                count += 1;
                let _ = sender.send(Ok(format!("{}={}", text(record.key), text(record.value))));
            }
            TransientEvent::Ended(end) => drop(sender.send(Err(end.clone()))),
        }
        if count < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let options = TransientOptions { from, until, ..TransientOptions::default() };
    Ok((node.run_transient(plan, options, Box::new(sink))?, told))
}

/// All results in order of their texts, and the end.
fn all(told: &Told) -> (Vec<String>, TransientEnd) {
    let mut results = Vec::new();
    loop {
        match told.recv_timeout(PATIENCE).expect("it goes on") {
            Ok(result) => results.push(result),
            Err(end) => {
                results.sort();
                return (results, end);
            }
        }
    }
}

fn with_lines(node: &Node) {
    node.topics()
        .create(&super::topic("lines"), 4, None, &std::collections::BTreeMap::new())
        .expect("a topic");
    for (key, line) in [("1", "x"), ("2", "y"), ("3", "skip"), ("4", "x")] {
        write(node, "lines", key, line);
    }
}

#[test]
fn what_is_there_is_told_and_then_it_ends() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    with_lines(&node);
    let topics = node.topics().names().expect("names");
    let ends =
        |plan, from| all(&run(&node, plan, from, TransientUntil::Ends, usize::MAX).expect("it runs").1);
    assert_eq!(ends(copied(), TransientFrom::Earliest).0, ["1=x", "2=y", "4=x"]);
    assert_eq!(ends(copied(), TransientFrom::Latest), (Vec::new(), TransientEnd::Done));
    // Through a repartition topic and a store, which nobody else sees.
    let counts = ends(counted(), TransientFrom::AsPlanned);
    assert_eq!(counts, (["skip=1", "x=1", "x=2", "y=1"].map(str::to_owned).to_vec(), TransientEnd::Done));
    assert_eq!(node.topics().names().expect("names"), topics, "nothing was left behind");
    close(node);
}

#[test]
fn what_comes_is_told_until_it_is_enough() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    with_lines(&node);
    let (query, told) =
        run(&node, counted(), TransientFrom::Latest, TransientUntil::Stopped, 2).expect("it runs");
    for key in ["5", "6", "7"] {
        write(&node, "lines", key, "new");
    }
    let (results, end) = all(&told);
    assert_eq!((results, end), (vec!["new=1".to_owned(), "new=2".to_owned()], TransientEnd::Stopped));
    super::eventually("the handle knows", || query.is_ended());
    let (query, told) =
        run(&node, copied(), TransientFrom::Earliest, TransientUntil::Stopped, 99).expect("it runs");
    super::eventually("it has come to the ends", || {
        query.positions().values().map(|at| at.0).sum::<u64>() == 7
    });
    drop(query);
    assert_eq!(all(&told).1, TransientEnd::Stopped);
    close(node);
}

#[test]
fn they_are_limited_and_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config { max_transient_queries: 1, ..config(&dir) };
    let node = Node::open_with(config, Script::shared()).expect("a node");
    let go = |plan| run(&node, plan, TransientFrom::Latest, TransientUntil::Stopped, 1);
    let missing = go(copied()).expect_err("there is no topic").to_string();
    assert!(missing.contains("lines"), "{missing}");
    with_lines(&node);
    let (first, _told) = go(copied()).expect("the first");
    assert_eq!(go(copied()).expect_err("the second"), QueryError::TooMany(1));
    drop(first);
    super::eventually("there is room", || go(copied()).is_ok());
    close(node);
}
