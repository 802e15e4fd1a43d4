//! Lentic as a contender in processing streams: the topologies that Kafka Streams and Flink run too, and their stopwatch.
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use lentic::config::{Config, ProcessingGuarantee};
use lentic::log::{SharedLog, TopicSettings};
use lentic::topology::Topology;
use lentic::types::{Offset, PartitionId, TopicName, TopicPartition};
use lentic::{Node, Query};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::program::peak_rss_kib;

/// Arguments of `streaming`.
#[derive(Args)]
pub struct Streaming {
    /// What is computed.
    topology: Kind,
    #[arg(long, default_value = "127.0.0.1:9092")]
    brokers: String,
    /// The topic of the stream.
    #[arg(long)]
    input: TopicName,
    /// Records that it has.
    #[arg(long)]
    records: u64,
    /// The topic of the table that a join looks into.
    #[arg(long, required_if_eq("topology", "join"))]
    table: Option<TopicName>,
    #[arg(long)]
    guarantee: Guarantee,
    #[arg(long)]
    data_dir: PathBuf,
    /// Names of the topics that it makes begin with it.
    #[arg(long)]
    service_id: String,
    /// Stream threads.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Seconds after which it is given up.
    #[arg(long, default_value_t = 900)]
    timeout: u64,
}

/// What is computed.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// Records per key that stands in the value, through a repartition topic.
    Count,
    /// Each record of a stream with the row of its key.
    Join,
}

/// What a commit promises.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Guarantee {
    AtLeastOnce,
    ExactlyOnce,
}

/// Set by the first record that is processed, or when the tasks run if that is earlier: never later than the stopwatches
/// of the other contenders begin.
static BEGIN: OnceLock<Usage> = OnceLock::new();
/// Records that the last step has processed.
static DONE: AtomicU64 = AtomicU64::new(0);

/// Time and CPU time at one moment.
struct Usage {
    time: Instant,
    cpu_seconds: f64,
}

impl Streaming {
    pub fn run(self) -> Result<()> {
        let node = Node::open(Config {
            brokers: self.brokers.split(',').map(str::to_owned).collect(),
            data_dir: self.data_dir.clone(),
            service_id: self.service_id.clone(),
            processing_guarantee: match self.guarantee {
                Guarantee::AtLeastOnce => ProcessingGuarantee::AtLeastOnce,
                Guarantee::ExactlyOnce => ProcessingGuarantee::ExactlyOnce,
            },
            num_stream_threads: self.threads,
            ..Config::default()
        })?;
        let log = node.log();
        let partitions = log.topic(&self.input)?.context("there is no input")?.partitions;
        let output = TopicName::new(format!("{}-joined", self.service_id))?;
        if self.topology == Kind::Join {
            log.create_topic(&output, partitions, &TopicSettings::default())?;
        }
        let query = node.run(&self.topology(&output))?;
        let deadline = Instant::now() + Duration::from_secs(self.timeout);
        while !query.wait_running(Duration::from_millis(500)) {
            check(&node, deadline, "its tasks don't run")?;
        }
        begin();
        while DONE.load(Ordering::Relaxed) < self.records {
            check(&node, deadline, "not all records are processed")?;
            std::thread::sleep(PAUSE);
        }
        let processed = begin().time.elapsed().as_secs_f64();

        let made = query.own_topics();
        let repartition = made.iter().filter(|topic| topic.as_str().ends_with("-repartition"));
        // A position stands behind the last record; after that comes the marker of its transaction.
        let markers = matches!(self.guarantee, Guarantee::ExactlyOnce).into();
        let inputs = std::iter::once((&self.input, 0)).chain(repartition.map(|topic| (topic, markers)));
        for (topic, markers) in inputs {
            while !is_committed(&query, &log, topic, partitions, markers)? {
                check(&node, deadline, "the progress is not committed")?;
                std::thread::sleep(PAUSE);
            }
        }
        let changelog = made.iter().find(|topic| topic.as_str().ends_with("-changelog"));
        let results = if self.topology == Kind::Join { Some(&output) } else { changelog };
        let results = results.context("the counts have no changelog")?;
        let reader: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("isolation.level", "read_committed")
            .create()?;
        while !is_visible(&reader, &log, results, partitions)? {
            check(&node, deadline, "a transaction on the results is open")?;
            std::thread::sleep(PAUSE);
        }
        let (seconds, cpu) = (begin().time.elapsed().as_secs_f64(), cpu_seconds()?);
        println!(
            "records={} seconds={seconds:.3} records_per_second={:.0} processed_per_second={:.0} cpu_seconds={:.2} \
             cpu_seconds_with_start={cpu:.2} peak_rss_mib={} results={results}",
            self.records,
            self.records as f64 / seconds,
            self.records as f64 / processed,
            cpu - begin().cpu_seconds,
            peak_rss_kib()? / 1024
        );
        ensure!(query.skipped() == 0, "{} records were left out", query.skipped());
        node.drain(Duration::from_secs(5));
        Ok(node.close(Duration::from_secs(20))?)
    }

