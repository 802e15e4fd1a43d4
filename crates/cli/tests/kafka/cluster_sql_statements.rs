//! Statements through any node take effect on all of them: what comes next may be asked of another one at once.
use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::NODES;
use crate::harness::until;
use crate::nodes::{Cluster, array};

/// The names of an answer's list.
fn names(entities: &Value, list: &str) -> Vec<String> {
    let listed = array(&entities[0][list]).iter();
    let mut names: Vec<_> = listed.map(|one| one["name"].as_str().expect("a name").to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_one_node_is_told_all_know() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = Cluster::of_three(&kafka, &[]);
    // Each statement stands on one that another node took, and nobody waits in between.
    cluster.run(
        "a",
        "CREATE STREAM orders (id INT KEY, customer STRING, amount INT)
           WITH (kafka_topic = '$-orders', value_format = 'json', partitions = 6);",
    );
    cluster.run("b", "CREATE TYPE money AS STRUCT<units INT, cents INT>;");
    cluster.run(
        "c",
        "CREATE STREAM prices (id INT KEY, price money)
           WITH (kafka_topic = '$-prices', value_format = 'json', partitions = 2);",
    );
    cluster.run(
        "b",
        "CREATE STREAM big WITH (kafka_topic = '$-big') AS SELECT * FROM orders WHERE amount >= 50 EMIT CHANGES;",
    );
    cluster.run(
        "c",
        "CREATE TABLE totals WITH (kafka_topic = '$-totals') AS
           SELECT customer, COUNT(*) AS n FROM big GROUP BY customer EMIT CHANGES;",
    );
    for name in NODES {
        let node = cluster.node(name);
        let told = node.ksql("LIST STREAMS;").expect(200).json();
        assert_eq!(names(&told, "streams"), ["BIG", "ORDERS", "PRICES"], "{name}");
        assert_eq!(names(&node.ksql("LIST TABLES;").expect(200).json(), "tables"), ["TOTALS"], "{name}");
        assert!(node.ksql("LIST TYPES;").expect(200).json()[0]["types"]["MONEY"].is_object(), "{name}");
        // Both queries begin at the ends of their topics, on whichever node their tasks are: these rows come behind that.
        for number in 0..60 {
            let key = number + if name == "a" { 0 } else { 1000 };
            let insert = format!("INSERT INTO orders VALUES ({key}, 'c{}', {number});", number % 4);
            node.ksql(&insert).expect(200);
        }
    }
    let all = [0, 1, 2, 3].map(|customer| json!([format!("c{customer}"), if customer < 2 { 6 } else { 9 }]));
    for name in NODES {
        until("all rows to be counted", || {
            let rows = cluster.node(name).rows_by_sql("SELECT customer, n FROM totals ORDER BY customer");
            (rows == all).then_some(())
        });
    }
    another_ends_it(&cluster);
}

/// PAUSE, RESUME, TERMINATE, DROP and a new start through nodes that did not make the query.
fn another_ends_it(cluster: &Cluster) {
    let queries = cluster.run("a", "LIST QUERIES;");
    let id = |sink: &str| {
        let of_sink = |query: &&Value| query["sinks"][0] == sink;
        let query = array(&queries[0]["queries"]).iter().find(of_sink).expect("a query");
        query["id"].as_str().expect("an id").to_owned()
    };
    let (big, totals) = (id("BIG"), id("TOTALS"));
    let count = |name: &str| {
        cluster.node(name).rows_by_sql("SELECT SUM(n) AS n FROM totals")[0][0].as_u64().unwrap_or(0)
    };
    cluster.run("a", &format!("PAUSE {big};"));
    let insert = |name: &str, key: u32| {
        cluster.run(name, &format!("INSERT INTO orders VALUES ({key}, 'c0', 99);"));
    };
    // Its tasks end with a commit.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let before = count("b");
    insert("b", 5000);
    std::thread::sleep(std::time::Duration::from_secs(2));
    for name in NODES {
        assert_eq!(count(name), before, "paused, through {name}");
    }
    cluster.run("c", &format!("RESUME {big};"));
    for name in NODES {
        until("the row that came meanwhile", || (count(name) == before + 1).then_some(()));
    }
    // A source that is read can't be dropped through any node; once its reader has ended it can.
    for name in NODES {
        let refused = cluster.node(name).ksql("DROP STREAM big;").expect(400);
        assert!(refused.text().contains("TOTALS"), "{}", refused.text());
    }
    cluster.run("b", &format!("TERMINATE {totals};"));
    let gone = cluster.node("c").post("/query", json!({"ksql": "SELECT * FROM totals;"}).to_string()).send();
    assert_eq!(gone.status, 400, "{}", gone.text());
    cluster.run("c", "DROP TABLE totals DELETE TOPIC;");
    cluster.run("a", "DROP STREAM big DELETE TOPIC;");
    for name in NODES {
        let told = cluster.node(name).ksql("LIST QUERIES;").expect(200).json();
        assert_eq!(told[0]["queries"], json!([]), "{name}");
        let missing = cluster.node(name).ksql("DESCRIBE big;").expect(400);
        assert!(missing.text().contains("BIG"), "{}", missing.text());
    }
    cluster.run(
        "b",
        "CREATE STREAM big WITH (kafka_topic = '$-big2') AS SELECT * FROM orders WHERE amount >= 50 EMIT CHANGES;",
    );
    insert("c", 6000);
    until("a row of the new query", || {
        let row = cluster.node("a").rows_by_sql("SELECT id FROM big");
        (row == [json!([6000])]).then_some(())
    });
}

/// Statements that come to all nodes at once are put in one order, and of two that exclude each other one counts.
#[test]
fn statements_at_once_have_one_order() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = Cluster::of_three(&kafka, &[]);
    let create = |stream: &str| {
        format!(
            "CREATE STREAM {stream} (id INT KEY, n INT)
               WITH (kafka_topic = '$-{stream}', value_format = 'json', partitions = 2);"
        )
    };
    let made: Vec<_> = std::thread::scope(|scope| {
        let through = |name: &'static str| {
            let (cluster, create) = (&cluster, &create);
            scope.spawn(move || {
                let mut made = Vec::new();
                for round in 0..10 {
                    cluster.run(name, &create(&format!("only_{name}_{round}")));
                    let same = cluster.node(name).ksql(&cluster.named(&create(&format!("same_{round}"))));
                    if same.status == 200 {
                        made.push(round);
                    } else {
                        assert!(same.text().contains("already exists"), "{}", same.text());
                    }
                }
                made
            })
        };
        let all = NODES.map(through);
        all.into_iter().flat_map(|one| one.join().expect("created")).collect()
    });
    let mut made = made;
    made.sort_unstable();
    assert_eq!(made, (0..10).collect::<Vec<_>>(), "each was made once");
    let wanted = names(&cluster.run("a", "LIST STREAMS;"), "streams");
    assert_eq!(wanted.len(), 40, "{wanted:?}");
    for name in ["b", "c"] {
        assert_eq!(names(&cluster.run(name, "LIST STREAMS;"), "streams"), wanted, "through {name}");
    }
}
