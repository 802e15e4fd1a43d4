//! The rows that everybody is measured with: keys `k%08d`, values of JSON text of one size, in scattered order,
//! partitioned as Java's producer does.
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use lentic_types::Partitioner;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::Broker;

/// Arguments of `produce`.
#[derive(Args)]
pub struct Produce {
    #[command(flatten)]
    broker: Broker,
    #[arg(long)]
    rows: u64,
    #[arg(long, default_value_t = 4)]
    partitions: u32,
    /// Bytes of each value.
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
}

/// Arguments of `ndjson`.
#[derive(Args)]
pub struct Ndjson {
    /// The file to write.
    file: PathBuf,
    #[arg(long)]
    rows: u64,
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
}

/// The key of row `n`.
pub fn key(n: u64) -> String {
    format!("k{n:08}")
}

/// A value of row `n`: JSON text of `bytes` bytes that does not compress to nothing.
pub fn value(n: u64, bytes: usize) -> String {
    let mut text = format!("{{\"n\":{n},\"v\":\"");
    let mut state = n;
    while text.len() + 2 < bytes {
        state = scramble(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        let missing = bytes - 2 - text.len();
        text.push_str(&format!("{state:016x}")[..missing.min(16)]);
    }
    text.push_str("\"}");
    text
}

/// Rows in the order in which they are produced: every number below `rows` once, far from sorted.
pub fn order(rows: u64) -> impl Iterator<Item = u64> {
    // A step that shares no factor with `rows` visits every number.
    let first = rows * 5 / 8 + 1;
    let step = (first..first + rows).find(|step| gcd(*step, rows) == 1).unwrap_or(1);
    (0..rows).map(move |i| ((u128::from(i) * u128::from(step)) % u128::from(rows)) as u64)
}

/// The last key that each partition gets: when all are readable, so is every row.
pub fn last_keys(rows: u64, partitions: u32) -> Vec<String> {
    let mut last = vec![String::new(); partitions as usize];
    for n in order(rows) {
        let key = key(n);
        let partition = Partitioner::Murmur2.partition(key.as_bytes(), partitions);
        last[partition.0 as usize] = key;
    }
    last.retain(|key| !key.is_empty());
    last
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The finalizer of splitmix64.
pub fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Produce {
    /// All rows once (more), into a topic that is made where it is missing.
    pub fn again(brokers: &str, topic: &str, rows: u64, partitions: u32) -> Result<f64> {
        let broker = Broker { brokers: brokers.to_owned(), topic: topic.to_owned() };
        Self { broker, rows, partitions, value_bytes: 100 }.produce()
    }

    pub fn run(&self) -> Result<()> {
        let seconds = self.produce()?;
        println!("seconds={seconds:.3} rows_per_second={:.0}", self.rows as f64 / seconds);
        Ok(())
    }

    fn produce(&self) -> Result<f64> {
        self.create_topic()?;
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.broker.brokers)
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("batch.num.messages", "20000")
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "500000")
            .create()?;
        let begin = Instant::now();
        for n in order(self.rows) {
            let (key, value) = (key(n), value(n, self.value_bytes));
            let partition = Partitioner::Murmur2.partition(key.as_bytes(), self.partitions).0;
            let mut record = BaseRecord::to(&self.broker.topic)
                .partition(partition.try_into()?)
                .key(key.as_bytes())
                .payload(value.as_bytes());
            while let Err((error, back)) = producer.send(record) {
                if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                    bail!("{error}");
                }
                producer.poll(Duration::from_millis(1));
                record = back;
            }
            if n % 1024 == 0 {
                producer.poll(Duration::ZERO);
            }
        }
        while producer.in_flight_count() > 0 {
            producer.poll(Duration::from_millis(1));
        }
        Ok(begin.elapsed().as_secs_f64())
    }

    fn create_topic(&self) -> Result<()> {
        let admin: AdminClient<_> =
            ClientConfig::new().set("bootstrap.servers", &self.broker.brokers).create()?;
        let partitions = i32::try_from(self.partitions)?;
        let topic = NewTopic::new(&self.broker.topic, partitions, TopicReplication::Fixed(1))
            .set("cleanup.policy", "compact");
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let results = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new()))?;
        for result in results {
            if let Err((name, code)) = result
                && code != RDKafkaErrorCode::TopicAlreadyExists
            {
                bail!("topic {name} cannot be created: {code}");
            }
        }
        Ok(())
    }
}

impl Ndjson {
    pub fn run(&self) -> Result<()> {
        let file = File::create(&self.file).with_context(|| crate::shown(&self.file))?;
        let mut file = BufWriter::new(file);
        for n in order(self.rows) {
            writeln!(file, "{{\"key\":\"{}\",\"value\":{}}}", key(n), value(n, self.value_bytes))?;
        }
        file.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_once() {
        for rows in [1, 2, 7, 10, 1_000, 4_096] {
            let mut seen: Vec<u64> = order(rows).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..rows).collect::<Vec<_>>());
        }
        assert_eq!(last_keys(1_000, 4).len(), 4);
    }

    #[test]
    fn values_have_their_size() {
        for n in [0, 9, 4_999_999] {
            assert_eq!(value(n, 100).len(), 100);
        }
    }
}
