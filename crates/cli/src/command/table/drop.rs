//! `lentic table drop`
use clap::Args;

use crate::client::{Client, Connection};
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
    #[command(flatten)]
    connection: Connection,
}

impl Drop {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let topic = if self.delete_topic { "?delete-topic=true" } else { "" };
        client.ask(client.request("DELETE", &format!("/v1/tables/{}{topic}", part(&self.name))))?;
        let topic = if self.delete_topic { "its topic is deleted" } else { "its topic stays" };
        out.line(&format!("table {} dropped, {topic}", self.name))
    }
}
