//! HTTP: rows, tables, health and metrics of a node.
use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use lentic::config::Config;
use lentic::{Node, NodeError, Readiness};

/// A node could not be served.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The node could not be opened or closed.
    Node(NodeError),
    /// The socket failed.
    Io(std::io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServeError {}

/// Opens a node and serves it until SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Io)?;
    let timeout = Duration::from_millis(config.shutdown_timeout_ms);
    let node = Node::open(config).map_err(ServeError::Node)?;
    let served = runtime.block_on(serve(node.clone()));
    node.close(timeout).map_err(ServeError::Node)?;
    served.map_err(ServeError::Io)
}

async fn serve(node: Node) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(node.config().listen).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let ready = node.clone();
    let router = Router::new().route("/healthz", get(|| async { "ok\n" })).route(
        "/readyz",
        get(move || async move {
            match ready.readiness() {
                Readiness::Ready => (StatusCode::OK, "ready\n"),
                Readiness::CatchingUp(_) => (StatusCode::SERVICE_UNAVAILABLE, "catching up\n"),
                Readiness::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
            }
        }),
    );
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        node.begin_stop();
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}
