//! `lentic table`: one file each.
mod alter;
mod attach;
mod create;
pub mod describe;
mod drop;
mod guess;
pub mod list;
mod window;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::failure::Failure;
use crate::output::{Output, note};

/// Declare tables over topics, look at them, drop them
#[derive(Args, Debug)]
pub struct Table {
    #[command(subcommand)]
    command: TableCommand,
}

#[derive(Debug, Subcommand)]
enum TableCommand {
    Create(create::Create),
    Attach(attach::Attach),
    List(list::List),
    Describe(describe::Describe),
    Alter(alter::Alter),
    Drop(drop::Drop),
    Guess(guess::Guess),
}

impl Table {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            TableCommand::Create(command) => command.run(out),
            TableCommand::Attach(command) => command.run(out),
            TableCommand::List(command) => command.run(out),
            TableCommand::Describe(command) => command.run(out),
            TableCommand::Alter(command) => command.run(out),
            TableCommand::Drop(command) => command.run(out),
            TableCommand::Guess(command) => command.run(out),
        }
    }
}

/// A table or a topic that a node describes. A field that a node of another version lacks is shown as `-`.
pub struct Described(pub Value);

impl Described {
    pub fn text(&self, field: &str) -> String {
        match self.0.get(field) {
            None | Some(Value::Null) => "-".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    pub fn number(&self, field: &str) -> Option<u64> {
        self.0.get(field).and_then(Value::as_u64)
    }

    pub fn share(&self, field: &str) -> Option<f64> {
        self.0.get(field).and_then(Value::as_f64)
    }

    pub fn partitions(&self) -> Vec<Described> {
        self.list("partitions").into_iter().map(Described).collect()
    }

    /// The sum of a field over all partitions; `None` where one doesn't know it.
    pub fn sum(&self, field: &str) -> Option<u64> {
        self.partitions().iter().map(|partition| partition.number(field)).sum()
    }

    pub fn list(&self, field: &str) -> Vec<Value> {
        self.0.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// What the node wants to be known, on standard error.
    pub fn warn(&self) {
        for warning in self.list("warnings") {
            let text = warning.get("message").unwrap_or(&warning).as_str().map(str::to_owned);
            note(&format!("warning: {}", text.unwrap_or_else(|| warning.to_string())));
        }
    }
}
