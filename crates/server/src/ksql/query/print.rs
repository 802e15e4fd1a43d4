//! `PRINT`: the records of a topic as text.
mod line;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lentic::Node;
use lentic::log::{Polled, ReadFrom, Reader, ReaderOptions};
use lentic::types::{PartitionId, TopicName, TopicPartition};
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql_syntax::ast::Print;
use lentic_sql_syntax::nearest;

use super::Outlet;
use line::Guess;

/// How long the log is waited for at a time.
const POLL: Duration = Duration::from_millis(200);

/// A topic that is being printed; dropping it ends that.
pub(crate) struct Printing(Arc<AtomicBool>);

impl Drop for Printing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Begins to print. `tells_formats`: the lines begin with what keys and values seem to be. Blocks until it has begun.
pub(crate) fn start(
    node: &Node,
    print: &Print,
    tells_formats: bool,
    outlet: Outlet,
) -> Result<Printing, ErrorBody> {
    let refused = |message: String| ErrorBody::new(ErrorCode::BAD_STATEMENT, message);
    let failed = |error: lentic::log::Error| ErrorBody::new(ErrorCode::SERVER_ERROR, error.to_string());
    let missing = || {
        let names = node.topics().names().unwrap_or_default();
        let near = nearest(&print.topic, names.iter().map(TopicName::as_str));
        let near = near.map(|near| format!("\nDid you mean '{near}'?")).unwrap_or_default();
        refused(format!(
            "Could not find topic '{}', or the KSQL user does not have permissions to list the topic. Topic names are \
             case-sensitive.{near}",
            print.topic
        ))
    };
    let name = TopicName::new(&print.topic).map_err(|_| missing())?;
    let topic = node.topics().describe(&name).map_err(failed)?.ok_or_else(missing)?;
    let bounds = node.topics().bounds(&name).map_err(failed)?;
    let mut reader = node.log().reader(ReaderOptions::default()).map_err(failed)?;
    for (id, bounds) in (0..topic.partitions).zip(bounds) {
        let from = if print.from_beginning { ReadFrom::Start } else { ReadFrom::Offset(bounds.end) };
        reader.assign(&TopicPartition::new(name.clone(), PartitionId(id)), from).map_err(failed)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let printing = Printing(Arc::clone(&stop));
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let mut printer = Printer {
        reader,
        outlet,
        stop,
        every: count(print.interval).unwrap_or(1).max(1),
        left: count(print.limit),
        seen: 0,
        guess: tells_formats.then(Guess::default),
    };
    let thread = std::thread::Builder::new().name("lentic-print".to_owned());
    let spawned = thread.spawn(move || printer.run());
    spawned
        .map_err(|error| ErrorBody::new(ErrorCode::SERVER_ERROR, format!("starting a thread: {error}")))?;
    Ok(printing)
}

/// Reads, and sends lines.
struct Printer {
    reader: Box<dyn Reader>,
    outlet: Outlet,
    stop: Arc<AtomicBool>,
    /// Of so many records one is shown.
    every: u64,
    left: Option<u64>,
    seen: u64,
    guess: Option<Guess>,
}

impl Printer {
    fn run(&mut self) {
        let mut polled = Vec::new();
        while self.left != Some(0) && !self.stop.load(Ordering::Acquire) && !self.outlet.is_closed() {
            if let Err(error) = self.reader.poll(POLL, &mut polled) {
                self.outlet.send(format!("{error}\n"));
                return;
            }
            let mut lines = String::new();
            for polled in polled.drain(..) {
                match polled {
                    Polled::Records { partition, batch, .. } => {
                        for record in batch.iter() {
                            self.take(&record, partition.partition, &mut lines);
                        }
                    }
                    Polled::Failed { error, .. } => lines.extend([error.to_string().as_str(), "\n"]),
                    Polled::End { .. } | Polled::OutOfRange { .. } => {}
                }
            }
            if !lines.is_empty() && !self.outlet.send(lines) {
                return;
            }
        }
    }

    fn take(&mut self, record: &lentic::types::RecordView<'_>, partition: PartitionId, lines: &mut String) {
        if self.left == Some(0) {
            return;
        }
        if let Some(guess) = &mut self.guess {
            guess.tell(record.key, record.value, lines);
        }
        if self.seen.is_multiple_of(self.every) {
            line::append(record, partition, lines);
            self.left = self.left.map(|left| left - 1);
        }
        self.seen += 1;
    }
}
