//! Makes connections to other nodes: TCP, and TLS over it.
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufRead as _, AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::tls::Tls;

/// How long TCP may take.
const CONNECT: Duration = Duration::from_millis(500);

/// How long TLS may take beyond that: nobody pings a connection that is not made yet, and a process may be stopped.
const HANDSHAKE: Duration = Duration::from_secs(2);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What HTTP is spoken over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

impl Connection for Box<dyn Transport> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    /// `None`: TCP alone.
    tls: Option<TlsConnector>,
}

impl Connector {
    pub(super) fn new(tls: Option<&Tls>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        // The scheme is this connector's business.
        tcp.enforce_http(false);
        Self { tcp, tls: tls.map(|tls| TlsConnector::from(tls.client.clone())) }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Transport>>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.tcp.poll_ready(cx).map_err(Failure::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, tls) = (self.tcp.call(uri.clone()), self.tls.clone());
        Box::pin(async move {
            let socket = connecting.await?.into_inner();
            let Some(tls) = tls else { return Ok(TokioIo::new(Box::new(socket) as Box<dyn Transport>)) };
            let name = uri.host().unwrap_or_default().trim_matches(['[', ']']);
            let name = ServerName::try_from(name.to_owned())?;
            let secured = tokio::time::timeout(HANDSHAKE, secured(tls, name, socket)).await;
            let secured = secured.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Ok(TokioIo::new(secured))
        })
    }
}

/// A connection whose both ends have accepted each other. The other one looks at this node's certificate after this one is
/// done with TLS; what it says then are the settings of HTTP/2, or why it refuses. So nothing is sent to a node that does.
async fn secured(
    tls: TlsConnector,
    name: ServerName<'static>,
    socket: TcpStream,
) -> io::Result<Box<dyn Transport>> {
    let mut stream = tls.connect(name, socket).await?;
    let refused = |error: io::Error| io::Error::other(format!("it refused this node: {error}"));
    let is_closed = poll_fn(|cx| Pin::new(&mut stream).poll_fill_buf(cx).map_ok(<[u8]>::is_empty)).await;
    if is_closed.map_err(refused)? {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Box::new(stream))
}
