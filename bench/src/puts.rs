//! Latencies of writes over HTTP.
use std::net::SocketAddr;

use anyhow::{Result, bail};
use clap::Args;

use crate::dataset;
use crate::http::{Answer, Connection};
use crate::latency::Latencies;

/// Arguments of `puts`.
#[derive(Args)]
pub struct Puts {
    #[arg(long, default_value = "127.0.0.1:8088")]
    address: SocketAddr,
    /// What stands before the key.
    #[arg(long, default_value = "/v1/tables/bench/rows/")]
    path: String,
    #[arg(long, default_value_t = 2_000)]
    count: u64,
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
    /// Compare-and-set: every write names the token of the one before it, all to one key.
    #[arg(long)]
    conditional: bool,
}

impl Puts {
    pub fn run(&self) -> Result<()> {
        let mut connection = Connection::open(self.address)?;
        let mut etag = String::new();
        if self.conditional {
            etag = tag(&self.put(&mut connection, 0, "")?)?;
        }
        let latencies = Latencies::measure(self.count, |i| {
            if self.conditional {
                etag = tag(&self.put(&mut connection, 0, &format!("If-Match: {etag}\r\n"))?)?;
            } else {
                self.put(&mut connection, i, "")?;
            }
            Ok(())
        })?;
        println!("{latencies}");
        Ok(())
    }

    fn put(&self, connection: &mut Connection, n: u64, headers: &str) -> Result<Answer> {
        let path = format!("{}{}", self.path, dataset::key(n));
        let value = dataset::value(n, self.value_bytes);
        let answer = connection.request("PUT", &path, headers, value.as_bytes())?;
        if !matches!(answer.status, 200 | 201 | 204) {
            bail!("PUT {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer)
    }
}

fn tag(answer: &Answer) -> Result<String> {
    match answer.header("etag") {
        Some(tag) => Ok(tag.to_owned()),
        None => bail!("the answer to a PUT has no ETag"),
    }
}
