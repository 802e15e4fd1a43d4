//! HTTP: rows, tables, health and metrics of a node.
//!
//! [`run`] is the whole process behind `lentic serve`; [`serve`], [`serve_until`] and [`Server`] serve a node that a program
//! has opened:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let node = lentic::Node::open(lentic::config::Config::default())?;
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let server = lentic_server::Server::start(node, listener, lentic_server::Options::default())?;
//! assert_ne!(server.address().port(), 0);
//! server.stop(std::time::Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```
#![expect(clippy::disallowed_methods, reason = "an edge: clocks belong here")]

pub mod api;
mod call;
mod catalog;
mod cluster;
mod connection;
mod doc;
mod document;
mod error;
mod freshness;
mod front;
mod health;
mod http;
mod ksql;
mod metrics;
mod options;
mod pace;
mod peers;
mod routes;
mod rows;
mod run;
mod security;
mod server;
mod state;
mod tables;
mod tls;
mod turns;
mod watch;

pub use error::Code;
pub use ksql::Ksql;
pub use options::Options;
pub use run::{ServeError, run, run_with, serve, serve_until};
pub use server::Server;
