//! Elements of a JSON array that comes in pieces, and lines.
use crate::media::ResultFormat;

/// No message of a stream is longer, in bytes.
const MAX_ELEMENT: usize = 64 << 20;

/// Cuts a stream into its messages.
#[derive(Debug)]
pub(super) struct Elements {
    in_lines: bool,
    bytes: Vec<u8>,
    /// Where the next message begins.
    start: usize,
    /// What was looked at.
    seen: usize,
    depth: u32,
    in_text: bool,
    is_escaped: bool,
}

/// A message is longer than any may be.
#[derive(Debug)]
pub(super) struct TooLong;

impl Elements {
    pub(super) fn new(format: ResultFormat) -> Self {
        Self {
            in_lines: format == ResultFormat::Delimited,
            bytes: Vec::new(),
            start: 0,
            seen: 0,
            depth: 0,
            in_text: false,
            is_escaped: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        // Messages that were taken make room once they are most of what is held.
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.seen -= self.start;
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, if it is there.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let end = if self.in_lines { self.line() } else { self.element() };
        match end {
            Some((start, end)) => Ok(Some(&self.bytes[start..end])),
            None if self.bytes.len() - self.start > MAX_ELEMENT => Err(TooLong),
            None => Ok(None),
        }
    }

    /// What is left after the last message, when the stream ended: a line without its end.
    pub(super) fn rest(&mut self) -> &[u8] {
        let start = std::mem::replace(&mut self.start, self.bytes.len());
        self.seen = self.bytes.len();
        self.bytes[start..].trim_ascii()
    }

    fn line(&mut self) -> Option<(usize, usize)> {
        while let Some(length) = self.bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
            let (start, end) = (self.start, self.seen + length);
            self.seen = end + 1;
            self.start = self.seen;
            // Empty lines keep a connection alive.
            if !self.bytes[start..end].trim_ascii().is_empty() {
                return Some((start, end));
            }
        }
        self.seen = self.bytes.len();
        None
    }

    fn element(&mut self) -> Option<(usize, usize)> {
        while let Some(byte) = self.bytes.get(self.seen) {
            self.seen += 1;
            if self.in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'[' | b'{' => {
                    self.depth += 1;
                    if self.depth == 1 {
                        self.start = self.seen;
                    }
                }
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 1 {
                        let start = std::mem::replace(&mut self.start, self.seen);
                        return Some((start, self.seen));
                    }
                    if self.depth == 0 {
                        self.start = self.seen;
                    }
                }
                // Between messages.
                b',' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 1 => self.start = self.seen,
                _ => {}
            }
        }
        None
    }
}
