//! `lentic node`
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::{Client, Connection, body};
use crate::failure::Failure;
use crate::output::Output;

/// What is done to a node of a cluster
#[derive(Args, Debug)]
pub struct Node {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Drain(Drain),
}

/// Hand the node's shards to the other nodes, before it is stopped
///
/// It goes on answering, as any node does that has no shards; a restart brings it back. A stop (SIGTERM) does the same by itself,
/// for as long as a quarter of shutdown_timeout_ms.
#[derive(Args, Debug)]
struct Drain {
    #[command(flatten)]
    connection: Connection,
}

impl Node {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            Command::Drain(drain) => drain.run(out),
        }
    }
}

impl Drain {
    fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let answer = body(client.ask(client.request("POST", "/v1/node:drain"))?)?;
        if !out.terminal() {
            return out.line(String::from_utf8_lossy(&answer).trim());
        }
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        out.line(if answer["handed_over"] == true {
            "other nodes have all of its shards"
        } else {
            "not all of its shards are served by other nodes yet: lentic status shows where they are"
        })
    }
}
