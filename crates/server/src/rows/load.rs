//! `rows:load`: lines streamed in, with a bounded window of writes that the log has not acknowledged yet.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use lentic::types::PartitionId;
use lentic::{Write, WriteError, Written, log};
use tokio::sync::Notify;

use super::element::Element;
use super::write::{Ack, refuse_conditions, refuse_read_demands, unknown, written_rows};
use crate::api;
use crate::call::{Call, from_json};
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::freshness::writable;
use crate::http::{Deadline, Response};
use crate::peers::Gather;
use crate::state::State;

/// Writes that may be on their way at the same time.
const WINDOW_RECORDS: usize = 64 * 1024;
const WINDOW_BYTES: usize = 8 * 1024 * 1024;
/// Refused lines that are reported one by one.
const REPORTED_LINES: usize = 1_000;
/// Pause before a write is tried again that the log's full queue refused.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);

/// Puts and deletes, one JSON object per line.
///
/// The body is streamed: it may be of any length. The first bad line ends the load with 422 and the number of writes
/// before it; with on-error=skip bad lines are reported and the load goes on. Writes are not taken back. Lines of one
/// key are written in their order. The request's time starts anew with each part of the body, unless Lentic-Timeout
/// names one for the whole.
#[utoipa::path(post, path = "/v1/tables/{table}/rows:load", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("on-error" = Option<String>, Query, description = "stop (default) or skip"),
        ("ack" = Option<String>, Query, description = "applied (default) or log"),
    ),
    request_body(content = api::WriteRow, description = "A line each", content_type = "application/x-ndjson"),
    responses((status = 200, description = "Loaded", body = api::Loaded)))]
pub(crate) async fn load(mut call: Call) -> Result<Response> {
    let query = call.query(&["on-error", "ack"])?;
    refuse_read_demands(&call)?;
    refuse_conditions(&call)?;
    let skip = query.choice("on-error", &[("stop", false), ("skip", true)])?;
    let ack = Ack::of(&query)?;
    let entry = call.table()?;
    writable(&entry.table, call.deadline).await?;
    let mut load = Load {
        state: Arc::clone(&call.state),
        window: Arc::new(Window::default()),
        max_line: call.state.config().max_line_bytes,
        deadline: call.deadline,
        gather: call.gather(),
        entry,
        skip,
        line: 0,
        skipped: 0,
        errors: Vec::new(),
    };
    let body = call.stream();
    let outcome = load.take(body).await;
    let settled = load.window.settle(call.deadline).await;
    // What nobody knows of the writes before it weighs more than a bad line.
    load.answer(settled.and(outcome), ack).await
}

struct Load {
    state: Arc<State>,
    entry: Arc<Entry>,
    window: Arc<Window>,
    max_line: usize,
    deadline: Deadline,
    gather: Gather,
    skip: bool,
    /// The number of the last line, from 1.
    line: u64,
    skipped: u64,
    errors: Vec<api::BadLine>,
}

impl Load {
    /// Takes all lines; an error ends the load.
    async fn take(&mut self, mut body: axum::body::Body) -> Result<()> {
        let mut buffer = BytesMut::new();
        // What of the buffer is known to hold no line feed.
        let mut searched = 0;
        // The line was refused for its length: what is left of it is passed over.
        let mut passing = false;
        while let Some(frame) = self.deadline.step().run(body.frame()).await? {
            let frame = frame
                .map_err(|error| Error::new(Code::BadRequest, format!("the body broke off: {error}")))?;
            let Ok(data) = frame.into_data() else { continue };
            buffer.extend_from_slice(&data);
            while let Some(end) = memchr::memchr(b'\n', &buffer[searched..]) {
                let line = buffer.split_to(searched + end);
                buffer.advance(1);
                searched = 0;
                if !std::mem::take(&mut passing) {
                    self.line(line.freeze()).await?;
                }
            }
            if !passing && buffer.len() > self.max_line {
                self.line += 1;
                self.refuse(&self.too_long())?;
                passing = true;
            }
            if passing {
                buffer.clear();
            }
            searched = buffer.len();
        }
        if !buffer.is_empty() {
            self.line(buffer.freeze()).await?;
        }
        Ok(())
    }

