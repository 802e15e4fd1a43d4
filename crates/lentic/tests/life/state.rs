//! What `state/` remembers beside rows.
use lentic::config::Config;
use lentic::{Node, NodeError};

use super::{close, config, declare, open, rows};

/// Tables of the same name, created at the same place of another service's statements, are other tables: here the order
/// of their keys differs.
#[test]
fn services_do_not_share_rows() {
    let dir = tempfile::tempdir().unwrap();
    let service = |id: &str| Config { service_id: id.to_owned(), ..config(dir.path()) };
    let keys = [-1.5, -0.5, 0.5, 1.5];
    let stored = |key: f64| key.to_be_bytes().to_vec();
    for round in 0..2 {
        let node = open(service("one"));
        let bytes = node.open_table::<Vec<u8>, i32>("t").unwrap();
        for key in keys {
            bytes.put(&stored(key), &round).unwrap();
        }
        assert_eq!(bytes.range(..).unwrap().len(), 4);
        drop(bytes);
        close(node);
        let node = open(service("two"));
        let numbers = node.open_table::<f64, i32>("t").unwrap();
        assert_eq!(numbers.range(..).unwrap(), keys.map(|key| (key, round)));
        assert_eq!(numbers.get(&-0.5).unwrap(), Some(round));
        drop(numbers);
        close(node);
    }
}

/// Rows lie by shards: with another number of them they would not be found.
#[test]
fn the_number_of_shards_is_fixed() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(config(dir.path()));
    let table = declare(&node, "t", "t", 3);
    table.put("a", &1).unwrap();
    drop(table);
    close(node);
    let Err(NodeError::Config(text)) = Node::open(Config { shards: 8, ..config(dir.path()) }) else {
        panic!("it opened")
    };
    assert!(text.contains("shards = 8") && text.contains("state/") && text.contains('4'), "{text}");
    let node = open(config(dir.path()));
    assert_eq!(rows(&node.open_table("t").unwrap()), [("a".to_owned(), 1)]);
    close(node);
    std::fs::remove_dir_all(dir.path().join("data/state")).unwrap();
    let node = open(Config { shards: 8, ..config(dir.path()) });
    assert_eq!(rows(&node.open_table("t").unwrap()), [("a".to_owned(), 1)]);
    close(node);
}
