//! Rows as of a time, of a table that a topology materializes with versions.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::topology::{Consumed, Materialized, Topology};
use lentic::types::Timestamp;
use lentic::{Node, Table, Version};
use lentic_server::{Options, Server};

const PATIENCE: Duration = Duration::from_secs(30);
const HISTORY: Duration = Duration::from_millis(60);

/// The last price of each product, with those before. A record is `TIME:PRICE`; a product that is gone has none.
fn prices() -> Topology {
    let topology = Topology::new("prices");
    let time = |text: &String| text.split_once(':').and_then(|(time, _)| time.parse().ok()).unwrap_or(-1);
    let told = topology.table_with::<String, String>("told", Consumed::new().timestamp_of(time));
    let prices = Materialized::named("prices").versioned(HISTORY);
    drop(told.filter(|_, text| !text.ends_with("gone")).materialize(prices));
    topology
}

struct Here {
    node: Node,
    runtime: tokio::runtime::Runtime,
    server: Server,
    address: SocketAddr,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Here {
    fn start(dir: &Path) -> Self {
        let node = Node::open(Config { data_dir: dir.to_owned(), ..Config::default() }).expect("a node");
        if node.table("told").is_none() {
            // One partition: the history is counted in each by itself.
            let spec = r#"{"name":"told","topic":"told","key":"string","value":"string","partitions":1}"#;
            node.create_table(serde_json::from_str(spec).expect("a declaration")).expect("a table");
        }
        let query = node.run(&prices()).expect("the query runs");
        assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = {
            let _entered = runtime.enter();
            Server::start(node.clone(), listener, Options::default()).expect("a server")
        };
        let address = server.address();
        Self { node, runtime, server, address }
    }

    fn stop(self) {
        self.runtime.block_on(self.server.stop(PATIENCE));
        self.node.close(PATIENCE).expect("a close");
    }

    fn tell(&self, key: &str, text: &str) {
        let told = self.node.open_table::<String, String>("told").expect("a table");
        told.put(key, &text.to_owned()).expect("a write");
    }

    fn ask(&self, method: &str, path: &str, header: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             {header}content-length: {length}\r\n\r\n{body}"
        );
        socket.write_all(request.as_bytes()).expect("sent");
        let mut text = String::new();
        socket.read_to_string(&mut text).expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// Status, value, since when and until when.
    fn as_of(&self, key: &str, at: &str) -> (u16, String, Option<i64>, Option<i64>) {
        let answer = self.get(&format!("/v1/tables/prices/rows/{key}?as_of={at}"));
        let number = |name: &str| answer.header(name).and_then(|text| text.parse().ok());
        let value = if answer.status == 200 { answer.body.clone() } else { answer.code() };
        (answer.status, value, number("lentic-timestamp"), number("lentic-valid-to"))
    }

    fn values(&self, path: &str) -> Vec<String> {
        let page: serde_json::Value = serde_json::from_str(&self.get(path).body).expect("a page");
        let rows = page["rows"].as_array().expect("rows").iter();
        rows.map(|row| row["value"].as_str().unwrap_or("none").to_owned()).collect()
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::trim)
    }

    fn code(&self) -> String {
        self.header("lentic-error").unwrap_or_default().to_owned()
    }
}

fn found(value: &str, since: i64, until: Option<i64>) -> (u16, String, Option<i64>, Option<i64>) {
    (200, value.to_owned(), Some(since), until)
}

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn rows_as_they_were() {
    let dir = tempfile::tempdir().expect("a directory");
    let here = Here::start(dir.path());
    for (key, text) in [
        ("ann", "10:1"),
        ("ann", "30:3"),
        ("cid", "7:x"),
        ("cid", "8:gone"),
        ("ann", "20:2"),
        ("ann", "40:gone"),
        ("ann", "50:5"),
        ("bob", "5:b"),
    ] {
        here.tell(key, text);
    }
    eventually("all is told", || here.as_of("bob", "50") == found("5:b", 5, None));
    let absent = || (404, "row_not_found".to_owned(), None, None);
    versions(&here);
    plain_reads(&here);
    refusals(&here);
    assert_eq!(here.as_of("cid", "7"), found("7:x", 7, Some(8)));

    // Time goes on, and the history with it.
    here.tell("bob", "100:c");
    eventually("time goes on", || here.as_of("bob", "100") == found("100:c", 100, None));
    let goes_back = |here: &Here| {
        assert_eq!(here.as_of("ann", "39"), absent(), "it is further back than 40");
        assert_eq!(here.as_of("ann", "50"), found("50:5", 50, None));
        assert_eq!(here.as_of("bob", "40"), found("5:b", 5, Some(100)));
        assert_eq!(here.as_of("bob", "39"), absent());
        here.tell("bob", "1000:d");
        eventually("time goes on", || here.as_of("bob", "1000") == found("1000:d", 1000, None));
        assert_eq!(here.as_of("ann", "50"), found("50:5", 50, None), "it has not changed since");
        assert_eq!(here.as_of("bob", "100"), absent());
        assert_eq!(here.as_of("bob", "999"), found("100:c", 100, Some(1000)));
    };
    here.stop();

    // The same from the changelog.
    std::fs::remove_dir_all(dir.path().join("state")).expect("the state goes");
    let here = Here::start(dir.path());
    eventually("it is back", || here.as_of("bob", "100") == found("100:c", 100, None));
    plain_reads_of(&here, &["50:5", "100:c"]);
    goes_back(&here);
    let table = here.node.table("prices").expect("a table");
    let table = Table::<String, String>::of(table, PATIENCE).expect("a table of strings");
    let (value, valid_from) = ("50:5".to_owned(), Timestamp(50));
    let version = table.get_as_of("ann", Timestamp(60)).expect("a read");
    assert_eq!(version, Some(Version { value, valid_from, valid_to: None }));
    here.stop();
}

