//! Pooled connections to the other nodes.
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::http::header::{AUTHORIZATION, CONNECTION, EXPECT, HOST, HeaderName, HeaderValue, ORIGIN};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::Connector;
use super::tls::Tls;
use crate::http::Deadline;

/// Before the address of a node that takes connections by TLS alone; others have none.
pub(super) const TLS_SCHEME: &str = "https://";

/// A node that answers no ping for as long is gone, or stopped: what waits for it is asked elsewhere.
const ALIVE: Duration = Duration::from_secs(1);

/// Bytes of one watch on their way: its node waits until they are taken.
const WATCH_WINDOW: u32 = 64 * 1024;

/// Bytes of rows on their way to a store that may be slow.
const SEED_WINDOW: u32 = 4 << 20;

/// Of all streams over one connection together: none waits for another one's reader.
const STREAMS_WINDOW: u32 = i32::MAX as u32;

/// Headers of a client's request that are not the other node's business.
const DROPPED: [HeaderName; 5] = [AUTHORIZATION, CONNECTION, EXPECT, HOST, ORIGIN];

/// A request to another node.
pub(crate) struct Message<'a> {
    /// `host:port`, or `https://host:port`.
    pub(crate) peer: &'a str,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
}

/// What a request to another node came to, if not to an answer.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It never left.
    NotSent(String),
    /// The node may have seen it.
    Broken(String),
    /// The time is over; the same.
    Late,
}

/// Calls the other nodes.
pub(crate) struct Peers {
    client: Client<Connector, AxumBody>,
    /// Over connections of their own: they stay, and their readers may be slow.
    watches: Client<Connector, AxumBody>,
    /// The same of rows for stores.
    seeds: Client<Connector, AxumBody>,
    /// By which nodes know each other.
    secret: Option<HeaderValue>,
    is_by_tls: bool,
}

impl Peers {
    pub(crate) fn new(secret: Option<&str>, tls: Option<&Tls>) -> Self {
        let by =
            |stream_window, connection_window| client(Connector::new(tls), stream_window, connection_window);
        let secret = secret.and_then(|secret| HeaderValue::try_from(format!("Bearer {secret}")).ok());
        Self {
            client: by(1 << 20, 8 << 20),
            watches: by(WATCH_WINDOW, STREAMS_WINDOW),
            seeds: by(SEED_WINDOW, STREAMS_WINDOW),
            secret,
            is_by_tls: tls.is_some(),
        }
    }

    /// Sends a request.
    pub(crate) async fn send(
        &self,
        message: Message<'_>,
        deadline: Deadline,
    ) -> Result<Response<Incoming>, Failed> {
        self.send_by(&self.client, message, deadline).await
    }

    /// Asks for a watch; until `deadline` for the head of its answer.
    pub(crate) async fn watch(
        &self,
        message: Message<'_>,
        deadline: Deadline,
    ) -> Result<Response<Incoming>, Failed> {
        self.send_by(&self.watches, message, deadline).await
    }

    /// Asks for rows; until `deadline` for the head of the answer.
    pub(crate) async fn seed(
        &self,
        message: Message<'_>,
        deadline: Deadline,
    ) -> Result<Response<Incoming>, Failed> {
        self.send_by(&self.seeds, message, deadline).await
    }

    async fn send_by(
        &self,
        client: &Client<Connector, AxumBody>,
        message: Message<'_>,
        deadline: Deadline,
    ) -> Result<Response<Incoming>, Failed> {
        let Message { peer, method, target, headers, body } = message;
        let not_sent = |error: &dyn std::fmt::Display| Failed::NotSent(error.to_string());
        let (scheme, address) = self.scheme_of(peer)?;
        let authority = Authority::try_from(address).map_err(|error| not_sent(&error))?;
        let path = PathAndQuery::try_from(target).map_err(|error| not_sent(&error))?;
        let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path);
        let uri = uri.build().map_err(|error| not_sent(&error))?;
        let mut request = Request::new(AxumBody::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let sent = request.headers_mut();
        for (name, value) in headers {
            if !DROPPED.contains(name) {
                sent.append(name, value.clone());
            }
        }
        if let Some(secret) = &self.secret {
            sent.insert(AUTHORIZATION, secret.clone());
        }
        match tokio::time::timeout_at(deadline.at(), client.request(request)).await {
            // It looks at nothing else before that.
            Ok(Ok(response)) if response.status() == StatusCode::UNAUTHORIZED => {
                let why = self.why_unauthorized();
                tracing::warn!(peer, "another node does not answer this one: {why}");
                Err(Failed::NotSent(why.to_owned()))
            }
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(Failed::NotSent(cause(&error))),
            Ok(Err(error)) => Err(Failed::Broken(cause(&error))),
            Err(_) => Err(Failed::Late),
        }
    }

    /// How a node is spoken to. A node with a certificate tells its secret to nobody that has not shown one.
    fn scheme_of<'a>(&self, peer: &'a str) -> Result<(Scheme, &'a str), Failed> {
        match (peer.strip_prefix(TLS_SCHEME), self.is_by_tls) {
            (Some(address), true) => Ok((Scheme::HTTPS, address)),
            (None, false) => Ok((Scheme::HTTP, peer)),
            (Some(_), false) => Err(Failed::NotSent(
                "it speaks TLS and this node does not: give this one a peer_certificate_file, peer_key_file and peer_ca_file"
                    .to_owned(),
            )),
            (None, true) => Err(Failed::NotSent(
                "this node speaks TLS and that one does not: give it a peer_certificate_file, peer_key_file and peer_ca_file"
                    .to_owned(),
            )),
        }
    }

    fn why_unauthorized(&self) -> &'static str {
        if self.secret.is_some() {
            "it refuses this node's secret: peer_secret_file has to hold the same one on every node"
        } else {
            "it asks for a secret, and this node has none: name the peer_secret_file of all others"
        }
    }
}

fn client(connector: Connector, stream_window: u32, connection_window: u32) -> Client<Connector, AxumBody> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_only(true)
        .http2_keep_alive_interval(ALIVE)
        .http2_keep_alive_timeout(ALIVE)
        .http2_initial_stream_window_size(stream_window)
        .http2_initial_connection_window_size(connection_window)
        .build(connector)
}

/// The innermost reason: the outer ones say only that a request failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
