//! State in memory.
use lentic::config::{Config, State};
use lentic::{Node, WatchEvent};

use super::{close, config, declare, open, rows};

fn in_memory(config: Config) -> Node {
    open(Config { state: State::Memory, ..config })
}

/// Each start builds the rows anew, also what a start on disk has written, and leaves nothing on the disk.
#[test]
fn rows_are_built_anew_at_each_start() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("data/state");
    let node = in_memory(config(dir.path()));
    let table = declare(&node, "t", "t", 3);
    for i in 0..100 {
        table.put(&format!("k{i:03}"), &i).unwrap();
    }
    table.delete("k050").unwrap();
    let expected = rows(&table);
    assert_eq!(expected.len(), 99);
    assert_eq!(table.get("k007").unwrap(), Some(7));
    assert_eq!(table.raw().rows_estimate(), 99);
    drop(table);
    close(node);
    assert!(!state.exists());
    for on_disk in [false, true, false] {
        let node = if on_disk { open(config(dir.path())) } else { in_memory(config(dir.path())) };
        let table = node.open_table::<String, i32>("t").unwrap();
        assert_eq!(rows(&table), expected, "on disk: {on_disk}");
        let token = table.put("k007", &7).unwrap();
        assert!(table.raw().current_token(b"k007").unwrap().is_some_and(|current| current == token));
        drop(table);
        close(node);
    }
}

#[test]
fn changes_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let node = in_memory(config(dir.path()));
    let table = declare(&node, "t", "t", 1);
    table.put("a", &1).unwrap();
    let mut watch =
        table.raw().watch(lentic::Filter::All, &lentic::Scope::All, lentic::WatchStart::Snapshot).unwrap();
    table.put("b", &2).unwrap();
    let mut events = Vec::new();
    super::until("the put", || {
        watch.poll(10, &mut events).unwrap();
        events.iter().any(|event| matches!(event, WatchEvent::Put { key, .. } if key == "b")).then_some(())
    });
    close(node);
}
