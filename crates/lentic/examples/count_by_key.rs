//! Counts records by a key in their values, through a repartition topic: what the exactly-once tests kill again and
//! again, and the benchmark measures.
//!
//! `count_by_key run <config.toml>` processes until it is killed, or told to `stop` by a line; `count_by_key load <config.toml> <records>` writes the
//! input.
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::log::RecordRef;
use lentic::topology::Topology;
use lentic::types::{PartitionId, Timestamp, TopicName};
use lentic::{Node, NodeError};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const KEYS: u64 = 100_000;
const PARTITIONS: u32 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, file, rest @ ..] = arguments.as_slice() else {
        return Err("say `run` or `load`, and the configuration's file".into());
    };
    let text = std::fs::read_to_string(file)?;
    let config = lentic::config::resolve(Some((file, &text)), [], [])?.config;
    match command.as_str() {
        "run" => run(config, rest.first().map_or(Ok(u64::MAX), |records| records.parse())?),
        "load" => load(config, rest.first().ok_or("how many records?")?.parse()?),
        other => Err(format!("there is no command {other}").into()),
    }
}

/// The topic that is counted.
fn input(config: &Config) -> String {
    format!("{}-input", config.service_id)
}

fn topology(input: &str) -> Topology {
    let topology = Topology::new("count-by-key");
    topology
        .stream::<(), String>(input)
        .group_by(|(), value| value.split(';').next().unwrap_or_default().to_owned())
        .count("counts");
    topology
}

fn run(config: Config, expected: u64) -> Result<(), Box<dyn std::error::Error>> {
    let topology = topology(&input(&config));
    let node = Node::open(config)?;
    let query = node.run(&topology)?;
    while !query.wait_running(Duration::from_secs(1)) {
        if let Some(reason) = node.failure() {
            return Err(NodeError::Io(reason).into());
        }
    }
    writeln!(std::io::stdout(), "running")?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        let line = std::io::stdin().lines().next();
        told.store(matches!(line, Some(Ok(line)) if line == "stop"), Ordering::Release);
    });
    let (began, mut is_done) = (Instant::now(), false);
    loop {
        std::thread::sleep(Duration::from_millis(20));
        let done: u64 = query
            .positions()
            .iter()
            .filter(|(partition, _)| partition.contains("-repartition/"))
            .map(|(_, position)| position.0)
            .sum();
        if !is_done && done >= expected {
            is_done = true;
            writeln!(std::io::stdout(), "done in {:.2} s", began.elapsed().as_secs_f64())?;
        }
        if let Some(reason) = node.failure() {
            return Err(NodeError::Io(reason).into());
        }
        if stop.load(Ordering::Acquire) {
            node.drain(Duration::from_secs(5));
            return Ok(node.close(Duration::from_secs(10))?);
        }
    }
}

fn load(config: Config, records: u64) -> Result<(), Box<dyn std::error::Error>> {
    let topic = TopicName::new(input(&config))?;
    let node = Node::open(config)?;
    let log = node.log();
    if log.topic(&topic)?.is_none() {
        let settings = lentic::log::TopicSettings { retention_ms: -1, ..Default::default() };
        log.create_topic(&topic, PARTITIONS, &settings)?;
    }
    let mut sender = log.sender()?;
    let began = Instant::now();
    for number in 0..records {
        // A key's records are spread over time and partitions.
        let key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let value = format!("{:06};{:0>93}", key % KEYS, number);
        sender.send(&RecordRef {
            topic: &topic,
            partition: PartitionId((number % u64::from(PARTITIONS)) as u32),
            key: None,
            value: Some(value.as_bytes()),
            timestamp: Timestamp(1_700_000_000_000 + number as i64),
            headers: &[],
        })?;
        if number % 500_000 == 499_999 {
            sender.flush(Duration::from_mins(1))?;
        }
    }
    sender.flush(Duration::from_mins(1))?;
    let rate = records as f64 / began.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "loaded {records} records, {rate:.0} per second")?;
    node.close(Duration::from_secs(20))?;
    Ok(())
}
