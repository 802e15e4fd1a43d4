//! The log is not the one that the state was built from: rebuilt, or refused, never continued.
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::restore::{BIG, load_big};

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(status.success());
}

fn remove(path: &Path) {
    std::fs::remove_dir_all(path).expect("removed");
}

fn states(description: &Value) -> Vec<&str> {
    let partitions = description["partitions"].as_array().expect("partitions");
    partitions.iter().map(|p| p["state"].as_str().expect("a state")).collect()
}

fn reasons(description: &Value) -> Vec<String> {
    let partitions = description["partitions"].as_array().expect("partitions");
    partitions.iter().filter_map(|p| p["reason"].as_str().map(str::to_owned)).collect()
}

/// `log/` comes back from a backup, so that the state is ahead of it. The old rows are readable until the new are whole.
#[test]
fn after_the_log_was_restored_from_a_backup() {
    let dir = TempDir::new().expect("a directory");
    let (log, backup) = (dir.path().join("log"), dir.path().join("backup"));
    let node = Node::start(dir.path(), &["--fsync", "never"]);
    load_big(&node, 200_000);
    node.put_row("big", "kept", "1");
    let dump = node.dump("big");
    assert!(node.stop().success());
    copy(&log, &backup);

    let node = Node::ready(dir.path(), &["--fsync", "never"]);
    // Every partition gets something that the backup doesn't have.
    let line = |n| format!("{}\n", json!({"key": format!("lost-{n}"), "value": n}));
    let lines: String = (0..1_000).map(line).collect();
    node.load("big", lines);
    let lost = node.put_row("big", "kept", "2");
    assert!(node.stop().success());
    remove(&log);
    std::fs::rename(&backup, &log).expect("restored");

    let node = Node::start(dir.path(), &BIG);
    let description = until("all partitions to have been looked at", || {
        let description = node.describe("big");
        assert_eq!(description["ready"], false, "too quick to be looked at: {description}");
        states(&description).iter().all(|state| *state != "starting").then_some(description)
    });
    let waiting =
        states(&description).iter().rposition(|state| *state == "rebuilding").expect("one that waits");
    let reasons = reasons(&description);
    assert!(!reasons.is_empty() && reasons.iter().all(|r| r.contains("the log ends before")), "{reasons:?}");
    let lost_key = (0..1_000)
        .map(|number| format!("lost-{number}"))
        .find(|key| {
            node.get(&format!("/v1/tables/big/route?key={key}")).send().json()["partition"] == waiting
        })
        .expect("a key of that partition");
    let old =
        node.get(&format!("/v1/tables/big/rows/{lost_key}")).header("lentic-max-staleness", "1h").send();
    let old = old.expect(200);
    assert!(old.header("lentic-staleness-ms").is_some(), "{old:?}");
    let plain = node.get("/v1/tables/big/rows?limit=1").header("lentic-timeout", "1ms").send();
    let message = plain.expect_error(503, "catching_up").json()["error"]["message"].to_string();
    assert!(message.contains("rebuilding"), "{message}");

    node.until_ready("big");
    assert_eq!(node.row("big", "kept"), Some("1".to_owned()));
    assert_eq!(node.row("big", &lost_key), None);
    assert!(node.dump("big") == dump, "the rows of the backup");
    assert!(node.log().contains("rebuilding"), "{}", node.log());
    assert_eq!(self::reasons(&node.describe("big")), [""; 0]);
    // What the lost token stood for is not there: it can't be waited for, and no other row passes for it.
    let demanded = node
        .get("/v1/tables/big/rows/kept")
        .header("lentic-at-least", &lost)
        .header("lentic-timeout", "50ms");
    demanded.send().expect_error(504, "not_reached");
    assert_eq!(node.count("big"), 200_001);
}

/// The log has as many records as the state has seen, but other ones.
#[test]
fn after_the_log_went_another_way() {
    let dir = TempDir::new().expect("a directory");
    let (log, state) = (dir.path().join("log"), dir.path().join("state"));
    let (backup, aside) = (dir.path().join("backup"), dir.path().join("aside"));
    let node = Node::start(dir.path(), &[]);
    node.create_table("t", "string", "json", 1);
    node.put_row("t", "k", "1");
    assert!(node.stop().success());
    copy(&log, &backup);
    let node = Node::ready(dir.path(), &[]);
    node.put_row("t", "k", "2");
    node.put_row("t", "ghost", "2");
    assert!(node.stop().success());
    std::fs::rename(&state, &aside).expect("kept");
    remove(&log);
    std::fs::rename(&backup, &log).expect("restored");
    let node = Node::ready(dir.path(), &[]);
    for value in 3..7 {
        node.put_row("t", "k", &value.to_string());
    }
    let pages = node.pages("t", 10);
    assert!(node.stop().success());
    remove(&state);
    std::fs::rename(&aside, &state).expect("the state of the other way");

    let node = Node::ready(dir.path(), &[]);
    assert_eq!(node.pages("t", 10), pages);
    assert_eq!(node.row("t", "ghost"), None);
    assert!(node.log().contains("no longer the one"), "{}", node.log());
}

