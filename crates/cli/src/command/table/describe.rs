//! `lentic table describe`
use std::fmt::Write as _;

use clap::Args;

use super::Described;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::key::part;
use crate::output::{Output, age, columns, grouped, size};

/// Show a table: its declaration and each of its partitions
#[derive(Args, Debug)]
pub struct Describe {
    /// The table
    name: String,
    /// The node's description as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Describe {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let table = Described(client.json(&format!("/v1/tables/{}", part(&self.name)))?);
        if self.json || !out.terminal() {
            return out.line(&table.0.to_string());
        }
        for field in ["name", "topic", "key", "value", "partitioner", "read_only", "rows_estimate"] {
            out.line(&format!("{field:<14} {}", table.text(field)))?;
        }
        if let Some(window) = table.0.get("window").cloned().map(Described) {
            let fields = ["kind", "size_ms", "retention_ms"].map(|field| (field, window.text(field)));
            let said = fields.into_iter().filter(|(_, text)| text != "-");
            let said: Vec<_> = said.map(|(field, text)| format!("{field} {text}")).collect();
            out.line(&format!("{:<14} {}", "window", said.join(", ")))?;
        }
        out.line("")?;
        out.value(partitions(&table).as_bytes())?;
        out.flush()?;
        table.warn();
        Ok(())
    }
}

/// A line per partition.
pub fn partitions(table: &Described) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), grouped);
    let row = |partition: &Described| {
        vec![
            partition.text("partition"),
            state(partition),
            number(partition.number("position")),
            number(partition.number("end")),
            number(lag(partition)),
            partition.number("staleness_ms").map_or_else(|| "-".to_owned(), age),
            number(partition.number("rows_estimate")),
            partition.number("bytes").map_or_else(|| "-".to_owned(), size),
        ]
    };
    let rows: Vec<Vec<String>> = table.partitions().iter().map(row).collect();
    columns(&["PARTITION", "STATE", "POSITION", "END", "LAG", "AGE", "ROWS", "SIZE"], &rows)
}

/// `ready`, or what keeps it: `restoring 63 %`.
pub fn state(partition: &Described) -> String {
    let mut state = partition.text("state");
    if let Some(done) = partition.share("done") {
        let _ = write!(state, " {:.0} %", done * 100.0);
    }
    if partition.0.get("blocked") == Some(&serde_json::Value::Bool(true)) {
        state += ", behind an open transaction";
    }
    if let Some(reason) = partition.0.get("reason").and_then(serde_json::Value::as_str) {
        let _ = write!(state, " ({reason})");
    }
    state
}

/// Records in the log that are not applied.
pub fn lag(partition: &Described) -> Option<u64> {
    let end = || partition.number("end")?.checked_sub(partition.number("position")?);
    partition.number("lag").or_else(|| partition.number("lag_records")).or_else(end)
}
