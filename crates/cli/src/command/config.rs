//! `lentic config`
use clap::Args;
use lentic::config::{Entry, effective, toml};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::SettingFlags;

/// Print the effective configuration with the origin of each value, secrets masked
///
/// Takes the flags of `lentic serve`. The output is a file that --config takes.
#[derive(Args, Debug)]
pub struct Config {
    #[command(flatten)]
    settings: SettingFlags,
    /// One JSON object: {"NAME": {"value": .., "origin": ".."}}
    #[arg(long)]
    json: bool,
}

impl Config {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let resolved = self.settings.resolve()?;
        if self.json {
            out.line(&as_json(effective(&resolved)).to_string())
        } else {
            out.value(toml(&resolved).as_bytes())
        }
    }
}

fn as_json(entries: Vec<Entry>) -> Value {
    let named = |entry: Entry| {
        let name = match entry.group {
            "kafka" | "tables" => format!("{}.{}", entry.group, entry.name),
            _ => entry.name,
        };
        (name, json!({ "value": entry.value, "origin": entry.origin.to_string() }))
    };
    Value::Object(entries.into_iter().map(named).collect())
}
