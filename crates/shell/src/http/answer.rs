//! Answers that come piece by piece, perhaps for ever.
use std::io::Read as _;

use lentic_ksql_api::{Event, ResultFormat, ResultReader};
use ureq::{Body, BodyReader};

use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// So much is read at once, in bytes.
const PIECE: usize = 1 << 16;
/// No line of a PRINT is longer, in bytes.
const MAX_LINE: usize = 64 << 20;

/// The rows of a query. Dropping it closes the connection, and with it the query.
pub(crate) struct Answer {
    body: Pieces,
    reader: ResultReader,
    is_over: bool,
}

impl Answer {
    pub(super) fn new(body: Body, format: ResultFormat, interrupt: Interrupt) -> Self {
        Self { body: Pieces::new(body, interrupt), reader: ResultReader::new(format), is_over: false }
    }

    /// A message that has come already.
    pub(crate) fn ready(&mut self) -> Result<Option<Event>, Failure> {
        Ok(match self.reader.next_event()? {
            None if self.is_over => self.reader.finish()?,
            event => event,
        })
    }

    /// Waits for more. False means that there is no more, and what is left is [`Answer::ready`].
    pub(crate) fn wait(&mut self) -> Result<bool, Failure> {
        if self.is_over {
            return Ok(false);
        }
        let piece = self.body.next()?;
        self.is_over = piece.is_empty();
        self.reader.push(piece);
        Ok(true)
    }
}

/// The lines of a PRINT.
pub(crate) struct Lines {
    body: Pieces,
    rest: Vec<u8>,
}

impl Lines {
    pub(super) fn new(body: Body, interrupt: Interrupt) -> Self {
        Self { body: Pieces::new(body, interrupt), rest: Vec::new() }
    }

    /// The lines that have come next; none at the end.
    pub(crate) fn wait(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let piece = self.body.next()?;
        if piece.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Ok((!rest.is_empty()).then(|| vec![String::from_utf8_lossy(&rest).into_owned()]));
        }
        self.rest.extend_from_slice(piece);
        if self.rest.len() > MAX_LINE {
            return Err(Failure::Unreadable("the server sent a record of more than 64 MiB".to_owned()));
        }
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole: Vec<u8> = self.rest.drain(..end).collect();
        let lines = String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect();
        Ok(Some(lines))
    }
}

/// A body in pieces.
struct Pieces {
    body: BodyReader<'static>,
    piece: Box<[u8]>,
    interrupt: Interrupt,
}

impl Pieces {
    fn new(body: Body, interrupt: Interrupt) -> Self {
        let body = body.into_with_config().limit(u64::MAX).reader();
        Self { body, piece: vec![0; PIECE].into(), interrupt }
    }

    /// The next piece; an empty one is the end.
    fn next(&mut self) -> Result<&[u8], Failure> {
        match self.body.read(&mut self.piece) {
            Ok(length) => Ok(&self.piece[..length]),
            Err(error) => Err(match self.interrupt.reason() {
                Some(reason) => Failure::Ended(reason),
                None => Failure::Unreadable(format!("the answer broke off: {error}")),
            }),
        }
    }
}
