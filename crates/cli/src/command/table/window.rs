//! How the keys of a table carry windows, on the command line.
use clap::Args;
use lentic::config::parse_millis;
use lentic::types::{WindowKind, WindowSpec};

use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(next_help_heading = "Windowed keys")]
pub struct Window {
    /// Keys carry windows: time or session
    #[arg(long = "window", value_name = "KIND")]
    kind: Option<WindowKind>,
    /// A sequence number follows the start, as in the changelog of a window store
    #[arg(long = "window-sequence", requires = "kind")]
    sequence: bool,
    #[command(flatten)]
    times: WindowTimes,
}

/// Times of windows that no key holds.
#[derive(Args, Debug)]
#[command(next_help_heading = "Windowed keys")]
pub struct WindowTimes {
    /// Size of time windows, for example 5m: what their ends are told by
    #[arg(long = "window-size", value_name = "TIME")]
    size: Option<String>,
    /// Hide windows this much older than the latest of their partition
    #[arg(long = "window-retention", value_name = "TIME")]
    retention: Option<String>,
}

impl Window {
    pub fn spec(&self) -> Result<Option<WindowSpec>, Failure> {
        let (size_ms, retention_ms) = (self.times.size_ms()?, self.times.retention_ms()?);
        let Some(kind) = self.kind else {
            return match size_ms.or(retention_ms) {
                Some(_) => Err(Failure::usage(
                    "--window-size and --window-retention go together with --window".to_owned(),
                )),
                None => Ok(None),
            };
        };
        let spec = WindowSpec { kind, sequence: self.sequence, size_ms, retention_ms };
        spec.check().map_err(|why| Failure::usage(format!("--window: {why}")))?;
        Ok(Some(spec))
    }
}

impl WindowTimes {
    pub fn size_ms(&self) -> Result<Option<u64>, Failure> {
        millis("--window-size", self.size.as_deref())
    }

    pub fn retention_ms(&self) -> Result<Option<u64>, Failure> {
        millis("--window-retention", self.retention.as_deref())
    }
}

fn millis(name: &str, text: Option<&str>) -> Result<Option<u64>, Failure> {
    text.map(parse_millis).transpose().map_err(|problem| Failure::usage(format!("{name}: {problem}")))
}
