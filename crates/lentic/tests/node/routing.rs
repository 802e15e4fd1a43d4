//! Whose rule decides where a key is, from the first moment on.
use std::sync::mpsc;
use std::time::Duration;

use lentic::config::Config;
use lentic::types::{FormatName, Partitioner, TableName, TableSpec, TopicName};
use lentic::{Demand, Node, RawTable, ReadError, Routing, Scope, Tier, Write, WriteError, Written};

const PARTITIONS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(20);

fn spec(name: &str, partitioner: Option<Partitioner>) -> TableSpec {
    TableSpec {
        name: TableName::new(name).expect("a name"),
        topic: TopicName::new("t").expect("a name"),
        key: FormatName::String,
        value: FormatName::String,
        partitions: partitioner.map(|_| PARTITIONS),
        partitioner,
        read_only: false,
        window: None,
        history_ms: None,
    }
}

fn write(table: &RawTable, key: &str, value: Option<&str>) -> Result<Written, WriteError> {
    table.wait_write(PATIENCE)?;
    let bytes = |text: &str| text.as_bytes().to_vec().into();
    let (done, outcome) = mpsc::channel();
    let write = Write { key: bytes(key), value: value.map(bytes) };
    table.write(write, Box::new(move |result| drop(done.send(result))));
    outcome.recv_timeout(PATIENCE).expect("in time")
}

fn get(table: &RawTable, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
    let scope = Scope::from(table.partition_of(key.as_bytes()));
    table.wait(&scope, &Demand::default(), PATIENCE)?;
    let row = table
        .get_with(&scope, key.as_bytes(), Tier::Disk, |found| found.row.map(|row| row.value.to_vec()))?;
    Ok(row.expect("the disk knows"))
}

/// A table is declared over a topic that another producer filled: neither the first write nor the first read takes its
/// keys to lie where they would by default.
#[test]
fn from_the_first_moment_on() {
    const KEYS: u32 = 2_000;
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config { data_dir: dir.path().join("data"), shards: 4, ..Config::default() };
    let node = Node::open(config.clone()).expect("a node");
    let (first, _) = node.create_table(spec("first", Some(Partitioner::Crc32))).expect("a table");
    let puts = (0..KEYS).map(|key| {
        let (key, value) = (key.to_string().into_bytes(), key.to_string().into_bytes());
        Write { key: key.into(), value: Some(value.into()) }
    });
    first.write_all(puts.collect(), PATIENCE).expect("written");
    let home = |key: &str| Partitioner::Crc32.partition(key.as_bytes(), PARTITIONS);
    for number in 0..8 {
        let (table, _) = node.create_table(spec(&format!("t{number}"), None)).expect("a table");
        let key = number.to_string();
        if number % 2 == 0 {
            let written = write(&table, &key, Some("new")).expect("written");
            assert_eq!(written.partition, home(&key), "{key}");
        } else {
            assert_eq!(get(&table, &key), Ok(Some(key.clone().into_bytes())));
        }
        table.wait(&Scope::All, &Demand::default(), PATIENCE).expect("all of it");
        let detected = Routing::By { partitioner: Partitioner::Crc32, named: false, fits: true };
        assert_eq!(table.routing(), detected, "{key}");
        assert_eq!(table.partition_of(key.as_bytes()), Some(home(&key)));
    }
    node.close(PATIENCE).expect("closed");
    drop((first, node));
    // The same after the state was lost.
    std::fs::remove_dir_all(dir.path().join("data/state")).expect("state/");
    let node = Node::open(config).expect("a node");
    for (number, table) in
        node.tables().iter().enumerate().filter(|(_, table)| table.spec().partitioner.is_none())
    {
        let key = (KEYS - 1 - number as u32).to_string();
        let written = write(table, &key, Some("again")).expect("written");
        assert_eq!(written.partition, home(&key), "{key}");
        assert_eq!(get(table, "7"), Ok(Some(b"7".to_vec())));
    }
    node.close(PATIENCE).expect("closed");
}
