//! SQL against the Rust DSL: the same three queries over the same records, each on the engine of a node of its own.
mod dsl;
mod many;
mod parse;
mod pull;
mod service;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use lentic::Node;
use lentic::topology::Plan;
use lentic::types::{Offset, TopicName};

use service::Service;

/// Arguments of `sql`.
#[derive(Args)]
pub struct Sql {
    /// Records of the stream.
    #[arg(long, default_value_t = 500_000)]
    records: u64,
    /// How often each is measured; the middle counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Queries that run side by side in one node.
    #[arg(long, default_value_t = 1_000)]
    queries: usize,
    /// The `lentic` binary, for pull queries over HTTP.
    #[arg(long)]
    lentic: PathBuf,
    /// How long each way to read a row is asked.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    #[arg(long)]
    data_dir: PathBuf,
    /// Only this: parse, pull, where, group_by, join or many.
    #[arg(long)]
    only: Option<String>,
}

/// A query in both languages.
struct Pair {
    name: &'static str,
    sql: &'static str,
    dsl: fn(&str) -> Plan,
}

const PAIRS: [Pair; 3] = [
    Pair {
        name: "where",
        sql: "CREATE STREAM late AS SELECT carrier, id, delay FROM flights WHERE delay > 15;",
        dsl: dsl::late,
    },
    Pair {
        name: "group_by",
        sql: "CREATE TABLE totals AS SELECT origin, COUNT(*) AS n, SUM(delay) AS total FROM flights GROUP BY origin;",
        dsl: dsl::totals,
    },
    Pair {
        name: "join",
        sql: "CREATE STREAM named AS SELECT f.carrier, f.id, f.delay, c.name FROM flights f JOIN carriers c ON f.carrier = c.carrier;",
        dsl: dsl::named,
    },
];

impl Sql {
    /// Prints each figure as `key=value`.
    pub fn run(self) -> Result<()> {
        let is_wanted = |part: &str| self.only.as_deref().is_none_or(|only| only == part);
        if is_wanted("parse") {
            parse::measure(self.runs)?;
        }
        if is_wanted("pull") {
            pull::measure(&self.lentic, &self.data_dir.join("pull"), self.seconds)?;
        }
        for pair in PAIRS.iter().filter(|pair| is_wanted(pair.name)) {
            let (mut sql, mut dsl) = (Vec::new(), Vec::new());
            for run in 0..self.runs {
                let dir = |kind: &str| self.data_dir.join(format!("{}-{kind}-{run}", pair.name));
                sql.push(self.throughput(&dir("sql"), |service| service.plan(pair.sql))?);
                dsl.push(self.throughput(&dir("dsl"), |_| Ok((pair.dsl)("DSL_QUERY")))?);
            }
            let (sql, dsl) = (middle(&mut sql), middle(&mut dsl));
            println!(
                "{name}_sql_records_per_second={sql:.0} {name}_dsl_records_per_second={dsl:.0} {name}_ratio={:.2}",
                sql / dsl,
                name = pair.name
            );
        }
        if is_wanted("many") {
            many::measure(&self.data_dir.join("many"), self.queries)?;
        }
        Ok(())
    }

    /// Records per second of one query over all records, from the moment at which it runs.
    fn throughput(&self, dir: &Path, plan: impl FnOnce(&Service) -> Result<Plan>) -> Result<f64> {
        let service = Service::default();
        let node = service.open(dir)?;
        service.load(&node, self.records)?;
        let plan = plan(&service)?;
        let id = plan.name().to_string();
        let begun = Instant::now();
        service.start(&node, plan)?;
        wait(&node, &id, self.records)?;
        let seconds = begun.elapsed().as_secs_f64();
        node.close(Duration::from_mins(1)).context("the node does not close")?;
        std::fs::remove_dir_all(dir).ok();
        Ok(self.records as f64 / seconds)
    }
}

/// Until the query has read everything, its own topics too.
fn wait(node: &Node, id: &str, records: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_mins(10);
    loop {
        if Instant::now() > deadline {
            bail!("{id} does not end: {:?}", node.query_status(id).map(|status| status.failures));
        }
        if let Some(query) = node.query(id) {
            let positions = query.positions();
            let of = |topic: &str| positions_of(&positions, topic);
            let own = query.own_topics();
            let repartition: Vec<&TopicName> =
                own.iter().filter(|topic| topic.as_str().ends_with("-repartition")).collect();
            let mut done = of("flights") >= records;
            for topic in repartition {
                let ends: u64 = node.topics().bounds(topic)?.iter().map(|bounds| bounds.end.0).sum();
                done = done && of(topic.as_str()) >= ends && ends >= records;
            }
            if done {
                return Ok(());
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How much of a topic was read, over its partitions.
fn positions_of(positions: &BTreeMap<String, Offset>, topic: &str) -> u64 {
    let of_topic = positions
        .iter()
        .filter(|(partition, _)| partition.rsplit_once('/').is_some_and(|(name, _)| name == topic));
    of_topic.map(|(_, offset)| offset.0).sum()
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
