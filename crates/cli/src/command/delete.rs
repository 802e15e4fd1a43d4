//! `lentic delete`
use std::ffi::OsString;

use clap::Args;

use super::put::{Write, etag};
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::key::{KeyEncoding, row_path};
use crate::output::Output;

/// Delete a row
///
/// Deleting a row that is absent succeeds too. Prints the token of the write.
#[derive(Args, Debug)]
pub struct Delete {
    /// The table
    table: String,
    /// The key
    key: OsString,
    /// Only if the row still is the one with this token; else exit code 4
    #[arg(long, value_name = "TOKEN")]
    if_match: Option<String>,
    /// How the key is written
    #[arg(long, value_enum, default_value_t)]
    key_encoding: KeyEncoding,
    #[command(flatten)]
    write: Write,
    #[command(flatten)]
    connection: Connection,
}

impl Delete {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let path = self.write.asked(row_path(&self.table, &self.key, self.key_encoding));
        let mut request = client.request("DELETE", &path);
        if let Some(token) = &self.if_match {
            request = request.header("if-match", etag(token));
        }
        let answer = client.ask(self.write.bound.put_on(request)?)?;
        self.write.tell(out, &answer, "deleted")
    }
}
