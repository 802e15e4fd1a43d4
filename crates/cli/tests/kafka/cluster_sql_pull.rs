//! Pull queries through any node give the rows of all partitions, whichever nodes have them.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::{CUSTOMERS, EARLIEST, NODES, begin, sorted};
use crate::harness::until;
use crate::nodes::Cluster;

type Totals = BTreeMap<String, (u64, u64)>;

/// The rows of customers with totals, in the order of their names.
fn wanted(totals: &Totals, is_wanted: impl Fn(&str, (u64, u64)) -> bool) -> Vec<Value> {
    let rows = totals.iter().filter(|(name, total)| is_wanted(name, **total));
    rows.map(|(name, (n, sum))| json!([name, n, sum])).collect()
}

#[test]
fn any_node_has_the_whole_answer() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster =
        Cluster::of_three(&kafka, &[&EARLIEST[..], &["--ksql", "lentic.sql.extensions=true"]].concat());
    let totals = cluster.market();
    for name in NODES {
        cluster.until_totals(name, &totals);
        cluster.until_hours(name);
    }
    let all = |query: &str, expected: &[Value]| {
        for name in NODES {
            for (endpoint, rows) in cluster.node(name).rows_by_all(query) {
                assert_eq!(sorted(rows), sorted(expected.to_vec()), "{query} by {endpoint} through {name}");
            }
        }
    };
    for key in ["c000", "c017", "c042", "c099", "nobody"] {
        let query = format!("SELECT * FROM totals WHERE customer = '{key}';");
        all(&query, &wanted(&totals, |name, _| name == key));
    }
    let some: Vec<_> = totals.keys().step_by(3).map(|name| format!("'{name}'")).collect();
    let query = format!("SELECT * FROM totals WHERE customer IN ({}, 'nobody');", some.join(", "));
    all(&query, &wanted(&totals, |name, _| some.contains(&format!("'{name}'"))));
    all(
        "SELECT * FROM totals WHERE customer >= 'c010' AND customer < 'c055';",
        &wanted(&totals, |name, _| ("c010".."c055").contains(&name)),
    );
    all(
        "SELECT * FROM totals WHERE customer LIKE 'c02%';",
        &wanted(&totals, |name, _| name.starts_with("c02")),
    );
    all("SELECT * FROM totals WHERE amount > 400;", &wanted(&totals, |_, (_, sum)| sum > 400));
    all("SELECT * FROM totals;", &wanted(&totals, |_, _| true));
    let sum: u64 = totals.values().map(|(_, sum)| sum).sum();
    all("SELECT COUNT(*) AS n, SUM(amount) AS amount FROM totals;", &[json!([CUSTOMERS, sum])]);
    all(
        "SELECT n, COUNT(*) AS customers FROM totals GROUP BY n HAVING COUNT(*) > 1;",
        &[json!([3, CUSTOMERS])],
    );
    all("SELECT COUNT(*) AS orders FROM hours;", &[json!([CUSTOMERS * 3])]);
    limits(&cluster, &totals);
    windows(&cluster);
    streams(&cluster);
}

/// So many rows as are asked for, and the first ones where an order is.
fn limits(cluster: &Cluster, totals: &Totals) {
    let mut by_amount: Vec<_> = wanted(totals, |_, _| true);
    by_amount.sort_by_key(|row| std::cmp::Reverse(row[2].as_u64()));
    for name in NODES {
        for limit in [0, 1, 7, 60, 100, 1000] {
            let query = format!("SELECT * FROM totals LIMIT {limit};");
            for (endpoint, rows) in cluster.node(name).rows_by_all(&query) {
                let expected = limit.min(by_amount.len());
                assert_eq!(rows.len(), expected, "{query} by {endpoint} through {name}");
                assert!(rows.iter().all(|row| by_amount.contains(row)), "{query}");
                let mut distinct = sorted(rows);
                distinct.dedup();
                assert_eq!(distinct.len(), expected, "{query} by {endpoint} through {name}");
            }
            let query = format!("SELECT * FROM totals ORDER BY amount DESC LIMIT {limit};");
            for (endpoint, rows) in cluster.node(name).rows_by_all(&query) {
                assert_eq!(rows, by_amount[..limit.min(by_amount.len())], "{endpoint} through {name}");
            }
        }
    }
}

