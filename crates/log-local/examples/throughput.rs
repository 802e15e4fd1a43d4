//! How fast the embedded log is here: `throughput [DIRECTORY [RECORDS]]` appends records of 100 bytes, many in flight,
//! reads them in bulk, and measures single appends.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_engine::log::{Error, Log, Polled, ReadFrom, ReaderOptions, TopicSettings};
use lentic_log_local::{LocalLog, LocalOptions};
use lentic_types::{OutgoingRecord, PartitionId, Timestamp, TopicName, TopicPartition};

const PARTITIONS: u32 = 4;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "throughput-log".to_owned());
    let records: u64 = arguments.next().map_or(5_000_000, |text| text.parse().expect("a number of records"));
    let opening = Instant::now();
    let log = LocalLog::open(LocalOptions { path: path.into(), ..LocalOptions::default() }).expect("opened");
    println!("open: {:?}", opening.elapsed());
    let topic: TopicName = "throughput".parse().expect("a topic's name");
    log.delete_topic(&topic).expect("deleted");
    log.create_topic(&topic, PARTITIONS, &TopicSettings::compacted()).expect("created");
    append(&log, &topic, records);
    read(&log, &topic, records);
    latency(&log, &topic);
    let cleaning = Instant::now();
    log.clean_now().expect("cleaned");
    println!("compact: {:.0} records/s", records as f64 / cleaning.elapsed().as_secs_f64());
    log.close(Duration::from_secs(10));
}

fn record(topic: &TopicName, i: u64) -> OutgoingRecord {
    let key = format!("key-{i:012}");
    let value = format!("{i:084}");
    OutgoingRecord {
        topic: topic.clone(),
        partition: PartitionId((i % u64::from(PARTITIONS)) as u32),
        key: Some(Bytes::from(key)),
        value: Some(Bytes::from(value)),
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    }
}

fn append(log: &LocalLog, topic: &TopicName, records: u64) {
    let began = Instant::now();
    let done = Arc::new(AtomicU64::new(0));
    let mut full = 0u64;
    for i in 0..records {
        // The reason of a refusal comes through the callback, which is called at once then.
        loop {
            let refused = Arc::new(AtomicU64::new(0));
            let (done, noted) = (Arc::clone(&done), Arc::clone(&refused));
            let acked = move |result| match result {
                Ok(_) => drop(done.fetch_add(1, Ordering::Relaxed)),
                Err(Error::QueueFull) => noted.store(1, Ordering::Relaxed),
                Err(error) => panic!("{error}"),
            };
            log.append(record(topic, i), Box::new(acked));
            if refused.load(Ordering::Relaxed) == 0 {
                break;
            }
            full += 1;
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    while done.load(Ordering::Relaxed) < records {
        std::thread::sleep(Duration::from_micros(200));
    }
    let rate = records as f64 / began.elapsed().as_secs_f64();
    println!("append: {rate:.0} records/s (the queue was full {full} times)");
}

fn read(log: &LocalLog, topic: &TopicName, records: u64) {
    for bulk in [true, false] {
        let began = Instant::now();
        let mut reader = log.reader(ReaderOptions { bulk, ..ReaderOptions::default() }).expect("a reader");
        for partition in 0..PARTITIONS {
            let partition = TopicPartition::new(topic.clone(), PartitionId(partition));
            reader.assign(&partition, ReadFrom::Start).expect("assigned");
        }
        let (mut count, mut bytes, mut ends) = (0, 0, 0);
        let mut polled = Vec::new();
        while ends < PARTITIONS {
            reader.poll(Duration::from_secs(1), &mut polled).expect("polled");
            for polled in polled.drain(..) {
                match polled {
                    Polled::Records { batch, .. } => {
                        count += batch.len() as u64;
                        bytes +=
                            batch.iter().map(|record| record.value.map_or(0, <[u8]>::len)).sum::<usize>();
                    }
                    Polled::End { .. } => ends += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(count, records);
        let rate = records as f64 / began.elapsed().as_secs_f64();
        println!("read, bulk {bulk}: {rate:.0} records/s ({bytes} bytes of values)");
    }
}

fn latency(log: &LocalLog, topic: &TopicName) {
    let mut reader = log.reader(ReaderOptions::default()).expect("a reader");
    let partition = TopicPartition::new(topic.clone(), PartitionId(0));
    let end = log.bounds_of(&partition).expect("bounds").end;
    reader.assign(&partition, ReadFrom::Offset(end)).expect("assigned");
    let mut times = Vec::new();
    let mut polled = Vec::new();
    for i in 0..1_000 {
        let began = Instant::now();
        let (sender, receiver) = sync_channel(1);
        log.append(record(topic, i * 4), Box::new(move |result| drop(sender.send(result))));
        receiver.recv().expect("an answer").expect("taken");
        let acked = began.elapsed();
        let mut seen = false;
        while !seen {
            reader.poll(Duration::from_secs(1), &mut polled).expect("polled");
            seen = polled.drain(..).any(|polled| matches!(polled, Polled::Records { .. }));
        }
        times.push((acked, began.elapsed()));
    }
    times.sort_unstable();
    println!("one append: acknowledged p50 {:?}, p99 {:?}", times[500].0, times[990].0);
    times.sort_unstable_by_key(|time| time.1);
    println!("one append: read p50 {:?}, p99 {:?}", times[500].1, times[990].1);
}
