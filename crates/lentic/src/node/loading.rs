//! The threads that load partitions in bulk, each with a reader of its own.
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use lentic_engine::Event;
use lentic_engine::load::{Load, Loaded, Loader};
use lentic_engine::log::{self, Polled, Reader, ReaderOptions};
use lentic_store::layout::PositionRecord;

use super::{Shared, now, pause, vital_thread};
use crate::NodeError;
use crate::seed::{self, Taken};

/// How often progress is logged.
const REPORT: Duration = Duration::from_secs(5);

/// Bytes of records in one poll while loading.
const BATCH_BYTES: usize = 1 << 20;

pub(crate) fn spawn(
    shared: &Arc<Shared>,
    number: usize,
    queue: Receiver<Box<Load>>,
) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, &format!("loader-{number}"), move |shared| {
        let mut reader = None;
        loop {
            if shared.inbox.stopped() {
                return;
            }
            match queue.recv_timeout(Duration::from_millis(100)) {
                Ok(load) => run(shared, *load, &mut reader),
                // A reader keeps connections and buffers: not longer than there is something to load.
                Err(RecvTimeoutError::Timeout) => reader = None,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

fn run(shared: &Shared, load: Load, reader: &mut Option<Box<dyn Reader>>) {
    let copy = Box::new(load.clone());
    match attempt(shared, load, reader) {
        Ok(Some(Built::FromLog(loaded))) => shared.inbox.event(Event::Loaded(copy, loaded)),
        Ok(Some(Built::FromNode(position))) => shared.inbox.event(Event::Seeded(copy, position)),
        Ok(None) => {}
        Err(Failure::Store(error)) => shared.fail(error.to_string()),
        Err(Failure::Node(text)) => {
            tracing::warn!(task = %copy.task, "another node's rows can't be had, the log is read: {text}");
            shared.inbox.event(Event::LoadFailed(copy, text));
        }
        Err(Failure::Log(text)) => {
            tracing::warn!(task = %copy.task, "loading failed, it is tried again: {text}");
            *reader = None;
            pause(Duration::from_millis(500));
            shared.inbox.event(Event::LoadFailed(copy, text));
        }
    }
}

/// What a load came to.
enum Built {
    FromLog(Loaded),
    FromNode(PositionRecord),
}

enum Failure {
    Store(lentic_store::Error),
    Log(String),
    Node(String),
}

impl From<lentic_store::Error> for Failure {
    fn from(error: lentic_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Takes the rows from a node that has them, else reads from the load's start to the first end of the log. `None`: the node stops or the table is gone.
fn attempt(
    shared: &Shared,
    load: Load,
    reader: &mut Option<Box<dyn Reader>>,
) -> Result<Option<Built>, Failure> {
    // It may have been dropped, and declared anew, while the load waited.
    let table = shared.table_of(&load.task).filter(|table| table.inner.store_id == load.store_id);
    let Some(table) = table else { return Ok(None) };
    let Some(partition) = table.partition(load.task.partition) else { return Ok(None) };
    if load.seedable {
        match seed::take(shared, &table, &partition, &load)? {
            Taken::Whole(position) => return Ok(Some(Built::FromNode(position))),
            Taken::Nobody => {}
            Taken::Broken(text) => return Err(Failure::Node(text)),
            Taken::Stopped => return Ok(None),
        }
    }
    let log_failure = |error: log::Error| Failure::Log(error.to_string());
    let reader = match reader {
        Some(reader) => reader,
        None => {
            let options = ReaderOptions { bulk: true, headers: false, batch_bytes: BATCH_BYTES };
            reader.insert(shared.log.reader(options).map_err(log_failure)?)
        }
    };
    let (task, source, until) = (load.task.clone(), load.source.clone(), load.until.0);
    let budget = shared.config.restore_buffer_bytes / shared.config.restore_thread_count().max(1);
    reader.assign(&source, load.from).map_err(log_failure)?;
    let mut loader = Loader::new(load, budget, now());
    let began = Instant::now();
    let (mut report_at, mut polled, mut complained) = (began + REPORT, Vec::new(), false);
    let is_current = || {
        let now = table.partition(task.partition);
        !table.is_closed() && now.is_some_and(|now| Arc::ptr_eq(&now, &partition))
    };
    let loaded = loop {
        // One that has left, and may have come back as another one, is not to be written any more.
        if shared.inbox.stopped() || !is_current() {
            reader.unassign(&source).map_err(log_failure)?;
            return Ok(None);
        }
        reader.poll(Duration::from_millis(100), &mut polled).map_err(log_failure)?;
        let mut end = None;
        for found in polled.drain(..) {
            match found {
                Polled::Records { batch, epoch, .. } => {
                    complained = false;
                    loader.push(batch, epoch)?;
                }
                Polled::End { offset, .. } => end = Some(offset),
                Polled::OutOfRange { .. } => {
                    return Err(Failure::Log("the log moved on meanwhile".to_owned()));
                }
                Polled::Failed {
                    error: error @ (log::Error::NoSuchTopic(_) | log::Error::Refused(_) | log::Error::Closed),
                    ..
                } => return Err(log_failure(error)),
                // The reader goes on by itself: what was read so far need not be read again.
                Polled::Failed { error, .. } => {
                    if std::mem::replace(&mut complained, true) {
                        tracing::debug!(%task, "loading is held up: {error}");
                    } else {
                        tracing::warn!(%task, "loading is held up: {error}");
                    }
                }
            }
        }
        partition.set_loading(loader.position().0, until);
        if Instant::now() >= report_at {
            report_at += REPORT;
            let done = 100.0 * loader.position().0 as f64 / until.max(1) as f64;
            tracing::info!(%task, records = loader.records(), "restoring, {done:.0} %");
        }
        if let Some(end) = end {
            break loader.finish(end)?;
        }
    };
    reader.unassign(&source).map_err(log_failure)?;
    let seconds = began.elapsed().as_secs_f64();
    tracing::info!(%task, records = loaded.records, seconds, "restored");
    Ok(Some(Built::FromLog(loaded)))
}
