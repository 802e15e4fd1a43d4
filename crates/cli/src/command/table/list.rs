//! `lentic table list`
use clap::Args;
use serde_json::Value;

use super::Described;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::output::{Output, columns};

/// List the tables
#[derive(Args, Debug)]
pub struct List {
    /// One description per line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let tables = tables(&Client::new(self.connection)?)?;
        if self.json {
            return tables.iter().try_for_each(|table| out.line(&table.0.to_string()));
        }
        if !out.terminal() {
            return tables.iter().try_for_each(|table| out.line(&table.text("name")));
        }
        let row = |table: &Described| {
            let access = table.0.get("read_only") == Some(&Value::Bool(true));
            let access = if access { "read-only" } else { "read-write" };
            ["name", "topic", "key", "value"]
                .map(|field| table.text(field))
                .into_iter()
                .chain([access.to_owned()])
                .collect()
        };
        let rows: Vec<Vec<String>> = tables.iter().map(row).collect();
        out.value(columns(&["TABLE", "TOPIC", "KEY", "VALUE", "ACCESS"], &rows).as_bytes())
    }
}

/// All tables, in the node's order.
pub fn tables(client: &Client) -> Result<Vec<Described>, Failure> {
    let answer = Described(client.json("/v1/tables")?);
    Ok(answer.list("tables").into_iter().map(Described).collect())
}