    fn topology(&self, output: &TopicName) -> Topology {
        let input = self.input.as_str();
        match &self.table {
            Some(table) if self.topology == Kind::Join => {
                let topology = Topology::new("join");
                let rows = topology.table::<String, Vec<u8>>(table.as_str());
                topology
                    .stream::<String, Vec<u8>>(input)
                    .join_table(&rows, |left, right| join(left, right))
                    .to(output.as_str());
                topology
            }
            _ => {
                let topology = Topology::new("count");
                topology
                    .stream::<(), Vec<u8>>(input)
                    .select_key(|(), value| field(value))
                    .repartition("keyed")
                    .peek(|_, _| done())
                    .group_by_key()
                    .count("counts");
                topology
            }
        }
    }
}

const PAUSE: Duration = Duration::from_millis(5);

/// The key in a value: what stands before ";".
fn field(value: &[u8]) -> String {
    begin();
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

/// 8 bytes of both.
fn join(left: &[u8], right: &[u8]) -> Vec<u8> {
    begin();
    done();
    [&left[..left.len().min(8)], &right[..right.len().min(8)]].concat()
}

fn begin() -> &'static Usage {
    BEGIN.get_or_init(|| Usage { time: Instant::now(), cpu_seconds: cpu_seconds().unwrap_or_default() })
}

fn done() {
    DONE.fetch_add(1, Ordering::Relaxed);
}

fn check(node: &Node, deadline: Instant, state: &str) -> Result<()> {
    if let Some(reason) = node.failure() {
        bail!("{reason}");
    }
    ensure!(Instant::now() < deadline, "out of time: {state}");
    Ok(())
}

/// Whether commits have come to the last record of a topic, with so many markers behind it.
fn is_committed(
    query: &Query,
    log: &SharedLog,
    topic: &TopicName,
    partitions: u32,
    markers: u64,
) -> Result<bool> {
    let positions = query.positions();
    for partition in (0..partitions).map(|number| TopicPartition::new(topic.clone(), PartitionId(number))) {
        let end = log.bounds_of(&partition)?.end;
        let position = positions.get(&partition.to_string()).copied().unwrap_or(Offset(0));
        if position.0 + markers < end.0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a reader of committed records sees a topic to its end.
fn is_visible(reader: &BaseConsumer, log: &SharedLog, topic: &TopicName, partitions: u32) -> Result<bool> {
    for number in 0..partitions {
        let end = log.bounds_of(&TopicPartition::new(topic.clone(), PartitionId(number)))?.end;
        let timeout = Duration::from_secs(10);
        let (_, visible) = reader.fetch_watermarks(topic.as_str(), number.try_into()?, timeout)?;
        if u64::try_from(visible)? < end.0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// User and system time of this process.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name before the last parenthesis may have spaces; Linux counts in hundredths for everybody.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    Ok((ticks(11).context("no user time")? + ticks(12).context("no system time")?) / 100.0)
}
