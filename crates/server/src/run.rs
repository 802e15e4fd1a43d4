//! A node as a process: opened, served, and stopped by a signal or a failure.
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::{Node, NodeError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::Ksql;
use crate::options::Options;
use crate::peers;
use crate::server::Server;

/// How long a node that is being opened may take to be open after all, and so be closed in order.
const OPENING_GRACE: Duration = Duration::from_secs(1);

/// How often the node is asked whether it failed.
const FAILURE_LOOK: Duration = Duration::from_millis(500);

/// A node could not be served.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration doesn't allow it; the text says what to change.
    Config(String),
    /// The node could not be opened or closed.
    Node(NodeError),
    /// What the first names failed.
    Io(String, io::Error),
    /// The certificates for TLS between nodes can't be used.
    PeerTls {
        /// See [`ServeError::code`].
        code: &'static str,
        /// Which file, and what to do.
        text: String,
    },
    /// The node met a failure that it can't go on from and was stopped.
    Failed(String),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) | Self::PeerTls { text, .. } => f.write_str(text),
            Self::Node(error) => error.fmt(f),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Failed(reason) => write!(f, "the node failed and was stopped: {reason}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl ServeError {
    /// Stable, for programs: `peer_file_unreadable`, `peer_key_mismatch` and `peer_certificate_invalid`, and `serve` of all else.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PeerTls { code, .. } => code,
            _ => "serve",
        }
    }
}

/// Opens a node and serves it until SIGTERM or SIGINT, then stops gracefully within `shutdown_timeout_ms`.
///
/// # Errors
/// The address is taken, the node can't be opened or closed, or it fails for good while it runs.
pub fn run(config: Config) -> Result<(), ServeError> {
    run_with(config, |_| {})
}

/// Like [`run`]; calls `listening` with the address once connections are accepted.
///
/// # Errors
/// See [`run`].
pub fn run_with(config: Config, listening: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let address = config.listen;
    // First of all: an address that is taken, or a file that is missing, should not cost the opening of a database.
    peers::Tls::read(&config)?;
    let listener = std::net::TcpListener::bind(address)
        .map_err(|error| ServeError::Io(format!("listening on {address}"), error))?;
    let runtime = runtime()?;
    let mut signals = runtime.block_on(async { Signals::hook() })?;
    let ksql = Ksql::of(&config).map_err(ServeError::Config)?;
    let Some(node) = runtime.block_on(open(config, Arc::clone(&ksql), &mut signals))? else {
        runtime.shutdown_background();
        return Ok(());
    };
    ksql.begin(&node);
    let options = Options { ksql: Some(ksql), ..Options::default() };
    finish(runtime, node, listener, options, signals, listening)
}

/// Serves a node that a program has opened, at its `listen` address, until SIGTERM or SIGINT; then stops gracefully within
/// `shutdown_timeout_ms` and closes the node. Blocks.
///
/// # Errors
/// See [`run`].
pub fn serve(node: Node) -> Result<(), ServeError> {
    let address = node.config().listen;
    let listener = std::net::TcpListener::bind(address)
        .map_err(|error| ServeError::Io(format!("listening on {address}"), error))?;
    let runtime = runtime()?;
    let signals = runtime.block_on(async { Signals::hook() })?;
    finish(runtime, node, listener, Options::default(), signals, |_| {})
}

fn runtime() -> Result<tokio::runtime::Runtime, ServeError> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("lentic-http")
        .enable_all()
        .build()
        .map_err(|error| ServeError::Io("starting threads".to_owned(), error))
}

