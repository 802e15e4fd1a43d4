//! Statements take effect in the order of the log, at the start and while the node runs.
use std::sync::Arc;
use std::time::Duration;

use lentic::types::Offset;
use lentic::{ExecuteError, Node, SqlError};

use super::script::{Script, statement};
use super::{close, config, execute, open};

#[test]
fn one_that_was_overtaken_counts_nowhere() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = Script::shared();
    let node = Node::open_with(config(&dir), Arc::clone(&script) as _).expect("a node");
    let position = node.sql_position();
    assert_eq!(position, Offset(0));
    let first = node.append_sql(statement("note 1"), position).expect("the first");
    let refused = node.append_sql(statement("note 2"), position).expect_err("the second");
    assert_eq!(refused, SqlError::Overtaken(first.next()));
    // Another comes while the first validation is under way.
    let mut validations = 0;
    node.execute_sql(|position| {
        validations += 1;
        if validations == 1 {
            node.append_sql(statement("note 3"), position).expect("another");
        }
        Ok::<_, String>(statement("note 4"))
    })
    .expect("it is executed in the end");
    assert_eq!(validations, 2);
    let refused = node.execute_sql(|_| Err("no such thing"));
    assert_eq!(refused, Err(ExecuteError::Refused("no such thing")));
    assert_eq!(script.texts(), ["note 1", "note 3", "note 4"]);
    close(node);
    let again = Script::shared();
    let node = Node::open_with(config(&dir), Arc::clone(&again) as _).expect("the node again");
    assert_eq!(*again.applied.lock().expect("applied"), *script.applied.lock().expect("applied"));
    close(node);
}

#[test]
fn who_waits_for_a_statement_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    let first = execute(&node, "note 1");
    assert!(node.wait_sql(first, Duration::ZERO));
    assert!(!node.wait_sql(first.next(), Duration::from_millis(10)));
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| node.wait_sql(first.next(), super::PATIENCE));
        execute(&node, "note 2");
        assert!(waits.join().expect("a thread"));
    });
    close(node);
}

/// A node without an interpreter starts, and what statements say stays as it is.
#[test]
fn statements_wait_for_a_program_that_understands_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    super::run(&node, "count q");
    super::write(&node, "lines", "1", "a");
    super::eventually("the word is counted", || super::count(&node, "q", "a") == Some(1));
    close(node);
    let node = Node::open(config(&dir)).expect("a node of another program");
    assert!(node.query_status("q").is_none());
    assert!(node.append_sql(statement("note 1"), node.sql_position()).is_err());
    close(node);
}
