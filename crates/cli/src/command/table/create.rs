//! `lentic table create`
use clap::Args;
use lentic::types::{FormatName, Partitioner, TableName, TableSpec, TopicName};
use serde_json::Value;

use super::Described;
use super::window::Window;
use crate::client::{Client, Connection, body, decode};
use crate::command::demand::Bound;
use crate::failure::Failure;
use crate::output::Output;

/// Declare a table over a topic
///
/// The same declaration again is no error. On the embedded log a missing topic is created; on Kafka only if
/// --partitions is given.
#[derive(Args, Debug)]
pub struct Create {
    /// The table's name
    name: TableName,
    /// The topic; left out: the table's name
    #[arg(long)]
    topic: Option<TopicName>,
    /// Format of the keys: bytes, string, int, bigint, double or json
    #[arg(long, value_name = "FORMAT")]
    key: FormatName,
    /// Format of the values
    #[arg(long, value_name = "FORMAT")]
    value: FormatName,
    /// Partitions of the topic, if it is to be created
    #[arg(long)]
    partitions: Option<u32>,
    /// How keys find their partition: murmur2, crc32 or fnv1a; left out: detected
    #[arg(long)]
    partitioner: Option<Partitioner>,
    /// Refuse every write
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    window: Window,
    /// Wait until all rows are readable
    #[arg(long)]
    wait: bool,
    /// The table's description
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    bound: Bound,
    #[command(flatten)]
    connection: Connection,
}

impl Create {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let spec = TableSpec {
            topic: match self.topic {
                Some(topic) => topic,
                None => {
                    TopicName::new(self.name.as_str()).map_err(|error| Failure::usage(error.to_string()))?
                }
            },
            name: self.name,
            key: self.key,
            value: self.value,
            partitions: self.partitions,
            partitioner: self.partitioner,
            read_only: self.read_only,
            window: self.window.spec()?,
            history_ms: None,
        };
        let declaration = serde_json::to_vec(&spec).map_err(|error| Failure::usage(error.to_string()))?;
        let path = if self.wait { "/v1/tables?wait=ready" } else { "/v1/tables" };
        let request = client.request("POST", path).header("content-type", "application/json");
        let answer = client.send(self.bound.put_on(request)?, declaration)?;
        let created = answer.status().as_u16() == 201;
        let table = Described(decode::<Value>(&body(answer)?)?);
        table.warn();
        if self.json || !out.terminal() {
            return out.line(&table.0.to_string());
        }
        let verb = if created { "created" } else { "was there" };
        let partitions = match table.partitions().len() {
            0 => String::new(),
            1 => " (1 partition)".to_owned(),
            n => format!(" ({n} partitions)"),
        };
        out.line(&format!("table {} {verb}, over topic {}{partitions}", spec.name, spec.topic))
    }
}
