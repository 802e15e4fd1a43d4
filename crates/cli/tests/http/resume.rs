//! Coming back to a watch with Last-Event-ID.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::fixture::{Here, now_ms, row, text, token, token_parts};
use crate::harness::http::{Event, Lines};
use crate::harness::{Node, until};
use crate::watch::{next, snapshot, watch};

/// Offsets by partition.
type Offsets = BTreeMap<u32, Vec<u64>>;

fn add(offsets: &mut Offsets, token: &str) {
    let (_, partition, offset, _) = token_parts(token);
    offsets.entry(partition).or_default().push(offset);
}

/// What is in `all` and not in `told`.
fn rest(all: &Offsets, told: &Offsets) -> Offsets {
    let mut rest = all.clone();
    for (partition, offsets) in &mut rest {
        let told = told.get(partition);
        offsets.retain(|offset| told.is_none_or(|told| !told.contains(offset)));
    }
    rest.retain(|_, offsets| !offsets.is_empty());
    rest
}

fn token_of(event: &Event) -> String {
    assert!(["put", "delete"].contains(&event.event.as_str()), "{event:?}");
    text(&event.json(), "token").to_owned()
}

/// Reads so many changes; their offsets in the order in which they come.
fn changes(lines: &mut Lines, count: usize) -> Offsets {
    let mut offsets = Offsets::new();
    for _ in 0..count {
        add(&mut offsets, &token_of(&next(lines)));
    }
    offsets
}

fn write_many(node: &Node, keys: &[&str], value: u32) -> Vec<String> {
    let writes: Vec<_> = keys.iter().map(|key| json!({"key": key, "value": value})).collect();
    let body = json!({"writes": writes});
    let written = node.request("POST", "/v1/tables/t/rows:write").json(&body).send().expect(200).json();
    let tokens = written["tokens"].as_array().expect("tokens");
    tokens.iter().map(|token| token.as_str().expect("text").to_owned()).collect()
}

/// From every id on exactly the rest comes, each partition in its order; also from another process, and from one that
/// lost its state.
#[test]
fn exactly_the_rest() {
    let mut here = Here::start(&[]);
    here.create_table("t", "string", "int", 3);
    let mut all = Offsets::new();
    for key in ["a", "b", "c"] {
        add(&mut all, &token(&here.put(&row("t", key.as_bytes()), "0").send().expect(200)));
    }
    let mut lines = watch(&here, "t", "", None);
    let (_, end) = snapshot(&mut lines);
    let mut told = vec![(end, all.clone())];
    for n in 0..12 {
        let path = row("t", format!("k{}", n % 5).as_bytes());
        let written = if n % 4 == 3 { here.delete(&path) } else { here.put(&path, n.to_string()) };
        add(&mut all, &token(&written.send().expect(200)));
    }
    for token in write_many(&here, &["a", "w1", "w2", "w3", "a"], 5) {
        add(&mut all, &token);
    }
    for _ in 0..17 {
        let event = next(&mut lines);
        let mut so_far = told.last().expect("one").1.clone();
        add(&mut so_far, &token_of(&event));
        told.push((event.id.expect("an id"), so_far));
    }
    assert_eq!(rest(&all, &told.last().expect("one").1), Offsets::new());
    let same = |_: &mut Here| {};
    for again in [same, Here::restart, Here::crash, Here::lose_state] {
        again(&mut here);
        until("the table", || (here.get("/readyz?table=t").send().status == 200).then_some(()));
        let mut open = Vec::new();
        for (id, told) in &told {
            let expected = rest(&all, told);
            let mut lines = watch(&here, "t", "", Some(id));
            let seen = changes(&mut lines, expected.values().map(Vec::len).sum());
            assert_eq!(seen, expected, "after {id}");
            open.push(lines);
        }
        // And nothing else: the next that they hear of is the next that happens.
        let written = token(&here.put(&row("t", b"mark"), "1").send().expect(200));
        for lines in &mut open {
            assert_eq!(token_of(&next(lines)), written);
        }
        add(&mut all, &written);
    }
}

/// A reader that comes and goes while others write, over crashes of the node, hears of everything once.
#[test]
fn a_reader_that_comes_and_goes() {
    const EACH: usize = 150;
    let mut here = Here::start(&[]);
    here.create_table("t", "string", "int", 4);
    let (mut all, mut seen) = (Offsets::new(), Offsets::new());
    let mut lines = watch(&here, "t", "", None);
    let (_, mut id) = snapshot(&mut lines);
    drop(lines);
    for round in 0..3 {
        let written = AtomicUsize::new(0);
        let tokens = std::thread::scope(|scope| {
            let (node, written): (&Node, _) = (&here, &written);
            let writer = scope.spawn(move || {
                let write = |n: usize| {
                    let path = row("t", format!("k{}", n * 7 % 23).as_bytes());
                    let answer = if n % 6 == 5 { node.delete(&path) } else { node.put(&path, n.to_string()) };
                    let token = token(&answer.send().expect(200));
                    written.fetch_add(1, Ordering::Release);
                    token
                };
                (0..EACH).map(write).collect::<Vec<_>>()
            });
            let mut read = 0;
            for stay in (1..).map(|visit| visit * 5 % 17 + 1) {
                let mut lines = watch(node, "t", "", Some(&id));
                for _ in 0..stay {
                    if read == EACH {
                        break;
                    }
                    let event = next(&mut lines);
                    add(&mut seen, &token_of(&event));
                    id = event.id.expect("an id");
                    read += 1;
                }
                if read == EACH {
                    break;
                }
            }
            writer.join().expect("a thread")
        });
        for token in &tokens {
            add(&mut all, token);
        }
        assert_eq!(seen, all, "round {round}");
        here.crash();
    }
}

