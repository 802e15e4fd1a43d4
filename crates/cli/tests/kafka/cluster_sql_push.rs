//! Push queries through any node tell every row of all partitions, those that are there and those that come.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::{CUSTOMERS, EARLIEST, NODES, begin, sorted};
use crate::harness::http::Lines;
use crate::nodes::Cluster;

/// A push query that goes on, behind its header.
fn begun(cluster: &Cluster, through: &str, query: &str, reset: &str) -> Lines {
    let body = json!({"sql": query, "properties": {"auto.offset.reset": reset}});
    let mut lines = cluster.node(through).post("/query-stream", body.to_string()).lines();
    assert_eq!(lines.status, 200);
    lines.next_line().expect("a header");
    lines
}

fn next(lines: &mut Lines) -> Value {
    loop {
        // An empty line keeps the connection.
        let line = lines.next_line().expect("a row");
        if !line.is_empty() {
            return serde_json::from_str(&line).expect(&line);
        }
    }
}

#[test]
fn any_node_tells_all_changes() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = Cluster::of_three(&kafka, &EARLIEST);
    let totals = cluster.market();
    for name in NODES {
        cluster.until_totals(name, &totals);
    }
    let all = CUSTOMERS * 3;
    for name in NODES {
        let node = cluster.node(name);
        // A stream, by each endpoint.
        let ids: Vec<_> = (0..all).map(|id| json!([id])).collect();
        for (endpoint, rows) in node.rows_by_all(&format!("SELECT id FROM orders EMIT CHANGES LIMIT {all};"))
        {
            assert_eq!(sorted(rows), sorted(ids.clone()), "by {endpoint} through {name}");
        }
        // A table: the last that is told of each row is the row.
        let mut lines =
            begun(&cluster, name, "SELECT customer, n, amount FROM totals EMIT CHANGES;", "earliest");
        let mut last = BTreeMap::new();
        let wanted: BTreeMap<_, _> =
            totals.iter().map(|(name, (n, sum))| (json!(name).to_string(), json!([name, n, sum]))).collect();
        while last != wanted {
            let row = next(&mut lines);
            last.insert(row[0].to_string(), row);
        }
        // An aggregate of the client's own, and a join.
        let query = "SELECT amount % 7 AS rest, COUNT(*) AS n FROM orders GROUP BY amount % 7 EMIT CHANGES;";
        let mut lines = begun(&cluster, name, query, "earliest");
        let mut counts = BTreeMap::<u64, u64>::new();
        while counts.values().sum::<u64>() < all {
            let row = next(&mut lines);
            counts.insert(row[0].as_u64().expect("a number"), row[1].as_u64().expect("a number"));
        }
        let wanted = (0..7).map(|rest| (rest, (0..all).filter(|number| number % 7 == rest).count() as u64));
        assert_eq!(counts, wanted.collect(), "through {name}");
    }
    live(&cluster);
}

/// What comes is told by every node, whichever took it.
fn live(cluster: &Cluster) {
    let now = begin(5);
    let query = "SELECT id FROM orders WHERE customer = 'new' EMIT CHANGES;";
    let mut open: Vec<_> = NODES.iter().map(|name| begun(cluster, name, query, "latest")).collect();
    for round in 0..5 {
        for (number, name) in NODES.iter().enumerate() {
            let id = 100_000 + round * 10 + number;
            cluster.run(name, &format!("INSERT INTO orders VALUES ({id}, 'new', 1, {now});"));
            for lines in &mut open {
                assert_eq!(next(lines), json!([id]), "inserted through {name}");
            }
        }
    }
    let query = "SELECT n FROM totals WHERE customer = 'new' EMIT CHANGES;";
    let mut lines = begun(cluster, "c", query, "latest");
    cluster.run("a", &format!("INSERT INTO orders VALUES (200000, 'new', 1, {now});"));
    // What the others came to may be told as well.
    let mut told = 0;
    while told < 16 {
        let now = next(&mut lines)[0].as_u64().expect("a number");
        assert!(now > told, "{told}, then {now}");
        told = now;
    }
    assert_eq!(told, 16);
}
