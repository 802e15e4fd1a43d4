//! What a stop leaves, however rude.
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use bytes::Bytes;
use lentic_engine::log::{Ack, Error, Log, Polled, ReadFrom, ReaderOptions, TopicSettings};
use lentic_log_local::{LocalLog, LocalOptions};
use lentic_types::{Offset, OutgoingRecord, PartitionId, Timestamp, TopicName, TopicPartition};

const PATIENCE: Duration = Duration::from_secs(20);
const DIRECTORY: &str = "LENTIC_TEST_LOG";

fn open(path: &Path) -> LocalLog {
    LocalLog::open(LocalOptions { path: path.to_owned(), ..LocalOptions::default() }).expect("opened")
}

fn topic() -> TopicName {
    TopicName::new("t").expect("a name")
}

fn partition(number: u32) -> TopicPartition {
    TopicPartition::new(topic(), PartitionId(number))
}

fn record(partition: u32, value: &str) -> OutgoingRecord {
    OutgoingRecord {
        topic: topic(),
        partition: PartitionId(partition),
        key: Some(Bytes::from_static(b"k")),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    }
}

fn append(log: &LocalLog, partition: u32, value: &str) -> Ack {
    let (sender, receiver) = channel();
    log.append(record(partition, value), Box::new(move |result| drop(sender.send(result))));
    receiver.recv_timeout(PATIENCE).expect("an answer").expect("taken")
}

/// Offsets, values and the last epoch of a partition.
fn read(log: &LocalLog, number: u32) -> (Vec<(u64, String)>, i32) {
    let mut reader = log.reader(ReaderOptions { bulk: true, ..ReaderOptions::default() }).expect("a reader");
    reader.assign(&partition(number), ReadFrom::Start).expect("assigned");
    let (mut rows, mut last, mut polled) = (Vec::new(), -1, Vec::new());
    loop {
        reader.poll(PATIENCE, &mut polled).expect("polled");
        for polled in polled.drain(..) {
            match polled {
                Polled::Records { batch, epoch, .. } => {
                    last = epoch;
                    let text =
                        |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or(b"")).into_owned();
                    rows.extend(batch.iter().map(|record| (record.offset.0, text(record.value))));
                }
                Polled::End { .. } => return (rows, last),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn everything_is_there_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("log");
    let log = open(&path);
    let identity = log.identity();
    let made = log.create_topic(&topic(), 2, &TopicSettings::compacted()).expect("created");
    append(&log, 1, "first");
    let first = log.epoch_below(&partition(1), Offset(1)).expect("asked").expect("known");
    log.close(PATIENCE);
    drop(log);

    let log = open(&path);
    assert_eq!(log.identity(), identity);
    assert_eq!(log.topic(&topic()), Ok(Some(made.clone())));
    assert_eq!(append(&log, 1, "second").offset, Offset(1));
    let (rows, second) = read(&log, 1);
    assert_eq!(rows, [(0, "first".to_owned()), (1, "second".to_owned())]);
    assert!(second > first);
    assert_eq!(read(&log, 0), (vec![], -1));
    for (offset, epoch) in [(0, None), (1, Some(first)), (2, Some(second))] {
        assert_eq!(log.epoch_below(&partition(1), Offset(offset)), Ok(epoch));
    }
    log.delete_topic(&topic()).expect("deleted");
    drop(log);

    let log = open(&path);
    assert_eq!(log.topics(), Ok(vec![]));
    let again = log.create_topic(&topic(), 2, &TopicSettings::compacted()).expect("created");
    assert_ne!(again.id, made.id);
    assert_eq!(read(&log, 1).0, []);
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = open(dir.path());
    let second = LocalLog::open(LocalOptions { path: dir.path().to_owned(), ..LocalOptions::default() });
    let Err(Error::Refused(text)) = second.map(|_| ()) else { panic!("a second log in one directory") };
    assert!(text.contains("in use"), "{text}");
    drop(log);
    open(dir.path());
}

/// The state of the disk while the log is open is enough to go on from, without any farewell.
#[test]
fn a_copy_of_the_open_directory_has_every_acknowledged_record() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, copy) = (dir.path().join("log"), dir.path().join("copy"));
    let log = open(&path);
    log.create_topic(&topic(), 1, &TopicSettings::default()).expect("created");
    for i in 0..50 {
        append(&log, 0, &i.to_string());
    }
    std::fs::create_dir(&copy).expect("made");
    for file in std::fs::read_dir(&path).expect("listed") {
        let file = file.expect("an entry");
        std::fs::copy(file.path(), copy.join(file.file_name())).expect("copied");
    }
    let copied = open(&copy);
    assert_eq!(read(&copied, 0).0.len(), 50);
    assert_eq!(append(&copied, 0, "next").offset, Offset(50));
}

/// Not a test of its own: the process that the next test kills. It appends, in transactions over two partitions too,
/// and prints what was acknowledged.
#[test]
#[ignore = "only the child of killed_at_any_moment runs it"]
fn the_process_to_be_killed() {
    let Ok(path) = std::env::var(DIRECTORY) else { return };
    let log = open(Path::new(&path));
    let (sender, receiver) = channel();
    let appending = log.clone();
    std::thread::spawn(move || {
        for i in 0.. {
            let value = format!("v{i}");
            let (sender, reported) = (sender.clone(), value.clone());
            let acked = move |result: lentic_engine::log::Result<Ack>| {
                if let Ok(ack) = result {
                    drop(sender.send((ack.offset, reported)));
                }
            };
            appending.append(record(0, &value), Box::new(acked));
            if i % 64 == 0 {
                let mut transaction = appending.begin(PATIENCE).expect("begun");
                let pair = vec![record(1, &format!("p{i}")), record(2, &format!("p{i}"))];
                transaction.produce_all(pair, PATIENCE).expect("produced");
                transaction.commit(PATIENCE).expect("committed");
            }
        }
    });
    let mut out = std::io::stdout().lock();
    for (offset, value) in receiver {
        writeln!(out, "{offset} {value}").and_then(|()| out.flush()).expect("the parent listens");
    }
}

#[test]
fn killed_at_any_moment() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("log");
    open(&path).create_topic(&topic(), 3, &TopicSettings::default()).expect("created");
    let mut acked: Vec<(u64, String)> = Vec::new();
    for (round, lines) in [1, 500, 3_000, 77, 20_000].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "the_process_to_be_killed", "--ignored", "--nocapture"])
            .env(DIRECTORY, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let mut seen = 0;
        for line in out.lines().map_while(Result::ok) {
            let parsed = line.split_once(' ').and_then(|(offset, value)| Some((offset.parse().ok()?, value)));
            let Some((offset, value)) = parsed.filter(|(_, value)| value.starts_with('v')) else { continue };
            acked.push((offset, value.to_owned()));
            seen += 1;
            if seen == lines {
                child.kill().expect("killed");
            }
        }
        child.wait().expect("gone");
        assert!(seen >= lines, "round {round}: the child stopped by itself after {seen} lines");

        let log = open(&path);
        let (rows, epoch) = read(&log, 0);
        assert!(epoch > round as i32, "every start is an epoch of its own");
        for (at, (offset, _)) in rows.iter().enumerate() {
            assert_eq!(*offset, at as u64);
        }
        for (offset, value) in &acked {
            assert_eq!(rows.get(*offset as usize).map(|row| &row.1), Some(value), "round {round}");
        }
        let values = |number| read(&log, number).0.into_iter().map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(values(1), values(2), "round {round}: half a transaction");
    }
}
