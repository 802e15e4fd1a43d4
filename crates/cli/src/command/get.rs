//! `lentic get`
use std::ffi::OsString;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::demand::Demand;
use crate::client::{Answer, Client, Connection, body, decode, header};
use crate::failure::Failure;
use crate::key::{KeyEncoding, part, row_path};
use crate::output::{Output, note};

/// Print a row's value
///
/// In a pipe the value comes byte for byte, without a newline behind it. Exit code 3: there is no such row. Of a table with
/// windowed keys, without --window: all windows of the key, one per line.
#[derive(Args, Debug)]
pub struct Get {
    /// The table
    table: String,
    /// The key: text, a number, or JSON as stored, by the table's key format
    key: OsString,
    /// Of windowed tables: the row of the window that starts then (milliseconds or RFC 3339), of a session START..END
    #[arg(long, value_name = "START")]
    window: Option<String>,
    /// Of tables that keep versions: the row as it was then (milliseconds or RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "window")]
    as_of: Option<String>,
    /// The stored bytes, not decoded
    #[arg(long)]
    raw: bool,
    /// The value with its token, timestamp, position and age
    #[arg(long)]
    json: bool,
    /// The same in words, on standard error
    #[arg(long, short)]
    verbose: bool,
    /// How the key is written
    #[arg(long, value_enum, default_value_t)]
    key_encoding: KeyEncoding,
    #[command(flatten)]
    demand: Demand,
    #[command(flatten)]
    connection: Connection,
}

impl Get {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let mut path = row_path(&self.table, &self.key, self.key_encoding);
        for (name, value) in [("window", &self.window), ("as_of", &self.as_of)] {
            if let Some(value) = value {
                let separator = if path.contains('?') { '&' } else { '?' };
                let _ = write!(path, "{separator}{name}={}", part(value));
            }
        }
        // The windows of a key come as lines; one row comes as it always does.
        let accept = if self.raw { "application/octet-stream" } else { "application/x-ndjson, */*;q=0.5" };
        let request = client.request("GET", &path).header("accept", accept);
        let answer = client.ask(self.demand.put_on(request)?)?;
        if self.verbose {
            for (word, name) in FIELDS {
                if let Some(value) = header(&answer, name) {
                    note(&format!("{word}: {}", value.trim_matches('"')));
                }
            }
        }
        let is_lines = header(&answer, "content-type").is_some_and(|kind| kind == "application/x-ndjson");
        if self.json && !is_lines {
            let key = self.key.to_string_lossy();
            return out.line(&with_fields(&key, answer)?);
        }
        out.value(&body(answer)?)
    }
}

/// What an answer says of itself: the name in JSON, the header.
const FIELDS: [(&str, &str); 7] = [
    ("token", "etag"),
    ("timestamp", "lentic-timestamp"),
    ("valid_to", "lentic-valid-to"),
    ("position", "lentic-position"),
    ("role", "lentic-role"),
    ("lag_records", "lentic-lag-records"),
    ("staleness_ms", "lentic-staleness-ms"),
];

fn with_fields(key: &str, answer: Answer) -> Result<String, Failure> {
    let kind = header(&answer, "content-type").unwrap_or_default();
    let fields: Vec<(&str, Option<String>)> = FIELDS.map(|(word, name)| (word, header(&answer, name))).into();
    let bytes = body(answer)?;
    // The value goes through as it is: numbers keep their digits.
    let value = if kind.starts_with("application/json") {
        format!("\"value\":{}", decode::<Box<RawValue>>(&bytes)?)
    } else if let (true, Ok(text)) = (kind.starts_with("text/"), std::str::from_utf8(&bytes)) {
        format!("\"value\":{}", json!(text))
    } else {
        format!("\"value_base64\":{}", json!(STANDARD.encode(&bytes)))
    };
    let mut line = format!("{{\"key\":{},{value}", json!(key));
    for (word, text) in fields {
        let Some(text) = text else { continue };
        let number = text.parse::<i64>().ok().filter(|_| word != "token").map(Value::from);
        let value = number.unwrap_or_else(|| json!(text.trim_matches('"')));
        let _ = write!(line, ",\"{word}\":{value}");
    }
    Ok(line + "}")
}