    async fn line(&mut self, line: Bytes) -> Result<()> {
        self.line += 1;
        if line.len() > self.max_line {
            return self.refuse(&self.too_long());
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            return Ok(());
        }
        match self.read(text) {
            Ok(write) => self.submit(write).await,
            Err(error) if is_the_lines(error.code()) => self.refuse(&error),
            Err(error) => Err(error),
        }
    }

    /// A bad line ends the load, or is reported.
    fn refuse(&mut self, error: &Error) -> Result<()> {
        let line = self.line;
        if !self.skip {
            return Err(Error::new(Code::BadLine, format!("line {line}: {error}")).field("line", line));
        }
        self.skipped += 1;
        if self.errors.len() < REPORTED_LINES {
            let (code, message) = (error.code().as_str().to_owned(), error.message().to_owned());
            self.errors.push(api::BadLine { line, code, message });
        }
        Ok(())
    }

    fn read(&mut self, text: &[u8]) -> Result<Write> {
        if self.entry.table.is_closed()
            && let Some(now) = self.state.catalog.get(self.entry.name.as_str())
        {
            // Partitions were added.
            self.entry = now;
        }
        let write = from_json::<Element<'_>>(text)?.write(self.entry.key, self.entry.value)?;
        self.entry.table.check_write(&write.key, write.value.as_ref().map(Bytes::len))?;
        Ok(write)
    }

    fn too_long(&self) -> Error {
        Error::new(Code::TooLarge, format!("the line is above max_line_bytes = {}", self.max_line))
    }

    /// Hands a write to the log once the window has room. One that a full queue refused is tried again before the
    /// next one goes, so that writes of one key keep their order.
    async fn submit(&self, write: Write) -> Result<()> {
        let bytes = write.key.len() + write.value.as_ref().map_or(0, Bytes::len);
        let deadline = self.deadline.step();
        loop {
            self.window.enter(bytes, deadline).await?;
            let (window, line) = (Arc::clone(&self.window), self.line);
            let done = move |result| window.leave(line, bytes, result);
            self.entry.table.write(write.clone(), Box::new(done));
            if !self.window.lock().take_refusal(self.line) {
                return Ok(());
            }
            if deadline.is_over() {
                return Err(log::Error::QueueFull.into());
            }
            tokio::time::sleep(QUEUE_PAUSE).await;
        }
    }

    async fn answer(self, outcome: Result<()>, ack: Ack) -> Result<Response> {
        let (written, last) = {
            let tally = self.window.lock();
            (tally.written, tally.last.values().cloned().collect::<Vec<_>>())
        };
        self.entry.counters.count_writes(written);
        let positions: Vec<_> = last.iter().map(|written| written.token.to_string()).collect();
        let deadline = self.deadline.step();
        // A bad line says nothing against those before it: plain reads see them, as they do of a load that ends well.
        let waits = outcome.as_ref().map_or_else(|error| error.code() == Code::BadLine, |()| true);
        let mut all_applied = waits && ack == Ack::Applied;
        for written in &last {
            all_applied = all_applied && self.gather.is_applied(&self.entry, written, deadline).await;
        }
        if let Err(error) = outcome {
            return Err(error.field("written", written).field("positions", positions));
        }
        let (skipped, errors) = (self.skipped, self.errors);
        let answer = api::Loaded { written, skipped, errors, positions, applied: all_applied };
        written_rows(&answer, &answer.positions, answer.applied)
    }
}

/// Whether an error is the line's own fault, so that the next line may fare better.
fn is_the_lines(code: Code) -> bool {
    matches!(code, Code::BadRequest | Code::BadKey | Code::BadValue | Code::TooLarge)
}

/// The writes on their way.
#[derive(Default)]
struct Window {
    tally: Mutex<Tally>,
    changed: Notify,
}

#[derive(Default)]
struct Tally {
    records: usize,
    bytes: usize,
    written: u64,
    /// The last write of each partition.
    last: BTreeMap<PartitionId, Written>,
    /// The line whose write a full queue refused, until its sender takes note.
    refused: Option<u64>,
    /// The first write that failed: (line, why).
    failure: Option<(u64, WriteError)>,
}

impl Tally {
    fn take_refusal(&mut self, line: u64) -> bool {
        self.refused.take_if(|refused| *refused == line).is_some()
    }

