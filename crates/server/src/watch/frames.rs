//! Reads Server-Sent Events as [`super::sse`] writes them, from parts of any size.
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt as _};
use lentic::EventId;

/// The name of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Put,
    Delete,
    SnapshotEnd,
    Reset,
    Error,
    /// A heartbeat or a comment.
    Life,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Delete => "delete",
            Self::SnapshotEnd => "snapshot-end",
            Self::Reset => "reset",
            Self::Error => "error",
            Self::Life => "heartbeat",
        }
    }

    fn of(name: &[u8]) -> Option<Self> {
        let all = [Self::Put, Self::Delete, Self::SnapshotEnd, Self::Reset, Self::Error, Self::Life];
        all.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

/// An event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) id: Option<EventId>,
    /// One line.
    pub(super) data: Bytes,
}

/// Why no more events come: the text says what broke; `None`: whoever sent them ended the stream.
pub(super) type Ended = Option<String>;

/// The events of one stream; keeps no more than one of them and the part that it is in.
pub(super) struct Frames {
    bytes: BoxStream<'static, Result<Bytes, String>>,
    buffer: BytesMut,
    /// There is no end of an event before.
    searched: usize,
}

impl Frames {
    pub(super) fn new(bytes: BoxStream<'static, Result<Bytes, String>>) -> Self {
        Self { bytes, buffer: BytesMut::new(), searched: 0 }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Ended>> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.buffer[self.searched..], b"\n\n") {
                let text = self.buffer.split_to(self.searched + at).freeze();
                self.buffer.advance(2);
                self.searched = 0;
                return Poll::Ready(read(&text).ok_or_else(|| Some("it sent what can't be read".to_owned())));
            }
            self.searched = self.buffer.len().saturating_sub(1);
            match ready!(self.bytes.poll_next_unpin(cx)) {
                Some(Ok(part)) => self.buffer.extend_from_slice(&part),
                Some(Err(error)) => return Poll::Ready(Err(Some(error))),
                None => return Poll::Ready(Err(None)),
            }
        }
    }
}

/// `None`: no event of this release.
fn read(text: &Bytes) -> Option<Frame> {
    let mut frame = Frame { kind: Kind::Life, id: None, data: Bytes::new() };
    for line in text.split(|&byte| byte == b'\n') {
        if let Some(name) = line.strip_prefix(b"event: ") {
            frame.kind = Kind::of(name)?;
        } else if let Some(id) = line.strip_prefix(b"id: ") {
            frame.id = Some(str::from_utf8(id).ok()?.parse().ok()?);
        } else if let Some(data) = line.strip_prefix(b"data: ") {
            frame.data = text.slice_ref(data);
        } else if line.first() != Some(&b':') {
            return None;
        }
    }
    Some(frame)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::super::sse;
    use super::*;

    fn all(parts: Vec<Result<Bytes, String>>) -> (Vec<Frame>, Ended) {
        let mut frames = Frames::new(futures_util::stream::iter(parts).boxed());
        let mut read = Vec::new();
        loop {
            let next = std::future::poll_fn(|cx| frames.poll_next(cx)).now_or_never().expect("all is there");
            match next {
                Ok(frame) => read.push(frame),
                Err(ended) => return (read, ended),
            }
        }
    }

    /// What is written is read, however it was cut on its way.
    #[test]
    fn events_are_read_back() {
        let id: EventId = "w1.00ab.1700000000000.3-0".parse().expect("an id");
        let mut text = Vec::new();
        sse::heartbeat(None, &mut text);
        sse::heartbeat(Some(&id), &mut text);
        sse::event("put", Some(&id), &mut text, |out| out.extend_from_slice(b"{\"key\":\"data: \"}"));
        sse::snapshot_end(None, &mut text);
        sse::reset("why", &mut text);
        let frame = |kind, id: Option<&EventId>, data: &'static str| Frame {
            kind,
            id: id.cloned(),
            data: Bytes::from_static(data.as_bytes()),
        };
        let expected = [
            frame(Kind::Life, None, ""),
            frame(Kind::Life, Some(&id), ""),
            frame(Kind::Put, Some(&id), "{\"key\":\"data: \"}"),
            frame(Kind::SnapshotEnd, None, "{}"),
            frame(Kind::Reset, None, "{\"reason\":\"why\"}"),
        ];
        for size in [1, 2, 3, 7, 50, text.len()] {
            let parts = text.chunks(size).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
            let (read, ended) = all(parts);
            assert_eq!((&read[..], ended), (&expected[..], None), "in parts of {size}");
        }
        // What was cut off is no event.
        let cut = Bytes::copy_from_slice(&text[..text.len() - 1]);
        let (read, ended) = all(vec![Ok(cut), Err("it broke".to_owned())]);
        assert_eq!((read.len(), ended.as_deref()), (expected.len() - 1, Some("it broke")));
        assert!(all(vec![Ok(Bytes::from_static(b"event: other\ndata: \n\n"))]).1.is_some());
    }
}