/// The end of the log was torn off, as a machine without power does to a log that was never synced.
#[test]
fn after_the_log_lost_its_end() {
    let dir = TempDir::new().expect("a directory");
    let arguments = ["--fsync", "never", "--flush-interval-ms", "100ms"];
    let node = Node::start(dir.path(), &arguments);
    node.create_table("t", "string", "json", 1);
    for number in 0..500 {
        node.put_row("t", &format!("k{number}"), &number.to_string());
    }
    until("the state to be flushed", || {
        let text = std::fs::read_dir(dir.path().join("state")).expect("state/");
        let tables = text.filter(|file| {
            file.as_ref().expect("a file").path().extension().is_some_and(|extension| extension == "sst")
        });
        (tables.count() > 0).then_some(())
    });
    // The position that was flushed last is above what will be left of the log.
    assert!(node.stop().success());
    let newest = std::fs::read_dir(dir.path().join("log"))
        .expect("log/")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .max_by_key(|path| std::fs::metadata(path).expect("a file").len())
        .expect("a write-ahead log");
    let length = std::fs::metadata(&newest).expect("a file").len();
    let file = std::fs::OpenOptions::new().write(true).open(&newest).expect("opened");
    file.set_len(length * 9 / 10).expect("torn off");

    let node = Node::ready(dir.path(), &arguments);
    let left = node.count("t");
    assert!(left > 0 && left < 500, "{left}");
    for number in [0, left - 1, left, 499] {
        let expected = (number < left).then(|| number.to_string());
        assert_eq!(node.row("t", &format!("k{number}")), expected, "of {left}");
    }
    assert!(node.log().contains("the log ends before"), "{}", node.log());
    node.put_row("t", "k499", "\"again\"");
    assert_eq!(node.count("t"), left + 1);
}

/// A topic goes with its last table only, and what is created in its place is another topic.
#[test]
fn after_the_topic_was_deleted_and_created_again() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::ready(dir.path(), &[]);
    let declare = |node: &Node| {
        for name in ["first", "second"] {
            node.declare(&table(name, "shared", "string", "json"));
        }
    };
    declare(&node);
    let token = node.put_row("first", "old", "1");
    let read = node.get("/v1/tables/second/rows/old").header("lentic-at-least", &token).send();
    assert_eq!(read.expect(200).text(), "1");
    node.delete("/v1/tables/first?delete-topic=true").send().expect_error(409, "topic_in_use");
    assert_eq!(node.row("first", "old").as_deref(), Some("1"));
    node.delete("/v1/tables/first").send().expect(200);
    assert_eq!(node.row("second", "old").as_deref(), Some("1"));
    node.delete("/v1/tables/second?delete-topic=true").send().expect(200);

    declare(&node);
    let check = |node: &Node, rows: u64| {
        for name in ["first", "second"] {
            assert_eq!((node.count(name), node.row(name, "old")), (rows, None), "{}", node.dump(name));
            let demanded = node.get(&format!("/v1/tables/{name}/rows/new")).header("lentic-at-least", &token);
            demanded.send().expect_error(400, "bad_token");
        }
    };
    check(&node, 0);
    let again = node.put_row("first", "new", "2");
    assert_ne!(again.rsplit_once('.').map(|(_, tag)| tag), token.rsplit_once('.').map(|(_, tag)| tag));
    let read = node.get("/v1/tables/second/rows/new").header("lentic-at-least", &again).send();
    assert_eq!(read.expect(200).text(), "2");
    node.kill();
    for without_state in [false, true] {
        if without_state {
            remove(&dir.path().join("state"));
        }
        let node = Node::ready(dir.path(), &[]);
        check(&node, 1);
    }
}

/// State that was built from another log is refused, with what to do about it.
#[test]
fn state_of_another_log_is_refused() {
    let dir = TempDir::new().expect("a directory");
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    for path in [&one, &other] {
        let node = Node::ready(path, &[]);
        node.create_table("t", "string", "json", 1);
        node.put_row("t", "k", "1");
        assert!(node.stop().success());
    }
    remove(&other.join("state"));
    copy(&one.join("state"), &other.join("state"));
    let mut node = Node::spawn(&other, &[]);
    assert!(!node.wait().success());
    let said = node.log();
    assert!(said.contains("another log") && said.contains("delete state/"), "{said}");
    remove(&other.join("state"));
    assert_eq!(Node::ready(&other, &[]).row("t", "k"), Some("1".to_owned()));
}

/// Facts that are kept with the position outlive it all: what was detected of the keys, and counted.
#[test]
fn what_was_learnt_of_the_keys_is_kept() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::ready(dir.path(), &[]);
    let spec = json!({"name": "t", "topic": "t", "key": "string", "value": "json", "partitions": 4, "partitioner": "fnv1a"});
    node.declare(&spec);
    let detected = json!({"name": "d", "topic": "t", "key": "string", "value": "json"});
    node.declare(&detected);
    for number in 0..100 {
        node.put_row("t", &format!("k{number}"), "1");
    }
    let check = |node: &Node, name: &str, is: &str| {
        let description = node.describe(name);
        assert_eq!(
            (&description["partitioner"], &description["partitioner_is"]),
            (&json!("fnv1a"), &json!(is)),
            "{description}"
        );
        assert_eq!(node.row(name, "k7"), Some("1".to_owned()));
    };
    until("all rows", || (node.count("d") == 100).then_some(()));
    check(&node, "t", "named");
    check(&node, "d", "detected");
    node.kill();
    for without_state in [false, true] {
        if without_state {
            remove(&dir.path().join("state"));
        }
        let node = Node::ready(dir.path(), &[]);
        check(&node, "t", "named");
        check(&node, "d", "detected");
        node.kill();
    }
}
