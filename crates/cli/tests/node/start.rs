//! Starting: defaults, the data directory, the state and its log.
use std::fs;
use std::path::Path;
use std::process::Command;

use super::harness::{Node, lentic, until};
use super::{put_numbered, refused};

/// The default address may be in use on this machine: then the node says so and ends.
#[test]
fn without_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = lentic(&["serve"]);
    command.current_dir(&dir);
    let mut node = Node::launch(command, dir.path());
    let url = "http://127.0.0.1:8088";
    let listening = until("the node's word", || {
        let log = node.log();
        log.contains(&format!("listening on {url}"))
            .then_some(true)
            .or_else(|| log.contains("listening on 127.0.0.1:8088: Address already in use").then_some(false))
    });
    if listening {
        node.url = url.to_owned();
        let status = node.get("/v1/status").send().expect(200).json();
        assert_eq!((&status["log"], &status["service_id"]), (&"embedded".into(), &"lentic".into()));
        for part in ["log", "state"] {
            assert!(dir.path().join("lentic-data").join(part).is_dir(), "{part}");
        }
        assert!(node.stop().success());
    } else {
        assert_eq!(node.wait().code(), Some(1), "{}", node.log());
    }
}

#[test]
fn state_can_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 3);
    put_numbered(&node, "t", 50);
    node.delete_row("t", "k7");
    let before = node.dump("t");
    assert_eq!(before.lines().count(), 49);
    let pages_before = node.pages("t", 20);
    assert!(node.stop().success());
    fs::remove_dir_all(dir.path().join("state")).unwrap();
    let node = Node::ready(dir.path(), &[]);
    assert_eq!(node.dump("t"), before);
    assert_eq!(node.pages("t", 20), pages_before);
}

#[test]
fn state_of_another_log_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&one, &other] {
        let node = Node::ready(dir.path(), &[]);
        node.create_table("t", "string", "json", 1);
        assert!(node.stop().success());
    }
    fs::remove_dir_all(one.path().join("state")).unwrap();
    copy(&other.path().join("state"), &one.path().join("state"));
    let (code, said) = refused(one.path(), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("state/ was built from another log") && said.contains("delete state/"), "{said}");
    // What it said to do helps.
    fs::remove_dir_all(one.path().join("state")).unwrap();
    Node::ready(one.path(), &[]).get("/v1/tables/t").send().expect(200);
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().expect("cp").success());
}

#[test]
fn a_data_directory_has_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    let (code, said) = refused(dir.path(), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("is in use by another process"), "{said}");
    node.get("/healthz").send().expect(200);
    // A killed process leaves no lock behind.
    node.kill();
    Node::ready(dir.path(), &[]).get("/healthz").send().expect(200);
}

/// What is not synced survives the death of the process, if not that of the machine.
#[test]
fn fsync_policies() {
    for arguments in [
        &["--fsync", "always"][..],
        &["--fsync", "interval", "--fsync-interval-ms", "100ms"],
        &["--fsync", "never"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        let node = Node::ready(dir.path(), arguments);
        node.create_table("t", "string", "json", 2);
        put_numbered(&node, "t", 20);
        let before = node.dump("t");
        node.kill();
        let node = Node::ready(dir.path(), arguments);
        assert_eq!(node.dump("t"), before, "{arguments:?}");
        assert!(node.stop().success());
    }
}