/// Serves until a signal or a failure, and closes the node.
fn finish(
    runtime: tokio::runtime::Runtime,
    node: Node,
    listener: std::net::TcpListener,
    options: Options,
    mut signals: Signals,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let timeout = Duration::from_millis(node.config().shutdown_timeout_ms);
    let served =
        runtime.block_on(until_signal(node.clone(), listener, options, &mut signals, timeout, listening));
    let begin = served.as_ref().map_or_else(|_| Instant::now(), |(_, begin)| *begin);
    // Handlers that block hold the runtime; the node's end wakes them.
    let closed = node.close(timeout.saturating_sub(begin.elapsed()).max(Duration::from_secs(1)));
    runtime.shutdown_timeout(Duration::from_secs(1));
    let (failure, _) = served?;
    match failure {
        Some(reason) => Err(ServeError::Failed(reason)),
        None => closed.map_err(ServeError::Node),
    }
}

/// SIGTERM and SIGINT, which end the process no longer by themselves.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn hook() -> Result<Self, ServeError> {
        let hook =
            |kind| signal(kind).map_err(|error| ServeError::Io("waiting for signals".to_owned(), error));
        Ok(Self { terminate: hook(SignalKind::terminate())?, interrupt: hook(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Opens the node with its SQL; `None`: a signal came first.
async fn open(config: Config, ksql: Arc<Ksql>, signals: &mut Signals) -> Result<Option<Node>, ServeError> {
    let timeout = Duration::from_millis(config.shutdown_timeout_ms);
    let mut opening = tokio::task::spawn_blocking(move || Node::open_with(config, ksql));
    tokio::select! {
        opened = &mut opening => {
            let panicked = |_| ServeError::Failed("opening it panicked".to_owned());
            opened.map_err(panicked)?.map(Some).map_err(ServeError::Node)
        }
        () = signals.next() => {
            tracing::info!("stopping while the node is being opened");
            // One that takes longer has acknowledged nothing: it ends as if it had been killed.
            if let Ok(Ok(Ok(node))) = tokio::time::timeout(OPENING_GRACE, opening).await {
                let closed = tokio::task::spawn_blocking(move || node.close(timeout)).await;
                tracing::debug!(?closed, "stopped");
            }
            Ok(None)
        }
    }
}

/// Until a signal or a failure; returns the failure and when the stop began.
async fn until_signal(
    node: Node,
    listener: std::net::TcpListener,
    options: Options,
    signals: &mut Signals,
    timeout: Duration,
    listening: impl FnOnce(SocketAddr),
) -> Result<(Option<String>, Instant), ServeError> {
    let server = Server::start(node.clone(), listener, options)?;
    let scheme = if node.config().certificate_file.is_some() { "https" } else { "http" };
    tracing::info!("listening on {scheme}://{}", server.address());
    listening(server.address());
    let failure = tokio::select! {
        () = signals.next() => None,
        reason = failed(&node) => Some(reason),
    };
    let begin = Instant::now();
    match &failure {
        None => {
            tracing::info!("stopping");
            // While the others take over, this node still answers.
            let drained = tokio::task::spawn_blocking(move || node.drain(timeout / 4)).await;
            tracing::debug!(?drained, "shards were handed over");
        }
        Some(reason) => tracing::error!("stopping: {reason}"),
    }
    // The node needs the rest of the time to flush and close.
    server.stop(timeout / 2).await;
    Ok((failure, begin))
}

/// Resolves when the node has failed for good.
pub(crate) async fn failed(node: &Node) -> String {
    loop {
        if let Some(reason) = node.failure() {
            return reason;
        }
        tokio::time::sleep(FAILURE_LOOK).await;
    }
}

/// Serves an open node until `shutdown` resolves, for programs with a runtime of their own. The node stays open.
///
/// # Errors
/// See [`Server::start`]; and the node failed for good.
pub async fn serve_until(
    node: Node,
    listener: std::net::TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let timeout = Duration::from_millis(node.config().shutdown_timeout_ms);
    let server = Server::start(node.clone(), listener, options)?;
    let failure = tokio::select! {
        () = shutdown => None,
        reason = failed(&node) => Some(reason),
    };
    server.stop(timeout).await;
    failure.map_or(Ok(()), |reason| Err(ServeError::Failed(reason)))
}