fn versions(here: &Here) {
    let absent = (404, "row_not_found".to_owned(), None, None);
    for (at, expected) in [
        ("-1", absent.clone()),
        ("9", absent.clone()),
        ("10", found("10:1", 10, Some(20))),
        ("19", found("10:1", 10, Some(20))),
        ("20", found("20:2", 20, Some(30))),
        ("1970-01-01T00:00:00.030Z", found("30:3", 30, Some(40))),
        ("39", found("30:3", 30, Some(40))),
        ("40", absent.clone()),
        ("49", absent),
        ("50", found("50:5", 50, None)),
        ("2100-01-01T00:00:00Z", found("50:5", 50, None)),
    ] {
        assert_eq!(here.as_of("ann", at), expected, "as of {at}");
    }
    let tag = here.get("/v1/tables/prices/rows/ann?as_of=20");
    let tag = tag.header("etag").expect("an ETag");
    let path = "/v1/tables/prices/rows/ann?as_of=25";
    assert_eq!(here.ask("GET", path, &format!("if-none-match: {tag}\r\n"), "").status, 304);
    assert_eq!(here.ask("HEAD", path, "", "").status, 200);
    assert_eq!(here.ask("HEAD", "/v1/tables/prices/rows/ann?as_of=45", "", "").status, 404);
}

/// Reads that say nothing of a time see the latest rows.
fn plain_reads(here: &Here) {
    plain_reads_of(here, &["50:5", "5:b"]);
    assert_eq!(here.get("/v1/tables/prices/rows/cid").code(), "row_not_found");
    assert!(here.get("/v1/tables/prices").body.contains("\"history_ms\":60"));
}

fn plain_reads_of(here: &Here, rows: &[&str; 2]) {
    assert_eq!(here.get("/v1/tables/prices/rows/ann").body, rows[0]);
    let sorted = |mut values: Vec<String>| {
        values.sort();
        values
    };
    let expected = sorted(rows.iter().map(|row| (*row).to_owned()).collect());
    for order in ["asc", "desc"] {
        let mut path = format!("/v1/tables/prices/rows?order={order}");
        let values = here.values(&path);
        assert_eq!(sorted(values.clone()), expected, "{order}");
        // Page by page.
        path += "&limit=1";
        let mut seen = Vec::new();
        let mut next = path.clone();
        loop {
            let page: serde_json::Value = serde_json::from_str(&here.get(&next).body).expect("a page");
            seen.extend(page["rows"].as_array().expect("rows").iter().map(|row| row["value"].clone()));
            let Some(cursor) = page["cursor"].as_str() else { break };
            next = format!("{path}&cursor={cursor}");
        }
        assert_eq!(seen, values, "{order}");
    }
    assert_eq!(here.values("/v1/tables/prices/rows?from=b&to=c"), rows[1..]);
    assert_eq!(here.values("/v1/tables/prices/rows?from=ann&to=bob"), rows[..1]);
    assert_eq!(here.values("/v1/tables/prices/rows?prefix=an"), rows[..1]);
    assert!(here.get("/v1/tables/prices/rows:count").body.contains("\"count\":2"));
    let many = here.ask("POST", "/v1/tables/prices/rows:get", "", r#"{"keys":["bob","cid","ann"]}"#);
    let many: serde_json::Value = serde_json::from_str(&many.body).expect("rows");
    let many = many["rows"].as_array().expect("rows").iter().filter_map(|row| row["value"].as_str());
    assert_eq!(many.collect::<Vec<_>>(), [rows[1], rows[0]]);
}

fn refusals(here: &Here) {
    for (path, code) in [
        ("told/rows/ann?as_of=5", "not_versioned"),
        ("prices/rows/ann?as_of=yesterday", "bad_parameter"),
        ("prices/rows/ann?as_of=5&window=5", "unknown_parameter"),
        ("prices/rows?as_of=5", "unknown_parameter"),
    ] {
        let answer = here.get(&format!("/v1/tables/{path}"));
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{path}");
    }
}
