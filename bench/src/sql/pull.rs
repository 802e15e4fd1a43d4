//! Pull queries by key over HTTP, against reads of the same rows by their address.
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use crate::http::Connection;

/// Rows of the table.
const ROWS: u64 = 100_000;
/// Clients, each with a request at a time.
const CLIENTS: usize = 8;

/// A way to ask for a row.
struct Way {
    name: &'static str,
    method: &'static str,
    path: fn(&str) -> String,
    headers: &'static str,
    body: fn(&str) -> String,
}

const SQL: &str = "Content-Type: application/json\r\nAccept: application/json\r\n";

const WAYS: [Way; 3] = [
    Way {
        name: "get",
        method: "GET",
        path: |key| format!("/v1/tables/rows/rows/{key}"),
        headers: "",
        body: |_| String::new(),
    },
    Way {
        name: "query_stream",
        method: "POST",
        path: |_| "/query-stream".to_owned(),
        headers: "Content-Type: application/json\r\nAccept: application/vnd.ksqlapi.delimited.v1\r\n",
        body: |key| json!({"sql": format!("SELECT * FROM r WHERE k = '{key}';")}).to_string(),
    },
    Way {
        name: "v1_sql",
        method: "POST",
        path: |_| "/v1/sql".to_owned(),
        headers: SQL,
        body: |key| json!({"sql": format!("SELECT * FROM r WHERE k = '{key}';")}).to_string(),
    },
];

/// A node in a process of its own, killed when it is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn measure(lentic: &Path, dir: &Path, seconds: u64) -> Result<()> {
    let server = started(lentic, dir)?;
    loaded(server.address)?;
    let mut rates = Vec::new();
    for way in WAYS {
        let mut latencies = asked(server.address, &way, seconds)?;
        latencies.sort_unstable();
        let rate = latencies.len() as f64 / seconds as f64;
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "{name}_requests_per_second={rate:.0} {name}_p50_ms={:.3} {name}_p99_ms={:.3}",
            at(0.5),
            at(0.99),
            name = way.name
        );
        rates.push(rate);
    }
    println!("query_stream_to_get={:.2} v1_sql_to_get={:.2}", rates[1] / rates[0], rates[2] / rates[0]);
    drop(server);
    std::fs::remove_dir_all(dir).ok();
    Ok(())
}

fn started(lentic: &Path, dir: &Path) -> Result<Server> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let process = Command::new(lentic)
        .args(["serve", "--listen", &address.to_string(), "--data-dir"])
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| crate::shown(lentic))?;
    let server = Server { process, address };
    until("the node answers", || {
        let answer = Connection::open(address)?.request("GET", "/info", "", b"")?;
        Ok(answer.status == 200)
    })?;
    Ok(server)
}

fn loaded(address: SocketAddr) -> Result<()> {
    let mut connection = Connection::open(address)?;
    let mut send = |path: &str, kind: &str, body: &str| -> Result<()> {
        let answer =
            connection.request("POST", path, &format!("Content-Type: {kind}\r\n"), body.as_bytes())?;
        ensure!(answer.status < 300, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(())
    };
    let table = json!({"name": "rows", "topic": "rows", "key": "string", "value": "json", "partitions": 4});
    send("/v1/tables", "application/json", &table.to_string())?;
    let mut lines = String::new();
    for id in 0..ROWS {
        let row = json!({"key": key(id), "value": {"ID": id, "NOTE": format!("what is kept of {id}, some sixty bytes of text and more")}});
        lines.push_str(&row.to_string());
        lines.push('\n');
    }
    send("/v1/tables/rows/rows:load", "application/x-ndjson", &lines)?;
    let statement = "CREATE SOURCE TABLE r (k STRING PRIMARY KEY, id BIGINT, note STRING) WITH (kafka_topic='rows', value_format='JSON');";
    send("/ksql", "application/json", &json!({"ksql": statement}).to_string())?;
    until("all rows are there", || {
        let mut connection = Connection::open(address)?;
        let way = &WAYS[1];
        for id in ROWS - 16..ROWS {
            let answer = connection.request(
                way.method,
                &(way.path)(""),
                way.headers,
                (way.body)(&key(id)).as_bytes(),
            )?;
            if answer.status != 200 || answer.body.split(|byte| *byte == b'\n').count() < 3 {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn asked(address: SocketAddr, way: &Way, seconds: u64) -> Result<Vec<Duration>> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let client = |number: usize| -> Result<Vec<Duration>> {
        let mut connection = Connection::open(address)?;
        let mut latencies = Vec::new();
        let mut id = number as u64 * 7_919;
        while Instant::now() < deadline {
            id = (id + 104_729) % ROWS;
            let (key, begun) = (key(id), Instant::now());
            let answer = connection.request(
                way.method,
                &(way.path)(&key),
                way.headers,
                (way.body)(&key).as_bytes(),
            )?;
            latencies.push(begun.elapsed());
            ensure!(
                answer.status == 200,
                "{}: {} {}",
                way.name,
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(latencies)
    };
    let all = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || client(number))).collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| bail!("a client died")))
            .collect::<Result<Vec<_>>>()
    })?;
    Ok(all.concat())
}

fn until(what: &str, mut is: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + Duration::from_mins(2);
    while Instant::now() < deadline {
        if is().unwrap_or(false) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("{what}: not within two minutes")
}

fn key(id: u64) -> String {
    format!("k{id:08}")
}
