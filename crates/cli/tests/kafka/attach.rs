//! A real Kafka Streams application, attached to while it runs: tests/streams-app.
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::kafka::{create_topic, tool};
use crate::harness::{Node, unique, until};
use crate::service::Service;

/// Topics, their ends, and what the group has committed.
type Traces = (Vec<String>, Vec<String>, Vec<String>);

/// The application as a process that takes commands.
struct App {
    child: Child,
    answers: BufReader<ChildStdout>,
    id: String,
    _state: tempfile::TempDir,
}

impl App {
    fn start(brokers: &str) -> Self {
        let id = unique("app");
        create_topic(brokers, &format!("{id}.input"), 3, &[]);
        let state = tempfile::tempdir().expect("a directory");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/streams-app/run.sh");
        let mut child = Command::new(script)
            .args([brokers, &id])
            .arg(state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash, Java and Maven");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut app = Self { child, answers, id, _state: state };
        app.answer();
        app
    }

    /// The lines before `done`.
    fn answer(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.answers.read_line(&mut line).expect("a line"), 0, "the application ended");
            match line.trim_end_matches('\n') {
                "done" => return lines,
                line => lines.push(line.to_owned()),
            }
        }
    }

    fn run(&mut self, command: &str) -> Vec<String> {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{command}").expect("written");
        stdin.flush().expect("written");
        self.answer()
    }

    /// All rows as the application's own interactive queries tell them, sorted.
    fn rows(&mut self) -> Vec<String> {
        let mut rows = self.run("query");
        rows.sort();
        rows
    }

    /// What is to stay as it is while Lentic reads: the topics with their ends, and the groups with what they have committed.
    fn traces(&self, brokers: &str) -> Traces {
        let lines = |text: String, of: &str| {
            let mut lines: Vec<_> =
                text.lines().filter(|line| line.contains(of)).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let ends = tool(brokers, &["offsets", "--topic-partitions", &format!("{}.*", self.id)], "");
        let topics = tool(brokers, &["topics", "--list"], "");
        let groups = tool(brokers, &["groups", "--describe", "--group", &self.id], "");
        (lines(topics, &self.id), lines(ends, &self.id), lines(groups, &self.id))
    }

    /// The same, once everything is written and committed.
    fn settled(&self, brokers: &str) -> Traces {
        until("the last commit", || {
            let (once, again) = (self.traces(brokers), self.traces(brokers));
            (once == again).then_some(once)
        })
    }
}

impl Drop for App {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The rows of the tables in the words of the application.
fn rows(node: &Node) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["latest", "counts", "lengths", "per-minute", "sessions"] {
        for row in node.pages(table, 100) {
            let bytes = row["key"].as_str().expect("text").bytes();
            let key = bytes.fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
            let bound = |bound: &str| match &row["window"][bound] {
                Value::Null => "-".to_owned(),
                time => time.to_string(),
            };
            let value = row["value"].as_str().map_or_else(|| row["value"].to_string(), str::to_owned);
            // A session store keeps no timestamps.
            let timestamp = if table == "sessions" { "-".to_owned() } else { row["timestamp"].to_string() };
            let (start, end) = (bound("start"), bound("end"));
            all.push(format!("{table}\tx{key}\t{start}\t{end}\t{value}\t{timestamp}"));
        }
    }
    all.sort();
    all
}

/// Both tell the same, once Lentic has read what the application has written and that has no more to do.
fn agree(node: &Node, app: &mut App) -> Vec<String> {
    let mut differ = (Vec::new(), Vec::new());
    let same = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        until("the same rows", || {
            let (theirs, ours) = (app.rows(), rows(node));
            if theirs == ours {
                return Some(ours);
            }
            differ = (theirs, ours);
            std::thread::sleep(std::time::Duration::from_millis(200));
            None
        })
    }));
    same.unwrap_or_else(|_| {
        let (theirs, ours) = &differ;
        let only = |a: &[String], b: &[String]| {
            a.iter().filter(|row| !b.contains(row)).take(5).cloned().collect::<Vec<_>>()
        };
        panic!("only theirs: {:#?}\nonly ours: {:#?}", only(theirs, ours), only(ours, theirs));
    })
}

