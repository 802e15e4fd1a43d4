//! The lines of a request's body, as they come.
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hyper::body::Body as _;
use lentic_ksql_api::{ErrorBody, ErrorCode};

/// What there is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its end; never empty.
    Text(Bytes),
    /// Nothing at the moment.
    Later,
}

/// A body that is cut into lines; the last may lack its end.
pub(super) struct Input {
    body: Body,
    bytes: BytesMut,
    /// No line is longer.
    max_line: usize,
    has_ended: bool,
}

impl Input {
    pub(super) fn new(body: Body, max_line: usize) -> Self {
        Self { body, bytes: BytesMut::new(), max_line, has_ended: false }
    }

    /// The next line; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, ErrorBody> {
        self.next_ready(true).await
    }

    /// The same; [`Line::Later`] if it does not wait and nothing is there.
    pub(super) async fn next_ready(&mut self, waits: bool) -> Result<Option<Line>, ErrorBody> {
        loop {
            if let Some(line) = self.line()? {
                return Ok(Some(Line::Text(line)));
            }
            if self.has_ended {
                return Ok(None);
            }
            let body = &mut self.body;
            let frame = poll_fn(|cx| match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Pending if !waits => Poll::Ready(None),
                polled => polled.map(Some),
            });
            match frame.await {
                None => return Ok(Some(Line::Later)),
                Some(None) => self.has_ended = true,
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes.extend_from_slice(&data);
                    }
                }
                Some(Some(Err(error))) => {
                    return Err(ErrorBody::new(
                        ErrorCode::BAD_REQUEST,
                        format!("the body broke off: {error}"),
                    ));
                }
            }
        }
    }

    fn line(&mut self) -> Result<Option<Bytes>, ErrorBody> {
        while let Some(end) = memchr::memchr(b'\n', &self.bytes) {
            let line = self.bytes.split_to(end + 1).freeze();
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
        if self.has_ended && !self.bytes.trim_ascii().is_empty() {
            return Ok(Some(self.bytes.split().freeze()));
        }
        if self.bytes.len() > self.max_line {
            let message = format!("A line is longer than max_line_bytes = {}", self.max_line);
            return Err(ErrorBody::new(ErrorCode::BAD_REQUEST, message));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_one_by_one() {
        let mut input = Input::new(Body::from("{\"a\":1}\n\n {\"a\":2}\r\nlast"), 100);
        let mut lines = Vec::new();
        while let Some(Line::Text(line)) = input.next().await.expect("a body") {
            lines.push(String::from_utf8_lossy(line.trim_ascii()).into_owned());
        }
        assert_eq!(lines, ["{\"a\":1}", "{\"a\":2}", "last"]);
        let mut long = Input::new(Body::from(vec![b'x'; 50]), 10);
        assert!(long.next().await.is_err());
    }
}
