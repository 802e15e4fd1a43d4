//! The commands: one file each, with its arguments first and then `run`.
mod cluster;
mod completions;
mod config;
mod delete;
mod demand;
mod get;
mod load;
mod node;
mod put;
mod scan;
mod serve;
mod sql;
mod status;
mod table;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// A database made of Kafka topics.
#[derive(Debug, Parser)]
#[command(name = "lentic", version, propagate_version = true, max_term_width = 110, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 usage, 3 no row, 4 precondition failed, 5 unavailable or timed out.
Output is for people on a terminal; in a pipe it is the bare value, or one JSON object per line.";

#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(serve::Serve),
    Config(config::Config),
    Table(table::Table),
    Get(get::Get),
    Put(put::Put),
    Delete(delete::Delete),
    Scan(scan::Scan),
    Watch(watch::Watch),
    Load(load::Load),
    Sql(sql::Sql),
    Status(status::Status),
    Node(node::Node),
    Cluster(cluster::Cluster),
    Completions(completions::Completions),
}

impl Command {
    pub fn run(self, out: &mut Output) -> Result<ExitCode, Failure> {
        match self {
            Self::Sql(command) => return command.run(),
            Self::Serve(command) => command.run(),
            Self::Config(command) => command.run(out),
            Self::Table(command) => command.run(out),
            Self::Get(command) => command.run(out),
            Self::Put(command) => command.run(out),
            Self::Delete(command) => command.run(out),
            Self::Scan(command) => command.run(out),
            Self::Watch(command) => command.run(out),
            Self::Load(command) => command.run(out),
            Self::Status(command) => command.run(out),
            Self::Node(command) => command.run(out),
            Self::Cluster(command) => command.run(out),
            Self::Completions(command) => command.run(out),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn documented_calls_are_understood() {
        for call in [
            "lentic serve --data-dir d --listen 127.0.0.1:1 --brokers a:1,b:2 --insecure --kafka acks=all",
            "lentic config --fsync never",
            "lentic table create planes --topic planes --key string --value json --partitions 6",
            "lentic table create planes --key string --value json --partitioner murmur2 --read-only --wait",
            "lentic table alter planes --read-write",
            "lentic table drop planes --delete-topic",
            "lentic table guess planes",
            "lentic table create minutes --key string --value bigint --window time --window-size 1m",
            "lentic table attach app --wait",
            "lentic table attach app --store counts --key string --value bigint --window session",
            "lentic get minutes a --window 1700000000000",
            "lentic scan minutes --key a --from 2023-11-14T22:13:20Z",
            "lentic get planes N14228 --at-least planes/3@17.ab12 --max-staleness 5s --timeout 500ms",
            "lentic put planes N14228 {} --if-none-match --ack log",
            "lentic put planes N14228 - --if-match planes/3@17.ab12",
            "lentic put numbers -- -5 1",
            "lentic delete planes N14228",
            "lentic scan airports --from JFK --to JFZ --limit 10 --reverse",
            "lentic watch planes --prefix N1 --no-snapshot --count 1",
            "lentic load planes planes.csv.gz --key tailnum --null NA",
            "lentic load planes - --format ndjson",
            "lentic sql",
            "lentic sql http://127.0.0.1:1 -e x -f y -d a=b -d c='d' --output JSON --query-row-limit 3 --query-timeout 5s",
            "lentic sql -u ann -p pw --output tabular --ca-file ca.pem",
            "lentic sql -t token",
            "lentic status --json --url http://127.0.0.1:1",
            "lentic node drain",
            "lentic cluster alter --num-standby-replicas 2",
            "lentic completions bash",
        ] {
            if let Err(error) = Arguments::try_parse_from(call.split(' ')) {
                panic!("{call}: {error}");
            }
        }
        for call in [
            "lentic get planes",
            "lentic watch planes --key a --prefix b",
            "lentic table alter planes",
            "lentic cluster alter",
            "lentic sql -d a",
            "lentic sql --output yaml",
            "lentic sql --query-timeout soon",
        ] {
            assert!(Arguments::try_parse_from(call.split(' ')).is_err(), "{call}");
        }
    }
}
