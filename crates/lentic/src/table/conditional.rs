//! Compare-and-set: drives the pure state machine with the log and the store.
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_cluster::{CompareAndSet, Input, Outcome, Step};
use lentic_engine::log::{self, Transaction};
use lentic_store::Tier;
use lentic_types::{OutgoingRecord, Token};

use super::admission::Scope;
use super::write::not_committed;
use super::{Condition, Demand, Partition, RawTable, Target, Write, Written};
use crate::{ReadError, WriteError};

impl RawTable {
    /// Compare-and-set, decided by the log: linearizable. Blocks up to `timeout`.
    pub fn write_if(
        &self,
        write: Write,
        condition: &Condition,
        timeout: Duration,
    ) -> Result<Written, WriteError> {
        let id = self.check_write(&write.key, write.value.as_ref().map(Bytes::len))?;
        let partition = self.partition(id).ok_or(WriteError::Closed)?;
        let deadline = Instant::now() + timeout;
        self.wait(Scope::Partition(id), &Demand::default(), timeout)?;
        let Some(_one_at_a_time) = partition.conditional.take(deadline) else {
            let why = "other conditional writes to this partition came first";
            return Err(WriteError::Undecided(why.to_owned()));
        };
        let deadline = deadline.min(Instant::now() + self.inner.around.limits.cas_timeout);
        let attempt = Attempt { table: self, partition, condition, deadline };
        attempt.run(write)
    }

    /// The token of the row as the store has it, `None` where there is no row. Blocks.
    pub fn current_token(&self, key: &[u8]) -> Result<Option<Token>, ReadError> {
        let token = self
            .get_with(key, Tier::Disk, |found| found.row.map(|row| self.token(row.partition, row.offset)))?;
        Ok(token.flatten())
    }
}

struct Attempt<'a> {
    table: &'a RawTable,
    partition: &'a Partition,
    condition: &'a Condition,
    deadline: Instant,
}

impl Attempt<'_> {
    fn run(&self, write: Write) -> Result<Written, WriteError> {
        let key = write.key.clone();
        let mut write = Some(write);
        let mut machine = CompareAndSet::default();
        let mut transaction: Option<Box<dyn Transaction>> = None;
        let mut elsewhere = Vec::new();
        let mut ack = None;
        let mut current = None;
        let mut failure: Option<WriteError> = None;
        let mut step = machine.step();
        loop {
            let input = match step {
                Step::Produce => match self.produce(write.take(), &mut transaction, &mut elsewhere) {
                    Ok(produced) => {
                        ack = Some(produced);
                        Input::Produced(produced.offset)
                    }
                    Err(error) => {
                        failure = Some(error);
                        Input::GiveUp
                    }
                },
                Step::AwaitApplied(offset) => {
                    if self.table.wait_for(self.partition.id, Target::Position(offset), self.deadline) {
                        Input::Applied(offset)
                    } else {
                        failure = Some(WriteError::Undecided(format!(
                            "the store did not reach offset {offset} in time (it is at {})",
                            self.partition.view().progress.position
                        )));
                        Input::GiveUp
                    }
                }
                Step::Check => match self.table.current_token(&key) {
                    Ok(token) => {
                        current = token;
                        Input::Checked(holds(self.condition, current.as_ref()))
                    }
                    Err(error) => {
                        failure = Some(error.into());
                        Input::GiveUp
                    }
                },
                Step::Commit => {
                    match transaction.take().map(|open| self.commit(open, std::mem::take(&mut elsewhere))) {
                        Some(Ok(())) => Input::Committed,
                        Some(Err(log::Error::Unknown(text))) => {
                            failure = Some(WriteError::Log(log::Error::Unknown(text)));
                            Input::CommitUnknown
                        }
                        Some(Err(error)) => {
                            failure = Some(WriteError::Undecided(error.to_string()));
                            Input::Aborted
                        }
                        None => Input::Aborted,
                    }
                }
                Step::Abort => {
                    // What an abort that fails leaves open is aborted by the log's own timeout; it is never visible.
                    drop(transaction.take().map(|open| open.abort(self.left_at_least_a_second())));
                    Input::Aborted
                }
                Step::Done(outcome) => return self.done(outcome, ack, current, failure),
            };
            step = machine.handle(&input);
        }
    }

    fn produce(
        &self,
        write: Option<Write>,
        open: &mut Option<Box<dyn Transaction>>,
        elsewhere: &mut Vec<OutgoingRecord>,
    ) -> Result<log::Ack, WriteError> {
        let write = write.ok_or(WriteError::Closed)?;
        let records = self.table.everywhere(self.table.outgoing(write)?);
        *elsewhere = records.elsewhere;
        let transaction = open.insert(self.table.inner.around.log.begin(self.left_at_least_a_second())?);
        transaction.produce(records.home, self.left_at_least_a_second()).map_err(not_committed)
    }

    /// What is elsewhere follows only now: nobody waits for anything any more while it is open.
    fn commit(&self, mut open: Box<dyn Transaction>, elsewhere: Vec<OutgoingRecord>) -> log::Result<()> {
        if !elsewhere.is_empty() {
            let produced = open.produce_all(elsewhere, self.left_at_least_a_second());
            // Not committed, so not written.
            produced.map_err(|error| log::Error::Unavailable(error.to_string()))?;
        }
        open.commit(self.left_at_least_a_second())
    }

    fn done(
        &self,
        outcome: Outcome,
        ack: Option<log::Ack>,
        current: Option<Token>,
        failure: Option<WriteError>,
    ) -> Result<Written, WriteError> {
        match (outcome, ack) {
            (Outcome::Written(_), Some(ack)) => Ok(self.table.written(self.partition.id, ack)),
            (Outcome::Refused(_), _) => Err(WriteError::Precondition(current)),
            (Outcome::Unknown, _) => Err(failure.unwrap_or_else(|| {
                WriteError::Log(log::Error::Unknown("the commit was not confirmed".to_owned()))
            })),
            (Outcome::Undecided | Outcome::Written(_), _) => Err(failure.unwrap_or_else(|| {
                WriteError::Undecided("the transaction was aborted by the log".to_owned())
            })),
        }
    }

    fn left_at_least_a_second(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1))
    }
}

fn holds(condition: &Condition, current: Option<&Token>) -> bool {
    match condition {
        Condition::Is(tokens) => current.is_some_and(|current| tokens.contains(current)),
        Condition::Absent => current.is_none(),
        Condition::Present => current.is_some(),
    }
}
