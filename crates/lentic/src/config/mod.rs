//! The configuration of a node. Every setting is one row of the table in `settings.rs`: the fields of [`Config`],
//! the flags of `lentic serve`, the `LENTIC_*` variables, the keys of the file, `lentic config` and
//! docs/configuration.md all come from it.
//!
//! ```
//! let file = "block_cache_bytes = \"1GiB\"\n";
//! let variables = [("LENTIC_LISTEN".to_owned(), "127.0.0.1:9000".to_owned())];
//! let flags = [("fsync".to_owned(), "interval".to_owned())];
//! let resolved = lentic::config::resolve(Some(("lentic.toml", file)), variables, flags).unwrap();
//! assert_eq!(resolved.config.block_cache_bytes, 1 << 30);
//! assert_eq!(resolved.config.listen.port(), 9000);
//! assert_eq!(resolved.origins["listen"].to_string(), "LENTIC_LISTEN");
//! ```
mod check;
mod document;
mod kafka;
mod resolve;
mod settings;
mod show;
mod suggest;
mod value;

pub use check::ConfigError;
pub use document::markdown;
pub use kafka::KafkaProperties;
pub use resolve::{Origin, Resolved, resolve};
pub use settings::{Config, MOST_STANDBYS, SETTINGS, Setting};
pub use show::{Entry, MASK, effective, toml};
pub use value::{
    ErrorHandling, Fsync, Kind, LogFormat, ProcessingGuarantee, State, parse_bytes, parse_millis, show_bytes,
    show_millis,
};
