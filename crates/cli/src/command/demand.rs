//! What a reader demands of an answer, shared by the commands that read.
use clap::Args;
use lentic::config::parse_millis;
use ureq::http::request;

use crate::failure::Failure;

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Freshness")]
pub struct Demand {
    /// Wait until the write with this token is in the answer; may be given several times
    #[arg(long, value_name = "TOKEN")]
    at_least: Vec<String>,
    /// Take an answer that is at most this old, for example 5s
    #[arg(long, value_name = "TIME")]
    max_staleness: Option<String>,
    #[command(flatten)]
    bound: Bound,
}

impl Demand {
    pub fn put_on(&self, mut request: request::Builder) -> Result<request::Builder, Failure> {
        if !self.at_least.is_empty() {
            request = request.header("lentic-at-least", self.at_least.join(", "));
        }
        if let Some(staleness) = &self.max_staleness {
            let millis = parse_millis(staleness);
            let millis = millis.map_err(|problem| Failure::usage(format!("--max-staleness: {problem}")))?;
            request = request.header("lentic-max-staleness", format!("{millis}ms"));
        }
        self.bound.put_on(request)
    }
}

/// How long the node may take.
#[derive(Args, Clone, Debug, Default)]
pub struct Bound {
    /// Longest time that the node may take, for example 500ms
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
}

impl Bound {
    pub fn put_on(&self, request: request::Builder) -> Result<request::Builder, Failure> {
        let Some(timeout) = &self.timeout else { return Ok(request) };
        let millis =
            parse_millis(timeout).map_err(|problem| Failure::usage(format!("--timeout: {problem}")))?;
        Ok(request.header("lentic-timeout", format!("{millis}ms")))
    }
}
