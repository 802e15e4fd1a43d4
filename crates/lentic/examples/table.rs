//! A component's own replica of a topic, without HTTP: two of its partitions, in memory. It runs on the embedded log; with
//! `brokers` in the configuration the topic is one on Kafka.
#![expect(clippy::print_stdout, reason = "an example shows what it reads")]
use lentic::config::{Config, State};
use lentic::{Error, Node, ReadError};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let config = Config { data_dir: dir.path().join("data"), state: State::Memory, ..Config::default() };
    let node = Node::open(config.keep("seats", [0, 2]))?;
    let seats = node.open_table::<String, i32>("seats")?;
    for (plane, number) in [("N14228", 149), ("N24211", 149), ("N619AA", 178), ("N804JB", 200)] {
        // Also where its partition is not kept: writes go to the topic.
        let token = seats.put(plane, &number)?;
        match seats.get(plane) {
            Ok(row) => println!("{plane}: {row:?}, written at {token}"),
            Err(Error::Read(ReadError::NotKept(partition))) => {
                println!("{plane} is in partition {partition}")
            }
            Err(error) => return Err(error.into()),
        }
    }
    println!("kept: {:?}", seats.range("N1".to_owned()..)?);
    let mut changes = seats.watch()?;
    println!("a watch begins with {:?}", changes.next(std::time::Duration::from_secs(1))?);
    node.close(std::time::Duration::from_secs(10))?;
    Ok(())
}
