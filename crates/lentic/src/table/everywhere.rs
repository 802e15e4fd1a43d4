//! A write that is a record in several partitions: a delete of a key that reads look for everywhere. A record in one
//! partition would only uncover an older row in another.
use std::sync::{Arc, Mutex, PoisonError};

use lentic_engine::log;
use lentic_types::{OutgoingRecord, PartitionId};

use super::{RawTable, Written};
use crate::WriteError;

/// The records of one write.
pub(super) struct Records {
    /// In the partition that the table's rule names.
    pub(super) home: OutgoingRecord,
    /// In the others; empty but for such a delete.
    pub(super) elsewhere: Vec<OutgoingRecord>,
}

type Done = Box<dyn FnOnce(Result<Written, WriteError>) + Send>;

/// What became of the records so far.
struct Gathered {
    acks: Vec<(PartitionId, log::Result<log::Ack>)>,
    done: Option<Done>,
}

impl RawTable {
    /// Adds the deletes elsewhere to the record of a write.
    pub(super) fn everywhere(&self, home: OutgoingRecord) -> Records {
        let is_delete = home.value.is_none();
        let key = home.key.as_deref().unwrap_or_default();
        if !is_delete || self.partition_of(key).is_some() {
            return Records { home, elsewhere: Vec::new() };
        }
        let others = (0..self.partitions()).map(PartitionId).filter(|&other| other != home.partition);
        let elsewhere = others.map(|partition| OutgoingRecord { partition, ..home.clone() }).collect();
        Records { home, elsewhere }
    }

    /// Appends all records; `done` is called when each has an outcome.
    pub(super) fn append_everywhere(&self, records: Records, done: Done) {
        let home = records.home.partition;
        let total = 1 + records.elsewhere.len();
        let gathered = Arc::new(Mutex::new(Gathered { acks: Vec::with_capacity(total), done: Some(done) }));
        for record in records.elsewhere.into_iter().chain([records.home]) {
            let (table, gathered, partition) = (self.clone(), Arc::clone(&gathered), record.partition);
            let acked = move |ack| {
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                gathered.acks.push((partition, ack));
                if gathered.acks.len() < total {
                    return;
                }
                let (acks, done) = (std::mem::take(&mut gathered.acks), gathered.done.take());
                drop(gathered);
                if let Some(done) = done {
                    done(table.written_everywhere(home, acks));
                }
            };
            self.inner.around.log.append(record, Box::new(acked));
        }
    }

    fn written_everywhere(
        &self,
        home: PartitionId,
        acks: Vec<(PartitionId, log::Result<log::Ack>)>,
    ) -> Result<Written, WriteError> {
        let some = acks.iter().any(|(_, ack)| ack.is_ok());
        let mut written = None;
        let mut elsewhere = Vec::with_capacity(acks.len());
        for (partition, ack) in acks {
            match ack {
                Ok(ack) if partition == home => written = Some(self.written(home, ack)),
                Ok(ack) => elsewhere.push((partition, ack.offset)),
                Err(error) if some => {
                    let text =
                        format!("the row is deleted in some partitions and maybe not in others: {error}");
                    return Err(WriteError::Log(log::Error::Unknown(text)));
                }
                Err(error) => return Err(WriteError::Log(error)),
            }
        }
        let written = written.ok_or(WriteError::Log(log::Error::Closed))?;
        Ok(Written { elsewhere, ..written })
    }
}