fn windows(cluster: &Cluster) {
    for name in NODES {
        let node = cluster.node(name);
        for customer in ["c003", "c050", "c098"] {
            let query = format!("SELECT WINDOWSTART, n FROM hours WHERE customer = '{customer}'");
            let expected: Vec<_> = (0..3).map(|hour| json!([begin(hour), 1])).collect();
            until("the windows", || (sorted(node.rows_by_sql(&query)) == expected).then_some(()));
            let bounded = format!("{query} AND WINDOWSTART >= {} AND WINDOWSTART < {};", begin(1), begin(2));
            for (endpoint, rows) in node.rows_by_all(&bounded) {
                assert_eq!(rows, [json!([begin(1), 1])], "{bounded} by {endpoint} through {name}");
            }
        }
        let late = format!("SELECT customer FROM hours WHERE WINDOWSTART >= {};", begin(2));
        for (endpoint, rows) in node.rows_by_all(&late) {
            assert_eq!(rows.len() as u64, CUSTOMERS, "{late} by {endpoint} through {name}");
        }
        let windows = node.rows_by_sql("SELECT WINDOWSTART, COUNT(*) FROM hours GROUP BY WINDOWSTART");
        let expected: Vec<_> = (0..3).map(|hour| json!([begin(hour), CUSTOMERS])).collect();
        assert_eq!(sorted(windows), expected, "through {name}");
    }
}

fn streams(cluster: &Cluster) {
    for name in NODES {
        for (endpoint, rows) in cluster.node(name).rows_by_all("SELECT id FROM orders;") {
            let ids: Vec<_> = (0..CUSTOMERS * 3).map(|id| json!([id])).collect();
            assert_eq!(sorted(rows), sorted(ids), "by {endpoint} through {name}");
        }
    }
}

/// Keys of a store that nothing was repartitioned for lie where another program has put them.
#[test]
fn keys_lie_where_their_producer_put_them() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = Cluster::of_three(&kafka, &EARLIEST);
    kafka.create(&cluster.named("$-clicks"), 6, &[]);
    // librdkafka's own partitioner, and keys in partitions of no rule.
    let producer = kafka.producer(&[]);
    for number in 0..60 {
        producer.send(&cluster.named("$-clicks"), &format!("k{number}"), Some("{\"N\":1}"));
    }
    for number in 60..90 {
        let key = format!("k{number}");
        producer.send_to(&cluster.named("$-clicks"), number % 6, Some(&key), Some("{\"N\":1}"));
    }
    producer.flush();
    cluster.run(
        "a",
        "CREATE STREAM clicks (k STRING KEY, n INT) WITH (kafka_topic = '$-clicks', value_format = 'json');
         CREATE TABLE counts WITH (kafka_topic = '$-counts') AS SELECT k, COUNT(*) AS n FROM clicks GROUP BY k;",
    );
    for name in NODES {
        let node = cluster.node(name);
        let count = || node.rows_by_sql("SELECT COUNT(*) AS n FROM counts");
        until("all keys", || (count() == [json!([90])]).then_some(()));
        for number in 0..90 {
            let rows = node.rows_by_sql(&format!("SELECT k, n FROM counts WHERE k = 'k{number}'"));
            assert_eq!(rows, [json!([format!("k{number}"), 1])], "through {name}");
        }
        let keys: Vec<_> = (0..90).map(|number| format!("'k{number}'")).collect();
        let rows = node.rows_by_sql(&format!("SELECT k FROM counts WHERE k IN ({})", keys.join(", ")));
        assert_eq!(rows.len(), 90, "through {name}");
    }
}
