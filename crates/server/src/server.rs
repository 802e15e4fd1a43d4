//! The server: accepts connections, and stops them gracefully.
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use lentic::Node;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::connection::Connection;
use crate::front::{Front, Side};
use crate::options::Options;
use crate::peers::{PeerListener, Peers, SeedsOverHttp};
use crate::run::ServeError;
use crate::security::Guard;
use crate::state::State;
use crate::{routes, security};

/// Pause after an accept that failed for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long TLS may take before anything else is said.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A running server over a node. Dropping it stops it without grace; the node stays open.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    accepting: Vec<JoinHandle<GracefulShutdown>>,
}

impl Server {
    /// Serves `node` on a listener that is bound already (port 0 is fine). Access rules come from the node's
    /// configuration. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The token file can't be used, or the address is reachable from other machines without tokens and without
    /// `insecure`.
    pub fn start(node: Node, listener: std::net::TcpListener, options: Options) -> Result<Self, ServeError> {
        let io = |error: io::Error| ServeError::Io("the listening socket".to_owned(), error);
        listener.set_nonblocking(true).map_err(io)?;
        let listener = TcpListener::from_std(listener).map_err(io)?;
        let address = listener.local_addr().map_err(io)?;
        let guard = guard(&node, address)?;
        let client_tls = crate::tls::of_clients(node.config())?;
        let peers = PeerListener::open(&node, address)?;
        let secret = peers.as_ref().and_then(|peers| peers.secret.clone());
        let peer_guard = peers.as_ref().map(PeerListener::guard).transpose()?;
        let tls = peers.as_ref().and_then(|peers| peers.tls.clone());
        let calls = Peers::new(secret.as_deref(), tls.as_ref());
        let state = Arc::new(State::new(node, guard, peer_guard, calls, options));
        let router = routes::router(&state);
        let (stop, stopped) = watch::channel(false);
        let mut accepting = Vec::new();
        if let Some(peers) = peers {
            let (addresses, listener) = (peers.addresses(&state.node, address)?, peers.listener);
            let side = Listening { side: Side::Peers, tls: tls.map(|tls| tls.server.into()) };
            let accept = accept(Arc::clone(&state), router.clone(), listener, side, stopped.clone());
            accepting.push(tokio::spawn(accept));
            state.node.set_seeds(Arc::new(SeedsOverHttp::new(&state)));
            state.node.set_addresses(addresses);
        }
        let side = Listening { side: Side::Clients, tls: client_tls.map(TlsAcceptor::from) };
        let accept = accept(Arc::clone(&state), router, listener, side, stopped);
        accepting.push(tokio::spawn(accept));
        Ok(Self { address, state, stop, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Turns the node unready, stops accepting, ends watches, and finishes what is in flight within `timeout`; what
    /// is not finished then is cut off. The node stays open.
    pub async fn stop(self, timeout: Duration) {
        self.state.node.begin_stop();
        self.state.stop();
        self.stop.send_replace(true);
        let mut ending = Vec::new();
        for accepting in self.accepting {
            ending.extend(accepting.await.map(GracefulShutdown::shutdown));
        }
        if tokio::time::timeout(timeout, join_all(ending)).await.is_err() {
            tracing::warn!("requests were cut off: they took longer than {} ms", timeout.as_millis());
        }
    }
}

fn guard(node: &Node, address: SocketAddr) -> Result<Guard, ServeError> {
    let config = node.config();
    let tokens = match &config.token_file {
        None => None,
        Some(path) => {
            let read = std::fs::read_to_string(path);
            Some(read.map_err(|error| ServeError::Io(format!("token_file {}", path.display()), error))?)
        }
    };
    if !address.ip().is_loopback() && tokens.is_none() && !config.insecure {
        return Err(ServeError::Config(format!(
            "{address} is reachable from other machines: name a token_file, or say insecure = true to serve \
             anybody who can reach it"
        )));
    }
    security::Guard::new(tokens.as_deref(), address, &config.cors_origin)
        .map_err(|error| ServeError::Config(error.to_string()))
}

/// Whom a listener is for, and how they speak to it.
#[derive(Clone)]
struct Listening {
    side: Side,
    tls: Option<TlsAcceptor>,
}

/// Until the stop; then the listener is closed, and the connections are the caller's to end.
async fn accept(
    state: Arc<State>,
    router: Router,
    listener: TcpListener,
    listening: Listening,
    mut stopped: watch::Receiver<bool>,
) -> GracefulShutdown {
    let mut http = Builder::new(TokioExecutor::new());
    // Head and body go out in one write. Not `pipeline_flush`: with it hyper takes in all of a stream that its client does not.
    http.http1().writev(false).timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(None);
    // Each watch of another node is one: those are counted where they came in.
    let streams = if listening.side == Side::Peers { u32::MAX } else { 256 };
    http.http2().timer(hyper_util::rt::TokioTimer::new()).max_concurrent_streams(streams);
    if listening.tls.is_some() && listening.side == Side::Peers {
        // Then the settings go out before anything comes in: who connects is told that way that it was let in.
        http = http.http2_only();
    }
    let http = Arc::new(http);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return connections,
        };
        match accepted {
            Ok((socket, from)) => {
                let serving = Serving {
                    state: Arc::clone(&state),
                    router: router.clone(),
                    http: Arc::clone(&http),
                    listening: listening.clone(),
                    watcher: connections.watcher(),
                };
                tokio::spawn(serving.run(socket, from));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection.
struct Serving {
    state: Arc<State>,
    router: Router,
    http: Arc<Builder<TokioExecutor>>,
    listening: Listening,
    watcher: Watcher,
}

impl Serving {
    async fn run(self, socket: TcpStream, from: SocketAddr) {
        // Answers are whole when they are written: nothing is gained by waiting for more.
        if socket.set_nodelay(true).is_err() {
            return;
        }
        let Some(tls) = self.listening.tls.clone() else { return self.serve(socket).await };
        match tokio::time::timeout(HANDSHAKE, tls.accept(socket)).await {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) if self.listening.side == Side::Peers => {
                tracing::warn!(%from, "a connection for nodes alone was refused: {error}");
            }
            Ok(Err(error)) => tracing::debug!(%from, "a connection came to no TLS: {error}"),
            Err(_) => tracing::debug!(%from, "a connection said nothing"),
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let connection = Arc::new(Connection::default());
        let side = self.listening.side;
        let front = Front::new(Arc::clone(&self.state), self.router, Arc::clone(&connection), side);
        let (http, state, watcher) = (self.http, self.state, self.watcher);
        let stream = TokioIo::new(stream);
        // Nodes have no use for WebSockets, and only without them is HTTP/2 spoken before anything has come in.
        match side {
            Side::Peers => {
                let served = watcher.watch(http.serve_connection(stream, front).into_owned());
                serve_until_idle(served, &connection, &state).await;
            }
            Side::Clients => {
                let served = watcher.watch(http.serve_connection_with_upgrades(stream, front).into_owned());
                serve_until_idle(served, &connection, &state).await;
            }
        }
    }
}

/// Until the connection ends, is cut, or has been idle too long.
async fn serve_until_idle<E: std::fmt::Display>(
    served: impl Future<Output = Result<(), E>>,
    connection: &Connection,
    state: &State,
) {
    let mut served = pin!(served);
    state.connections.fetch_add(1, Ordering::Relaxed);
    let idle = state.options.idle;
    let mut seen = u64::MAX;
    let mut look = pin!(tokio::time::sleep(idle));
    loop {
        tokio::select! {
            result = &mut served => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended");
                }
                break;
            }
            () = connection.is_cut() => break,
            () = &mut look => {
                let (begun, busy) = connection.activity();
                // Busy or not, a request came since the last look; or an answer may still be under way.
                if !busy && begun == seen {
                    break;
                }
                seen = begun;
                look.as_mut().reset(tokio::time::Instant::now() + idle);
            }
        }
    }
    state.connections.fetch_sub(1, Ordering::Relaxed);
}
