//! A transaction: it holds the append locks of its partitions, so that the offsets it was told are still right when
//! its records are written.
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use lentic_engine::log::{Ack, Error, Result, Transaction};
use lentic_types::{Offset, OutgoingRecord, Timestamp};

use crate::partition::Partition;
use crate::queue::{Command, Commit, LockRequest, Size};
use crate::shared::{self, Shared};

pub(crate) struct LocalTransaction {
    shared: Arc<Shared>,
    id: u64,
    /// By topic and partition number: the order in which locks are taken.
    lanes: BTreeMap<(u32, u32), Held>,
    size: Size,
    /// A record was refused: only aborting is left.
    failed: Option<Error>,
    /// Locks may be held.
    begun: bool,
}

struct Held {
    partition: Arc<Partition>,
    next: u64,
    records: Vec<OutgoingRecord>,
}

impl LocalTransaction {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let id = shared.last_transaction.fetch_add(1, Ordering::Relaxed) + 1;
        Self { shared, id, lanes: BTreeMap::new(), size: Size::default(), failed: None, begun: false }
    }

    /// Takes the locks that are still missing.
    fn hold(&mut self, partitions: BTreeMap<(u32, u32), Arc<Partition>>, timeout: Duration) -> Result<()> {
        let missing: Vec<_> =
            partitions.into_iter().filter(|(number, _)| !self.lanes.contains_key(number)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.begun = true;
        let cancelled = Arc::new(AtomicBool::new(false));
        let rest: VecDeque<_> = missing.iter().map(|(_, partition)| Arc::clone(partition)).collect();
        let (transaction, granted) = (self.id, Vec::with_capacity(rest.len()));
        let request = |reply| {
            let cancelled = Arc::clone(&cancelled);
            Command::Lock(LockRequest { transaction, rest, granted, cancelled, reply })
        };
        let answer = self.ask(request, timeout);
        let granted = match answer {
            Ok(Some(granted)) => granted,
            Ok(None) => {
                cancelled.store(true, Ordering::Release);
                return Err(Error::Unavailable(format!(
                    "another transaction held a partition for more than {timeout:?}"
                )));
            }
            Err(error) => return Err(error),
        };
        for ((number, partition), next) in missing.into_iter().zip(granted) {
            self.lanes.insert(number, Held { partition, next, records: Vec::new() });
        }
        Ok(())
    }

    /// Sends a command and waits for its reply; `None` if that takes longer than `timeout`.
    fn ask<T>(
        &self,
        command: impl FnOnce(SyncSender<Result<T>>) -> Command,
        timeout: Duration,
    ) -> Result<Option<T>> {
        let (reply, answer) = sync_channel(1);
        self.shared.queue.send(command(reply))?;
        match answer.recv_timeout(timeout) {
            Ok(result) => result.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Error::Unknown("the log stopped before it answered".to_owned()))
            }
        }
    }

    fn stage(&mut self, records: Vec<OutgoingRecord>, timeout: Duration) -> Result<Vec<Ack>> {
        let mut numbers = Vec::with_capacity(records.len());
        let mut partitions = BTreeMap::new();
        let mut size = Size::default();
        for record in &records {
            let partition = self.shared.partition(&record.topic, record.partition)?;
            size.add(Size::record(partition.admit(record)?));
            let number = (partition.topic, partition.number());
            numbers.push(number);
            partitions.insert(number, partition);
        }
        self.shared.queue.admit(size)?;
        self.size.add(size);
        self.hold(partitions, timeout)?;
        let now = shared::now();
        let mut acks = Vec::with_capacity(records.len());
        for (number, mut record) in numbers.into_iter().zip(records) {
            let held = self.lanes.get_mut(&number).expect("every partition of these records is held now");
            if record.timestamp == Timestamp::NONE {
                record.timestamp = now;
            }
            acks.push(Ack { offset: Offset(held.next), timestamp: record.timestamp });
            held.next += 1;
            held.records.push(record);
        }
        Ok(acks)
    }

    fn give_up(&mut self) {
        if self.begun {
            self.begun = false;
            // Refused only if the writer, which holds the locks, has gone.
            self.shared.queue.send(Command::Abort(self.id)).ok();
        }
        self.shared.queue.release(std::mem::take(&mut self.size));
    }
}

impl Transaction for LocalTransaction {
    fn produce(&mut self, record: OutgoingRecord, timeout: Duration) -> Result<Ack> {
        let acks = self.produce_all(vec![record], timeout)?;
        acks.first().copied().ok_or_else(|| Error::Unknown("no offset was given".to_owned()))
    }

    fn produce_all(&mut self, records: Vec<OutgoingRecord>, timeout: Duration) -> Result<Vec<Ack>> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let produced = self.stage(records, timeout);
        if let Err(error) = &produced {
            self.failed = Some(not_committed(error.clone()));
            self.give_up();
        }
        produced
    }

    fn commit(mut self: Box<Self>, timeout: Duration) -> Result<()> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        if !self.begun {
            return Ok(());
        }
        let lanes = std::mem::take(&mut self.lanes).into_values();
        let records = lanes.map(|held| (held.partition, held.records)).collect();
        let (transaction, size) = (self.id, std::mem::take(&mut self.size));
        self.begun = false;
        let committed =
            self.ask(|reply| Command::Commit(Commit { transaction, records, size, reply }), timeout);
        committed?.ok_or_else(|| Error::Unknown(format!("the commit took longer than {timeout:?}")))
    }

    fn abort(mut self: Box<Self>, _timeout: Duration) -> Result<()> {
        self.give_up();
        Ok(())
    }
}

impl Drop for LocalTransaction {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// What a commit says of a transaction that had failed before: nothing of it was written.
fn not_committed(error: Error) -> Error {
    match error {
        Error::Unknown(text) => Error::Unavailable(text),
        error => error,
    }
}
