//! Dropping tables, with and without their topics.
use lentic::TableError;
use lentic::types::{TableName, TopicName};

use super::{close, config, declare, open, rows};

fn name(name: &str) -> TableName {
    TableName::new(name).expect("a name")
}

#[test]
fn a_topic_is_not_taken_from_another_table() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(config(dir.path()));
    let one = declare(&node, "one", "shared", 2);
    let two = declare(&node, "two", "shared", 2);
    let token = one.put("a", &1).unwrap();
    two.wait_for(&token).unwrap();
    let in_use = TableError::TopicInUse(TopicName::new("shared").unwrap(), name("two"));
    assert_eq!(node.drop_table(&name("one"), true), Err(in_use));
    // Nothing has happened to it.
    assert_eq!(rows(&one), [("a".to_owned(), 1)]);
    node.drop_table(&name("one"), false).unwrap();
    assert!(one.get("a").is_err());
    assert_eq!(rows(&two), [("a".to_owned(), 1)]);
    node.drop_table(&name("two"), true).unwrap();
    assert!(node.tables().is_empty());
    assert_eq!(rows(&declare(&node, "one", "shared", 2)), []);
    close(node);
}

/// A table of the same name is another table: it begins with its own topic's rows, and nothing of the first one's.
#[test]
fn a_name_can_be_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = open(config(dir.path()));
    for round in 0..3 {
        let topic = format!("topic-{round}");
        let table = declare(&node, "t", &topic, 3);
        for key in ["a", "b", "c", "d"] {
            table.put(&format!("{key}{round}"), &round).unwrap();
        }
        assert_eq!(rows(&table).len(), 4, "round {round}");
        if round == 1 {
            drop(table);
            close(node);
            node = open(config(dir.path()));
        }
        node.drop_table(&name("t"), false).unwrap();
    }
    close(node);
}
