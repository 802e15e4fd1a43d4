//! `lentic serve`
use std::io::IsTerminal as _;

use clap::Args;
use lentic::config::{Config, LogFormat};
use tracing_subscriber::EnvFilter;

use crate::failure::{Exit, Failure};
use crate::settings::SettingFlags;

/// Run a node: tables over topics, served over HTTP
///
/// Each setting can also be a LENTIC_* variable (LENTIC_DATA_DIR) or a key in the file that --config names (data_dir);
/// a flag beats a variable beats the file beats the default. `lentic config` shows what is in effect.
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    settings: SettingFlags,
}

impl Serve {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.resolve()?.config;
        log_to_stderr(&config)?;
        lentic_server::run(config).map_err(|error| Failure::failed(error.code(), error.to_string()))
    }
}

fn log_to_stderr(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log_level).map_err(|error| {
        Failure::new(Exit::Usage, "config_invalid", format!("log_level = {:?}: {error}", config.log_level))
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
