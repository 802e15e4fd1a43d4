//! A market on three nodes: orders in six partitions, and what queries make of them. `$` stands for the service in texts.
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::{Answer, Node, until};
use crate::nodes::{Cluster, array};
use crate::websocket;

pub const NODES: [&str; 3] = ["a", "b", "c"];
pub const CUSTOMERS: u64 = 100;

/// An argument: all queries begin at the first records.
pub const EARLIEST: [&str; 2] = ["--ksql", "ksql.streams.auto.offset.reset=earliest"];

impl Node {
    /// `POST /ksql`
    pub fn ksql(&self, text: &str) -> Answer {
        self.post("/ksql", json!({ "ksql": text }).to_string()).send()
    }

    /// The rows of a query by `/v1/sql`, each an array.
    #[track_caller]
    pub fn rows_by_sql(&self, query: &str) -> Vec<Value> {
        let answer = self.post("/v1/sql", query).header("accept", "application/json").send();
        let answer = answer.expect(200).json();
        array(&answer["rows"]).to_vec()
    }

    /// The rows by each of ksqlDB's endpoints, and by ours.
    #[track_caller]
    pub fn rows_by_all(&self, query: &str) -> [(&'static str, Vec<Value>); 4] {
        let columns = |row: &Value| row["row"]["columns"].clone();
        let old = self.post("/query", json!({ "ksql": query }).to_string()).send().expect(200).json();
        let old = array(&old)[1..].iter().filter(|row| row["row"].is_object()).map(columns).collect();
        let new = self.post("/query-stream", json!({ "sql": query }).to_string()).send().expect(200);
        let lines = new.text().lines().skip(1).filter(|line| !line.is_empty());
        let new = lines.map(|line| serde_json::from_str(line).expect(line)).collect();
        let address = format!("{}/ws/query", self.url.replacen("http", "ws", 1));
        let frames = websocket::ask(&address, &json!({ "ksql": query }).to_string());
        let frames = frames.lines().skip(1).map(|line| serde_json::from_str(line).expect(line));
        let frames = frames.filter(|row: &Value| row["row"].is_object()).map(|row| columns(&row)).collect();
        let with_end = format!("{query};");
        let sql = self.rows_by_sql(if query.ends_with(';') { query } else { &with_end });
        [("/query", old), ("/query-stream", new), ("/ws/query", frames), ("/v1/sql", sql)]
    }

    /// `POST /inserts-stream`, which takes HTTP/2: the acknowledgements.
    pub fn insert_lines(&self, lines: &str) -> String {
        let mut curl = Command::new("curl")
            .args(["-sS", "--max-time", "30", "--http2-prior-knowledge", "--data-binary", "@-"])
            .arg(format!("{}/inserts-stream", self.url))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl");
        curl.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
        String::from_utf8(curl.wait_with_output().expect("ended").stdout).expect("text")
    }
}

impl Cluster {
    /// Three nodes at rest, each with these arguments.
    pub fn of_three(kafka: &Kafka, arguments: &[&'static str]) -> Self {
        let mut cluster = Self::new(kafka);
        cluster.settings = arguments.to_vec();
        for name in NODES {
            cluster.start(name);
        }
        cluster.settle();
        cluster
    }

    pub fn named(&self, text: &str) -> String {
        text.replace('$', &self.service)
    }

    /// A script through a node, all of which takes effect.
    #[track_caller]
    pub fn run(&self, through: &str, script: &str) -> Value {
        self.node(through).ksql(&self.named(script)).expect(200).json()
    }

    /// The stream `orders`, its rows, and the table `totals` of all customers.
    pub fn market(&self) -> BTreeMap<String, (u64, u64)> {
        self.run(
            "a",
            "CREATE STREAM orders (id INT KEY, customer STRING, amount INT, at BIGINT)
               WITH (kafka_topic = '$-orders', value_format = 'json', partitions = 6, timestamp = 'at');",
        );
        let totals = self.order(0);
        self.run(
            "b",
            "CREATE TABLE totals WITH (kafka_topic = '$-totals') AS
               SELECT customer, COUNT(*) AS n, SUM(amount) AS amount FROM orders GROUP BY customer;
             CREATE TABLE hours WITH (kafka_topic = '$-hours') AS
               SELECT customer, COUNT(*) AS n FROM orders WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY customer;",
        );
        totals
    }

    /// Three orders of each customer, through all nodes: count and sum. The first of each round begins at `hour`.
    pub fn order(&self, hour: u64) -> BTreeMap<String, (u64, u64)> {
        let mut lines: BTreeMap<&str, String> =
            NODES.iter().map(|name| (*name, "{\"target\":\"orders\"}\n".to_owned())).collect();
        let mut totals = BTreeMap::<_, (u64, u64)>::new();
        for number in 0..CUSTOMERS * 3 {
            let (customer, id) = (format!("c{:03}", number % CUSTOMERS), number + 1000 * hour);
            let total = totals.entry(customer.clone()).or_default();
            *total = (total.0 + 1, total.1 + number);
            let at = begin(hour + number / CUSTOMERS) + number;
            let row = json!({"ID": id, "CUSTOMER": customer, "AMOUNT": number, "AT": at});
            let of_node = lines.get_mut(NODES[number as usize % 3]).expect("a node");
            of_node.extend([row.to_string().as_str(), "\n"]);
        }
        for (name, lines) in lines {
            let acknowledged = self.node(name).insert_lines(&lines);
            assert_eq!(
                acknowledged.matches("\"status\":\"ok\"").count() as u64,
                CUSTOMERS,
                "{name}: {acknowledged}"
            );
        }
        totals
    }

    /// Waits until a node tells the windows of all orders.
    pub fn until_hours(&self, through: &str) {
        let hours = || self.node(through).rows_by_sql("SELECT COUNT(*) AS n FROM hours");
        until("all windows", || (hours() == [json!([CUSTOMERS * 3])]).then_some(()));
    }

    /// Waits until a node tells these totals.
    pub fn until_totals(&self, through: &str, totals: &BTreeMap<String, (u64, u64)>) {
        let mut wanted: Vec<_> = totals.iter().map(|(name, (n, sum))| json!([name, n, sum])).collect();
        wanted.sort_by_key(ToString::to_string);
        until("the totals", || {
            let rows = sorted(self.node(through).rows_by_sql("SELECT * FROM totals"));
            (rows == wanted).then_some(())
        });
    }
}

/// When an hour of the orders begins, in milliseconds: of the last ones, since Kafka drops windows that are long over.
pub fn begin(hour: u64) -> u64 {
    static FIRST: OnceLock<u64> = OnceLock::new();
    let first = FIRST.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        now.as_secs() / 3600 - 6
    });
    (first + hour) * 3_600_000
}

/// In an order that does not depend on where rows are.
pub fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    rows.sort_by_key(ToString::to_string);
    rows
}
