//! Bodies: of answers, and reading a request's.
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

use super::Deadline;
use crate::connection::Connection;
use crate::error::{Code, Error, Result};
use crate::state::Slot;

/// The body of an answer: bytes at hand cost no allocation and no dynamic dispatch.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of it, once.
    Bytes(Option<Bytes>),
    /// Whatever a handler streams.
    Stream(axum::body::Body),
    /// The same; each part is a sign of life of its connection, and its request's place is taken until the end.
    Alive(axum::body::Body, Arc<Connection>, #[expect(dead_code, reason = "it is kept")] Option<Slot>),
}

impl Body {
    pub(crate) const fn empty() -> Self {
        Self::Bytes(None)
    }

    /// A connection on which a stream goes out is not idle, and its request is not over; other bodies are whole already.
    pub(crate) fn alive(self, connection: &Arc<Connection>, slot: Option<Slot>) -> Self {
        match self {
            Self::Stream(body) => Self::Alive(body, Arc::clone(connection), slot),
            whole => whole,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes((!bytes.is_empty()).then_some(bytes))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Bytes(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Alive(body, connection, _) => {
                let polled = Pin::new(body).poll_frame(cx);
                if polled.is_ready() {
                    connection.touch();
                }
                polled.map_err(Into::into)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_none(),
            Self::Stream(body) | Self::Alive(body, ..) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Stream(body) | Self::Alive(body, ..) => body.size_hint(),
        }
    }
}

/// A request's body. A client that sends all of it before it reads must not be cut off before it has the answer:
/// what nobody reads is taken in and forgotten, for as long as `patience`.
pub(crate) struct RequestBody {
    body: Option<Incoming>,
    /// The client waits to be told to send: who never reads never tells.
    waits: bool,
    patience: Duration,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, waits: bool, patience: Duration) -> Self {
        Self { body: (!body.is_end_stream()).then_some(body), waits, patience }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        if !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take().filter(|body| !self.waits && !body.is_end_stream()) else {
            return;
        };
        let patience = self.patience;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(patience, async move {
                while let Some(Ok(_)) = body.frame().await {}
            }));
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Reads a request's body of at most `limit` bytes; `name` is the limit's name in the configuration.
pub(crate) async fn read_body<B>(mut body: B, limit: usize, name: &str, deadline: Deadline) -> Result<Bytes>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let too_large =
        |given: &str| Error::new(Code::TooLarge, format!("the body of {given} is above {name} = {limit}"));
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(&format!("{} bytes", body.size_hint().lower())));
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = deadline.run(body.frame()).await? {
        let frame =
            frame.map_err(|error| Error::new(Code::BadRequest, format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        match &first {
            None => first = Some(data),
            Some(head) => {
                if rest.is_empty() {
                    rest.extend_from_slice(head);
                }
                rest.extend_from_slice(&data);
            }
        }
        if rest.len().max(first.as_ref().map_or(0, Bytes::len)) > limit {
            return Err(too_large("more bytes than that"));
        }
    }
    Ok(if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() })
}
