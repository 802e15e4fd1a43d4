//! What a node that can't be opened leaves behind: nothing.
use lentic::config::Config;
use lentic::{Node, NodeError};

use super::{close, config, declare, open, rows, spec};

/// The directory and the database are free again for the same process.
#[test]
fn a_start_that_fails_lets_go() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(config(dir.path()));
    declare(&node, "t", "t", 2).put("a", &1).unwrap();
    close(node);
    for _ in 0..2 {
        let refused = Node::open(Config { tables: vec![spec("t", "another", 2)], ..config(dir.path()) });
        let Err(NodeError::Config(text)) = refused else { panic!("it opened") };
        assert!(text.contains("topic = t (asked for: another)"), "{text}");
    }
    let node = open(Config { tables: vec![spec("t", "t", 2)], ..config(dir.path()) });
    assert_eq!(rows(&node.open_table("t").unwrap()), [("a".to_owned(), 1)]);
    close(node);
}