    /// A write that failed, or was refused after its sender had gone on.
    fn failure(&mut self) -> Option<Error> {
        let late = self.refused.map(|line| (line, WriteError::Log(log::Error::QueueFull)));
        let (line, error) = self.failure.clone().or(late)?;
        Some(Error::from(error).field("line", line))
    }
}

impl Window {
    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room, or for the news that a write failed.
    async fn enter(&self, bytes: usize, deadline: Deadline) -> Result<()> {
        loop {
            let changed = self.changed.notified();
            {
                let mut tally = self.lock();
                if let Some(error) = tally.failure() {
                    return Err(error);
                }
                // A write above the whole window goes alone.
                if tally.records == 0
                    || (tally.records < WINDOW_RECORDS && tally.bytes + bytes <= WINDOW_BYTES)
                {
                    tally.records += 1;
                    tally.bytes += bytes;
                    return Ok(());
                }
            }
            deadline
                .run(changed)
                .await
                .map_err(|_| unknown("the log did not acknowledge the writes in time"))?;
        }
    }

    fn leave(&self, line: u64, bytes: usize, result: Result<Written, WriteError>) {
        let mut tally = self.lock();
        tally.records -= 1;
        tally.bytes -= bytes;
        match result {
            Ok(written) => {
                tally.written += 1;
                let later =
                    tally.last.get(&written.partition).is_none_or(|last| last.offset < written.offset);
                if later {
                    tally.last.insert(written.partition, written);
                }
            }
            Err(WriteError::Log(log::Error::QueueFull)) => tally.refused = Some(line),
            Err(error) => {
                tally.failure.get_or_insert((line, error));
            }
        }
        // Nobody waits for single places of a window that is nearly full.
        let wake =
            tally.records == 0 || tally.records == WINDOW_RECORDS / 2 || tally.bytes < WINDOW_BYTES / 2;
        drop(tally);
        if wake {
            self.changed.notify_one();
        }
    }

    /// Waits until nothing is on its way.
    async fn settle(&self, deadline: Deadline) -> Result<()> {
        let deadline = deadline.step();
        loop {
            let changed = self.changed.notified();
            {
                let mut tally = self.lock();
                if tally.records == 0 {
                    return tally.failure().map_or(Ok(()), Err);
                }
            }
            deadline
                .run(changed)
                .await
                .map_err(|_| unknown("the log did not acknowledge the last writes in time"))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use lentic::types::{Offset, Timestamp, Token, TopicId, TopicName};

    use super::*;

    fn written(partition: u32, offset: u64) -> Written {
        let (partition, offset) = (PartitionId(partition), Offset(offset));
        let token = Token::new(TopicName::new("t").unwrap(), partition, offset, TopicId::default());
        Written { partition, offset, timestamp: Timestamp(0), token, elsewhere: Vec::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_is_bounded() {
        let window = Window::default();
        let deadline = || Deadline::after(Duration::from_secs(1), true);
        window.enter(WINDOW_BYTES * 2, deadline()).await.unwrap();
        let full = window.enter(1, deadline()).await.unwrap_err();
        assert_eq!(full.code(), Code::WriteOutcomeUnknown);
        window.leave(1, WINDOW_BYTES * 2, Ok(written(0, 7)));
        window.enter(1, deadline()).await.unwrap();
        window.leave(2, 1, Ok(written(0, 5)));
        window.settle(deadline()).await.unwrap();
        let tally = window.lock();
        assert_eq!((tally.written, tally.last[&PartitionId(0)].offset), (2, Offset(7)));
    }

    #[tokio::test]
    async fn failures_end_the_load() {
        let window = Window::default();
        let deadline = || Deadline::after(Duration::from_secs(1), true);
        window.enter(1, deadline()).await.unwrap();
        window.leave(3, 1, Err(WriteError::Log(log::Error::QueueFull)));
        assert!(window.lock().take_refusal(3));
        window.enter(1, deadline()).await.unwrap();
        window.leave(4, 1, Err(WriteError::ReadOnly));
        assert_eq!(window.enter(1, deadline()).await.unwrap_err().code(), Code::ReadOnly);
        assert_eq!(window.settle(deadline()).await.unwrap_err().code(), Code::ReadOnly);
    }
}
