//! The native contenders of the benchmark, its data and its stopwatch; `bench/run.sh` puts them together.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

mod cluster;
mod constant;
mod dataset;
mod drain;
mod http;
mod latency;
mod program;
mod puts;
mod sql;
mod start;
mod streaming;

use std::path::Path;

use anyhow::Result;
use clap::{Parser, Subcommand};

// As in the `lentic` binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Contenders and tools of Lentic's benchmark.
#[derive(Parser)]
enum Command {
    /// Create a compacted topic and fill it: the rate of a plain idempotent librdkafka producer, acks=all.
    Produce(dataset::Produce),
    /// Write the same rows as NDJSON, as `rows:load` takes it.
    Ndjson(dataset::Ndjson),
    /// Read a topic from beginning to end with one plain librdkafka consumer.
    Drain(drain::Drain),
    /// Answer every request with the same value: what HTTP alone costs.
    Constant(constant::Constant),
    /// Open the topic as a table inside this process, and get rows of it.
    Program(program::Program),
    /// Process a topic with a topology of streams, and measure it; `bench.Check` looks at the results.
    Streaming(streaming::Streaming),
    /// Produce one record at a time and wait for its acknowledgement.
    Acks(latency::Acks),
    /// Send one PUT at a time and wait for its answer.
    Puts(puts::Puts),
    /// Execute a program and measure the time until it answers.
    Start(start::Start),
    /// Measure nodes of one service: gaps, seeding, the hop, throughput.
    Cluster(cluster::Cluster),
    /// Measure SQL: planning, queries against the same in the Rust DSL, many queries in one node.
    Sql(sql::Sql),
    #[command(subcommand, hide = true)]
    Print(Print),
}

#[derive(Subcommand)]
enum Print {
    /// The last key of each partition.
    Last { rows: u64, partitions: u32 },
}

/// Where Kafka is.
#[derive(clap::Args)]
struct Broker {
    /// host:port
    #[arg(long, default_value = "127.0.0.1:9092")]
    brokers: String,
    #[arg(long, default_value = "bench")]
    topic: String,
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Produce(produce) => produce.run(),
        Command::Ndjson(ndjson) => ndjson.run(),
        Command::Drain(drain) => drain.run(),
        Command::Constant(constant) => constant.run(),
        Command::Program(program) => program.run(),
        Command::Streaming(streaming) => streaming.run(),
        Command::Acks(acks) => acks.run(),
        Command::Puts(puts) => puts.run(),
        Command::Start(start) => start.run(),
        Command::Cluster(cluster) => cluster.run(),
        Command::Sql(sql) => sql.run(),
        Command::Print(Print::Last { rows, partitions }) => {
            println!("{}", dataset::last_keys(rows, partitions).join(" "));
            Ok(())
        }
    }
}

/// `path` for messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
