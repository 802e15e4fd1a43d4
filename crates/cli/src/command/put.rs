//! `lentic put`
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;

use clap::{Args, ValueEnum};

use super::demand::Bound;
use crate::client::{Answer, Client, Connection, header};
use crate::failure::Failure;
use crate::key::{KeyEncoding, row_path};
use crate::output::{Output, note};

/// Write a row
///
/// Prints the token of the write; in a pipe nothing else.
#[derive(Args, Debug)]
pub struct Put {
    /// The table
    table: String,
    /// The key
    key: OsString,
    /// The value, stored byte for byte; left out or -: standard input
    value: Option<OsString>,
    /// The value is given as the stored bytes, whatever the table's format
    #[arg(long)]
    raw: bool,
    /// How the key is written
    #[arg(long, value_enum, default_value_t)]
    key_encoding: KeyEncoding,
    #[command(flatten)]
    condition: Condition,
    #[command(flatten)]
    write: Write,
    #[command(flatten)]
    connection: Connection,
}

impl Put {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let value = match self.value {
            Some(value) if value != "-" => value.into_vec(),
            _ => {
                let mut value = Vec::new();
                std::io::stdin().lock().read_to_end(&mut value)?;
                value
            }
        };
        let path = self.write.asked(row_path(&self.table, &self.key, self.key_encoding));
        let kind = if self.raw { "application/octet-stream" } else { "text/plain; charset=utf-8" };
        let mut request = client.request("PUT", &path).header("content-type", kind);
        if let Some(token) = &self.condition.if_match {
            request = request.header("if-match", etag(token));
        }
        if self.condition.if_none_match {
            request = request.header("if-none-match", "*");
        }
        let answer = client.send(self.write.bound.put_on(request)?, value)?;
        self.write.tell(out, &answer, "written")
    }
}

/// Compare-and-set.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct Condition {
    /// Only if the row still is the one with this token; else exit code 4
    #[arg(long, value_name = "TOKEN")]
    if_match: Option<String>,
    /// Only if there is no such row; else exit code 4
    #[arg(long)]
    if_none_match: bool,
}

/// What put and delete have in common.
#[derive(Args, Debug)]
pub struct Write {
    /// When the write is answered
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    ack: Ack,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub bound: Bound,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Ack {
    /// Once a plain read sees it
    #[default]
    Applied,
    /// Once the log has it
    Log,
}

impl Write {
    /// The path, asking for the chosen acknowledgement.
    pub fn asked(&self, path: String) -> String {
        match self.ack {
            Ack::Applied => path,
            Ack::Log => format!("{path}{}ack=log", if path.contains('?') { '&' } else { '?' }),
        }
    }

    /// Prints what became of the write.
    pub fn tell(&self, out: &mut Output, answer: &Answer, done: &str) -> Result<(), Failure> {
        let token = header(answer, "lentic-token");
        let applied =
            header(answer, "lentic-applied").as_deref() != Some("false") && self.ack == Ack::Applied;
        if self.json {
            return out.line(&serde_json::json!({ "token": token, "applied": applied }).to_string());
        }
        if !applied && self.ack == Ack::Applied {
            note("written to the log, but not applied in time: read it with --at-least and the token");
        }
        match (token, out.terminal()) {
            (Some(token), true) => out.line(&format!("{done}, token {token}")),
            (Some(token), false) => out.line(&token),
            (None, true) => out.line(done),
            (None, false) => Ok(()),
        }
    }
}

/// An ETag is the quoted token; both forms are taken.
pub fn etag(token: &str) -> String {
    format!("\"{}\"", token.trim_start_matches("W/").trim_matches('"'))
}
