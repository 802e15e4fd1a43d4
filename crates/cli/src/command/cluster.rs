//! `lentic cluster`
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{Client, Connection, body, decode};
use crate::failure::Failure;
use crate::output::Output;

/// What holds for all nodes of a service
#[derive(Args, Debug)]
pub struct Cluster {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Alter(Alter),
}

/// Change what holds for all nodes, while they run
///
/// All nodes follow it, also after a restart, whatever their own configurations say.
#[derive(Args, Debug)]
struct Alter {
    /// Copies of each shard that other nodes keep beside its owner: 0 to 16
    #[arg(long, value_name = "NUMBER")]
    num_standby_replicas: usize,
    /// The cluster afterwards, as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Cluster {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            Command::Alter(alter) => alter.run(out),
        }
    }
}

impl Alter {
    fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let change = json!({ "num_standby_replicas": self.num_standby_replicas });
        let request = client.request("PATCH", "/v1/cluster").header("content-type", "application/json");
        let answer = client.send(request, change.to_string().into_bytes())?;
        let cluster: Value = decode(&body(answer)?)?;
        if self.json || !out.terminal() {
            return out.line(&cluster.to_string());
        }
        out.line(&format!(
            "other nodes keep {} of each shard: lentic status shows them come and go",
            copies(self.num_standby_replicas as u64)
        ))
    }
}

/// A number of copies, in words.
pub(super) fn copies(number: u64) -> String {
    match number {
        0 => "no copy".to_owned(),
        1 => "1 copy".to_owned(),
        _ => format!("{number} copies"),
    }
}
