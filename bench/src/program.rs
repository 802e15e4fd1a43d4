//! Lentic inside a program, as kcache is: the topic's own replica in this process, then gets on one thread.
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use lentic::config::Config;
use lentic::types::{FormatName, TableName, TableSpec, TopicName};
use lentic::{Demand, Node, Scope, Tier};

use crate::{Broker, dataset};

/// Arguments of `program`.
#[derive(Args)]
pub struct Program {
    #[command(flatten)]
    broker: Broker,
    /// Rows that the topic has.
    #[arg(long)]
    rows: u64,
    #[arg(long)]
    data_dir: PathBuf,
    #[arg(long, default_value = "lentic-bench-program")]
    service_id: String,
}

impl Program {
    pub fn run(self) -> Result<()> {
        let begin = Instant::now();
        let node = Node::open(Config {
            brokers: self.broker.brokers.split(',').map(str::to_owned).collect(),
            data_dir: self.data_dir,
            service_id: self.service_id,
            ..Config::default()
        })?;
        let spec = TableSpec {
            name: TableName::new(&self.broker.topic)?,
            topic: TopicName::new(&self.broker.topic)?,
            key: FormatName::String,
            value: FormatName::Json,
            partitions: None,
            partitioner: None,
            read_only: true,
            window: None,
            history_ms: None,
        };
        let (table, _) = node.create_table(spec)?;
        table.wait(&Scope::All, &Demand::default(), Duration::from_mins(10))?;
        let seconds = begin.elapsed().as_secs_f64();

        let gets = self.rows.min(1_000_000);
        let from = Instant::now();
        for i in 0..gets {
            let key = dataset::key(dataset::scramble(i) % self.rows);
            // The same that a typed get does: wait for freshness, read, copy the value.
            let scope = Scope::from(table.partition_of(key.as_bytes()));
            table.wait(&scope, &Demand::default(), Duration::ZERO)?;
            let read = |found: lentic::Found<'_>| found.row.map(|row| row.value.to_vec());
            let value = table.get_with(&scope, key.as_bytes(), Tier::Disk, read)?;
            ensure!(value.flatten().is_some(), "{key} is missing");
        }
        let get_seconds = from.elapsed().as_secs_f64();
        println!(
            "seconds={seconds:.3} rows_per_second={:.0} gets_per_second={:.0} peak_rss_kib={}",
            self.rows as f64 / seconds,
            gets as f64 / get_seconds,
            peak_rss_kib()?
        );
        node.close(Duration::from_secs(20))?;
        Ok(())
    }
}

pub fn peak_rss_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
