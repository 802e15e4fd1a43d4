//! `lentic table alter`
use clap::Args;
use lentic::types::Partitioner;
use serde_json::{Map, Value};

use super::Described;
use crate::client::{Client, Connection, body, decode};
use crate::failure::Failure;
use crate::key::part;
use crate::output::Output;

/// Change what can be changed of a table
#[derive(Args, Debug)]
pub struct Alter {
    /// The table
    name: String,
    #[command(flatten)]
    change: Change,
    /// The table's description afterwards
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
struct Change {
    /// Refuse every write
    #[arg(long, conflicts_with = "read_write")]
    read_only: bool,
    /// Take writes
    #[arg(long)]
    read_write: bool,
    /// How keys find their partition, where Lentic found no rule: murmur2, crc32 or fnv1a
    #[arg(long)]
    partitioner: Option<Partitioner>,
}

impl Alter {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let mut change = Map::new();
        if self.change.read_only || self.change.read_write {
            change.insert("read_only".to_owned(), self.change.read_only.into());
        }
        if let Some(partitioner) = self.change.partitioner {
            change.insert("partitioner".to_owned(), partitioner.as_str().into());
        }
        let request = client.request("PATCH", &format!("/v1/tables/{}", part(&self.name)));
        let request = request.header("content-type", "application/json");
        let answer = client.send(request, Value::Object(change).to_string().into_bytes())?;
        let table = Described(decode::<Value>(&body(answer)?)?);
        table.warn();
        let as_json = self.json || !out.terminal();
        out.line(&if as_json { table.0.to_string() } else { format!("table {} changed", self.name) })
    }
}
