//! What any node tells of queries is what all of them say.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::{EARLIEST, NODES};
use crate::harness::until;
use crate::nodes::{Cluster, array};

fn of_sink<'a>(entities: &'a Value, sink: &str) -> &'a Value {
    let queries = array(&entities[0]["queries"]).iter();
    let mut of_sink = queries.filter(|query| query["sinks"][0] == sink);
    of_sink.next().unwrap_or_else(|| panic!("no query of {sink}: {entities}"))
}

#[test]
fn any_node_tells_of_all_hosts() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster =
        Cluster::of_three(&kafka, &[&EARLIEST[..], &["--ksql", "ksql.heartbeat.enable=true"]].concat());
    let totals = cluster.market();
    cluster.until_totals("a", &totals);
    let hosts: Vec<_> =
        NODES.map(|name| cluster.node(name).url.trim_start_matches("http://").to_owned()).into();
    for name in NODES {
        let node = cluster.node(name);
        let listed = node.ksql("SHOW QUERIES;").expect(200).json();
        let query = of_sink(&listed, "TOTALS");
        assert_eq!(
            (&query["statusCount"], &query["state"]),
            (&json!({"RUNNING": 3}), &json!("RUNNING")),
            "through {name}"
        );
        let explain = format!("EXPLAIN {};", query["id"].as_str().expect("an id"));
        let explained = node.ksql(&explain).expect(200).json();
        let explained = &explained[0]["queryDescription"];
        let wanted: serde_json::Map<_, _> =
            hosts.iter().map(|host| (host.clone(), json!("RUNNING"))).collect();
        assert_eq!(
            (&explained["ksqlHostQueryStatus"], &explained["state"]),
            (&Value::Object(wanted), &json!("RUNNING")),
            "through {name}"
        );
        let described = node.ksql("DESCRIBE totals EXTENDED;").expect(200).json();
        let writer = &described[0]["sourceDescription"]["writeQueries"][0];
        assert_eq!(writer["statusCount"], json!({"RUNNING": 3}), "{described}");
    }
    state_of_all(&cluster, &hosts);
    push_of_another(&cluster);
    one_is_gone(&mut cluster);
}

/// `/clusterStatus`: each partition that a query reads has one host that leads it, and its state one that stands by.
fn state_of_all(cluster: &Cluster, hosts: &[String]) {
    for name in NODES {
        until("every partition to be led by one host", || {
            let told = cluster.node(name).get("/clusterStatus").send().expect(200).json();
            let told = told["clusterStatus"].as_object().expect("hosts").clone();
            assert_eq!(told.len(), 3, "through {name}");
            let (mut led, mut followed) = (Vec::new(), 0);
            for host in hosts {
                let status = &told[host];
                assert_eq!(status["hostAlive"], true, "{host} through {name}");
                let queries = status["activeStandbyPerQuery"].as_object().expect("queries");
                let totals = queries.iter().find(|(id, _)| id.contains("TOTALS")).expect("the query").1;
                led.extend(array(&totals["activePartitions"]).iter().map(ToString::to_string));
                followed += array(&totals["standByPartitions"]).len();
                let lags = status["hostStoreLags"]["stateStoreLags"].as_object().expect("lags");
                assert!(lags.keys().any(|store| store.contains("TOTALS")), "{status}");
            }
            // The tasks that read the stream, and those behind the repartition topic.
            let distinct: BTreeSet<_> = led.iter().collect();
            (led.len() == 12 && distinct.len() == 12 && followed == 6).then_some(())
        });
    }
}

/// A query whose rows go to a client of one node is listed by all, and ended through any.
fn push_of_another(cluster: &Cluster) {
    for (through, end) in [("b", "statement"), ("c", "request"), ("a", "statement")] {
        let body = json!({"sql": "SELECT id FROM orders EMIT CHANGES;"}).to_string();
        let mut lines = cluster.node("a").post("/query-stream", body).lines();
        let header: Value = serde_json::from_str(&lines.next_line().expect("a header")).expect("JSON");
        let id = header["queryId"].as_str().expect("an id");
        for name in NODES {
            let listed = cluster.node(name).ksql("LIST QUERIES;").expect(200).json();
            let found = array(&listed[0]["queries"]).iter().find(|query| query["id"] == id);
            let found = found.unwrap_or_else(|| panic!("not listed through {name}: {listed}"));
            assert_eq!(found["queryType"], "PUSH");
        }
        let node = cluster.node(through);
        if end == "statement" {
            let ended = node.ksql(&format!("TERMINATE {id};")).expect(200).json();
            assert_eq!(
                (&ended[0]["@type"], &ended[0]["wasTerminated"]),
                (&json!("terminate_query"), &json!(true)),
                "{ended}"
            );
        } else {
            node.post("/close-query", json!({ "queryId": id }).to_string()).send().expect(200);
        }
        let rest = lines.rest();
        assert!(rest.lines().count() < 10_000, "it ended");
        node.ksql("TERMINATE transient_nothing_1;").expect(400);
        node.post("/close-query", json!({ "queryId": id }).to_string()).send().expect(400);
    }
}

/// A host that does not answer is told as such, until the group has given its shards to the others.
fn one_is_gone(cluster: &mut Cluster) {
    cluster.nodes.remove("c").expect("it runs").kill();
    let listed = cluster.run("a", "SHOW QUERIES;");
    let query = of_sink(&listed, "TOTALS");
    assert_eq!(
        (&query["statusCount"], &query["state"]),
        (&json!({"RUNNING": 2, "UNRESPONSIVE": 1}), &json!("UNRESPONSIVE"))
    );
    let told = cluster.node("b").get("/clusterStatus").send().expect(200).json();
    let alive = told["clusterStatus"].as_object().expect("hosts").values();
    assert_eq!(alive.filter(|host| host["hostAlive"] == true).count(), 2, "{told}");
    cluster.settle();
    until("the lists of two", || {
        let listed = cluster.run("b", "SHOW QUERIES;");
        (of_sink(&listed, "TOTALS")["statusCount"] == json!({"RUNNING": 2})).then_some(())
    });
}