#[test]
fn stores_of_a_running_application() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut app = App::start(&kafka.brokers);
    app.run("produce 2000");
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    until("the application's work", || {
        let counts: u64 = app
            .rows()
            .iter()
            .filter(|row| row.starts_with("counts"))
            .map(|row| row.split('\t').nth(4).expect("a value").parse::<u64>().expect("a number"))
            .sum();
        (counts == 2_000).then_some(())
    });

    app.settled(&kafka.brokers);

    // Nothing is said but the size of the windows, which no topic tells; the rest is found.
    let attach = |body: &Value| node.request("POST", "/v1/tables:attach?wait=ready").json(body).send();
    attach(&json!({"application_id": app.id, "store": "per-minute", "size_ms": 60_000})).expect(200);
    let output = node.run(&["table", "attach", &app.id, "--wait"]);
    assert!(output.status.success(), "{output:?}");
    let declared: Vec<_> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let store: Value = serde_json::from_str(line).expect("JSON");
            let table = &store["table"];
            json!([table["name"], table["key"], table["value"], table["window"]["kind"], table["read_only"]])
        })
        .collect();
    let table =
        |name: &str, key: &str, value: &str, window: Option<&str>| json!([name, key, value, window, true]);
    assert_eq!(
        declared,
        [
            table("counts", "string", "bigint", None),
            table("latest", "string", "string", None),
            table("lengths", "string", "double", None),
            table("meetings-other-join-store", "string", "string", Some("time")),
            table("meetings-this-join-store", "string", "string", Some("time")),
            table("per-minute", "string", "bigint", Some("time")),
            table("sessions", "string", "bigint", Some("session")),
        ]
    );
    let same = agree(&node, &mut app);
    assert!(same.len() > 500, "{}", same.len());

    // While it goes on: rows are read all the time, and in the end they are the same again.
    app.run("flow");
    let mut reads = 0;
    let until_then = std::time::Instant::now() + std::time::Duration::from_secs(3);
    let mut last = 0;
    while std::time::Instant::now() < until_then {
        let answer = node.get("/v1/tables/counts/rows/a/%D0%B9").send().expect(200);
        let count: u64 = answer.text().parse().expect("a number");
        assert!(count >= last, "{count} after {last}");
        last = count;
        node.get("/v1/tables/sessions/rows/a/%D0%B9?order=desc&limit=3").send().expect(200);
        reads += 1;
    }
    let produced: u64 = app.run("halt")[0].parse().expect("a number");
    assert!(reads > 10 && produced > 2_100, "{reads} reads, {produced} records");
    until("the application's work", || {
        let sum: f64 = node.pages("counts", 100).iter().filter_map(|row| row["value"].as_f64()).sum();
        (sum as u64 == produced).then_some(())
    });
    let rows = agree(&node, &mut app);

    // The windows of each key, one key at a time and one window at a time, from the partition where the key lives.
    assert_eq!(node.describe("per-minute")["partitioner"], "murmur2");
    for table in ["per-minute", "sessions"] {
        let all = node.pages(table, 100);
        let row = &all[all.len() / 2];
        let (key, start, end) =
            (row["key"].as_str().expect("text"), &row["window"]["start"], &row["window"]["end"]);
        let key = key.replace('й', "%D0%B9");
        let window = if table == "sessions" { format!("{start}..{end}") } else { start.to_string() };
        let one = node.get(&format!("/v1/tables/{table}/rows/{key}?window={window}")).send().expect(200);
        assert_eq!(one.json(), row["value"]);
        let many =
            node.get(&format!("/v1/tables/{table}/rows/{key}?from={start}&limit=1")).send().expect(200);
        assert_eq!(many.json()["rows"][0]["window"], row["window"]);
    }
    // The sides of the join keep several records of a time apart, by their numbers.
    let side = node.pages("meetings-this-join-store", 500);
    assert!(side.iter().all(|row| row["window"]["start"] == row["timestamp"]), "{:?}", side.first());
    assert!(side.iter().any(|row| row["window"]["sequence"].as_u64() > Some(0)), "{:?}", side.first());

    // The application, its topics and its group are what they were: attached, read, attached again, restored.
    let before = app.settled(&kafka.brokers);
    node.stop();
    service.lose_state();
    let node = service.ready();
    let output = node.run(&["table", "attach", &app.id, "--wait", "--json"]);
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("\"created\":true"), "{output:?}");
    assert_eq!(self::rows(&node), rows);
    node.put("/v1/tables/counts/rows/a", "1").send().expect_error(403, "read_only");
    node.delete("/v1/tables/counts?delete-topic=true").send().expect_error(403, "read_only");
    node.delete("/v1/tables/counts").send().expect(200);
    assert_eq!(app.traces(&kafka.brokers), before);
    let missing = json!({"application_id": app.id, "store": "missing"});
    let attach = |body: &Value| node.request("POST", "/v1/tables:attach").json(body).send();
    attach(&missing).expect_error(404, "topic_not_found");
    attach(&json!({"application_id": app.id, "key": "string"})).expect_error(400, "bad_request");
    app.run("stop");
}
