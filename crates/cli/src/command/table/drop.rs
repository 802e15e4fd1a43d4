//! `lentic table drop`
use clap::Args;
use serde_json::Value;

use crate::client::{Client, Connection, body, decode};
use crate::failure::Failure;
use crate::key::part;
use crate::output::Output;

/// Forget a table; its topic stays
#[derive(Args, Debug)]
pub struct Drop {
    /// The table
    name: String,
    /// Delete the topic too, with all its data
    #[arg(long)]
    delete_topic: bool,
    /// The table's description as it was
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Drop {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let topic = if self.delete_topic { "?delete-topic=true" } else { "" };
        let path = format!("/v1/tables/{}{topic}", part(&self.name));
        let was: Value = decode(&body(client.ask(client.request("DELETE", &path))?)?)?;
        if self.json || !out.terminal() {
            return out.line(&was.to_string());
        }
        let topic = if self.delete_topic { "its topic is deleted" } else { "its topic stays" };
        out.line(&format!("table {} dropped, {topic}", self.name))
    }
}