/// The id with other parts: version, topic, time, and the next offset of each partition.
fn other(id: &str, change: impl Fn(&mut Vec<String>)) -> String {
    let mut parts: Vec<_> = id.split('.').map(str::to_owned).collect();
    assert_eq!(parts.len(), 4, "{id}");
    change(&mut parts);
    parts.join(".")
}

/// Where continuity can't be promised the reader is told to begin anew.
#[test]
fn reset() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    for key in ["a", "b", "c", "d"] {
        here.put(&row("t", key.as_bytes()), "1").send().expect(200);
    }
    let (rows, id) = snapshot(&mut watch(&here, "t", "", None));
    let days = |days: i64| (now_ms() - days * 24 * 3_600_000).to_string();
    let cases = [
        ("the day before yesterday", other(&id, |parts| parts[2] = days(2)), "delete.retention.ms"),
        ("of another creation", other(&id, |parts| parts[1] = "0000".to_owned()), "created again"),
        ("beyond the end", other(&id, |parts| parts[3] = "1000-1000".to_owned()), "ends before"),
        ("of fewer partitions", other(&id, |parts| parts[3] = "1".to_owned()), "partitions"),
    ];
    for (what, id, why) in &cases {
        for parameters in ["", "key=a", "snapshot=false"] {
            let mut lines = watch(&here, "t", parameters, Some(id));
            let event = next(&mut lines);
            assert_eq!((event.event.as_str(), &event.id), ("reset", &None), "{what}");
            assert!(text(&event.json(), "reason").contains(why), "{what}: {event:?}");
            let (again, _) = snapshot(&mut lines);
            let wanted = if parameters == "key=a" { &rows[..1] } else { &rows };
            assert_eq!(again, wanted, "{what}");
        }
    }
    // Within the horizon.
    let yesterday = (now_ms() - 23 * 3_600_000).to_string();
    let young = other(&id, |parts| parts[2].clone_from(&yesterday));
    here.put(&row("t", b"a"), "2").send().expect(200);
    let mut lines = watch(&here, "t", "", Some(&young));
    let event = next(&mut lines);
    assert_eq!(event.json()["value"], 2);
    // What it reads on the way to the end is as old as the place that it came back to.
    assert_eq!(event.id.expect("an id").split('.').nth(2), Some(yesterday.as_str()));
    here.put(&row("t", b"a"), "3").send().expect(200);
    let id = next(&mut lines).id.expect("an id");
    assert_ne!(id.split('.').nth(2), Some(yesterday.as_str()));
    for bad in ["x", "w1.0000", "w2.0000.1.1-1", "w1.0000.1.-1-1"] {
        let refused = here.get("/v1/tables/t/watch").header("Last-Event-ID", bad).send();
        refused.expect_error(400, "bad_event_id");
    }
}

/// A topic that was deleted and created again is another one, and ids of the old one mean nothing.
#[test]
fn a_topic_created_again() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    for key in ["a", "b", "c", "d"] {
        here.put(&row("t", key.as_bytes()), "1").send().expect(200);
    }
    let mut before = watch(&here, "t", "", None);
    let (_, id) = snapshot(&mut before);
    here.delete("/v1/tables/t?delete-topic=true").send().expect(200);
    let event = next(&mut before);
    assert_eq!(event.event, "error", "{event:?}");
    assert_eq!(event.json()["error"]["code"], "table_not_found");
    here.create_table("t", "string", "int", 2);
    for key in ["new", "a", "b", "c", "d"] {
        here.put(&row("t", key.as_bytes()), "7").send().expect(200);
    }
    here.delete(&row("t", b"d")).send().expect(200);
    let mut replica = Replica::new(watch(&here, "t", "", Some(&id)));
    replica.follow(|rows| rows.len() == 4 && rows.values().all(|value| value == 7));
    assert_eq!(replica.resets, 1);
    assert_ne!(id.split('.').nth(1), replica.id.split('.').nth(1), "it is of another topic");
    here.put(&row("t", b"a"), "8").send().expect(200);
    replica.follow(|rows| rows.len() == 4 && rows.get("\"a\"") == Some(&json!(8)));
}

/// What a reader makes of a watch: the table's rows by key.
struct Replica {
    lines: Lines,
    rows: BTreeMap<String, Value>,
    id: String,
    resets: usize,
}

impl Replica {
    fn new(lines: Lines) -> Self {
        Self { lines, rows: BTreeMap::new(), id: String::new(), resets: 0 }
    }

    /// Until the rows are as they should be, and no snapshot is under way.
    fn follow(&mut self, are_right: impl Fn(&BTreeMap<String, Value>) -> bool) {
        let mut whole = false;
        while !whole || !are_right(&self.rows) {
            let event = next(&mut self.lines);
            if let Some(id) = &event.id {
                self.id.clone_from(id);
                whole = true;
            }
            let row = event.json();
            match event.event.as_str() {
                "put" => drop(self.rows.insert(row["key"].to_string(), row["value"].clone())),
                "delete" => drop(self.rows.remove(&row["key"].to_string())),
                "reset" => {
                    self.rows.clear();
                    self.resets += 1;
                    whole = false;
                }
                "snapshot-end" => {}
                _ => panic!("{event:?}"),
            }
        }
    }
}
