//! What many nodes cost and save: the gap that a dead owner leaves, seeding, the hop, three nodes against one.
mod gap;
mod hop;
mod seed;
mod service;
mod throughput;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

/// Arguments of `cluster`. Prints lines of `name=value`.
#[derive(Args)]
pub struct Cluster {
    /// host:port
    #[arg(long, default_value = "127.0.0.1:9092")]
    brokers: String,
    /// The program `lentic`.
    #[arg(long)]
    lentic: PathBuf,
    /// For the nodes' directories and logs.
    #[arg(long)]
    work: PathBuf,
    /// Rows of the shard that is seeded, and of the table that is read.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Owners that are killed, each way.
    #[arg(long, default_value_t = 5)]
    kills: u32,
    /// Seconds of each measurement of throughput.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Which parts.
    #[arg(long, value_delimiter = ',', default_values = ["gap", "seed", "hop", "throughput"])]
    parts: Vec<String>,
}

impl Cluster {
    pub fn run(&self) -> Result<()> {
        for part in &self.parts {
            match part.as_str() {
                "gap" => gap::run(self)?,
                "seed" => seed::run(self)?,
                "hop" => hop::run(self)?,
                "throughput" => throughput::run(self)?,
                other => bail!("there is no part {other}"),
            }
        }
        Ok(())
    }
}
