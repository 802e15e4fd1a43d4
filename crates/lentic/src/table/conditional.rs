//! Compare-and-set: drives the pure state machine with the log and the store.
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_cluster::{CompareAndSet, Input, Outcome, Step};
use lentic_engine::log::{self, Transaction};
use lentic_store::Tier;
use lentic_types::{Offset, OutgoingRecord, PartitionId, Token};

use super::write::{left, not_committed};
use super::{Condition, Demand, Found, Partition, RawTable, Target, Write, Written};
use crate::{ReadError, WriteError};

impl RawTable {
    /// Compare-and-set, decided by the log: linearizable. Blocks up to `timeout`.
    pub fn write_if(
        &self,
        write: Write,
        condition: &Condition,
        timeout: Duration,
    ) -> Result<Written, WriteError> {
        let deadline = Instant::now() + timeout;
        self.wait_write(timeout)?;
        let id = self.check_write(&write.key, write.value.as_ref().map(Bytes::len))?;
        let partition = self.kept(id)?;
        // All that the condition is checked in.
        self.wait(&self.partition_of(&write.key).into(), &Demand::default(), left(deadline))?;
        let Some(_one_at_a_time) = partition.conditional.take(deadline) else {
            let why = "other conditional writes to this partition came first";
            return Err(WriteError::Undecided(why.to_owned()));
        };
        let hold_until = deadline.min(Instant::now() + self.inner.around.limits.cas_timeout);
        let attempt = Attempt { table: self, partition: &partition, condition, deadline, hold_until };
        attempt.run(write)
    }

    /// The token of the row as the store has it, `None` where there is no row. Blocks.
    pub fn current_token(&self, key: &[u8]) -> Result<Option<Token>, ReadError> {
        let read = |found: Found<'_>| found.row.map(|row| self.token(row.partition, row.offset));
        let token = self.get_with(&self.partition_of(key).into(), key, Tier::Disk, read)?;
        Ok(token.flatten())
    }
}

struct Attempt<'a> {
    table: &'a RawTable,
    partition: &'a Partition,
    condition: &'a Condition,
    deadline: Instant,
    /// When the decision to commit must have been taken.
    hold_until: Instant,
}

impl Attempt<'_> {
    fn run(&self, write: Write) -> Result<Written, WriteError> {
        let key = write.key.clone();
        let mut write = Some(write);
        let mut machine = CompareAndSet::default();
        let mut transaction: Option<Box<dyn Transaction>> = None;
        let (mut elsewhere, mut places) = (Vec::new(), Vec::new());
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
                    if self.table.wait_for(self.partition.id, Target::Position(offset), self.hold_until) {
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
                    match transaction
                        .take()
                        .map(|open| self.commit(open, std::mem::take(&mut elsewhere), &mut places))
                    {
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
                    drop(transaction.take().map(|open| open.abort(left(self.deadline))));
                    Input::Aborted
                }
                Step::Done(outcome) => {
                    let written = self.done(outcome, ack, current, failure)?;
                    return Ok(Written { elsewhere: places, ..written });
                }
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
        let failed = |error| not_committed(error, self.hold_until);
        let transaction = self.table.inner.around.log.begin(left(self.hold_until)).map_err(failed)?;
        open.insert(transaction).produce(records.home, left(self.hold_until)).map_err(failed)
    }

    /// What is elsewhere follows only now: nobody waits for anything any more while it is open.
    fn commit(
        &self,
        mut open: Box<dyn Transaction>,
        elsewhere: Vec<OutgoingRecord>,
        places: &mut Vec<(PartitionId, Offset)>,
    ) -> log::Result<()> {
        if !elsewhere.is_empty() {
            let partitions: Vec<_> = elsewhere.iter().map(|record| record.partition).collect();
            let produced = open.produce_all(elsewhere, left(self.hold_until));
            // Not committed, so not written.
            let acks = produced.map_err(|error| log::Error::Unavailable(error.to_string()))?;
            places.extend(partitions.into_iter().zip(acks.iter().map(|ack| ack.offset)));
        }
        if left(self.hold_until).is_zero() {
            return Err(log::Error::Unavailable("the time was over before the commit".to_owned()));
        }
        open.commit(left(self.deadline))
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
            (Outcome::Refused(below), _) => {
                let last = below.0.checked_sub(1).map(Offset);
                let seen = last.map(|offset| self.table.token(self.partition.id, offset));
                Err(WriteError::Precondition { current, seen })
            }
            (Outcome::Unknown, _) => Err(failure.unwrap_or_else(|| {
                WriteError::Log(log::Error::Unknown("the commit was not confirmed".to_owned()))
            })),
            (Outcome::Undecided | Outcome::Written(_), _) => Err(failure.unwrap_or_else(|| {
                WriteError::Undecided("the transaction was aborted by the log".to_owned())
            })),
        }
    }
}

fn holds(condition: &Condition, current: Option<&Token>) -> bool {
    match condition {
        Condition::Is(tokens) => current.is_some_and(|current| tokens.contains(current)),
        Condition::Absent => current.is_none(),
        Condition::Present => current.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use lentic_engine::log::Log;

    use super::*;
    use crate::table::testing::Bench;

    fn put(key: &'static str) -> Write {
        Write { key: Bytes::from_static(key.as_bytes()), value: Some(Bytes::from_static(b"v")) }
    }

    /// Another transaction holds the partition: nothing is written, and nobody waits longer than he said.
    #[test]
    fn writes_give_up_in_time() {
        let bench = Bench::new(1);
        let log: &dyn Log = &*bench.table.inner.around.log;
        let mut held = log.begin(Duration::from_secs(1)).expect("a transaction");
        let record = bench.table.outgoing(put("held")).expect("a record");
        held.produce(record, Duration::from_secs(1)).expect("produced");
        let timeout = Duration::from_millis(100);
        let condition = Condition::Absent;
        let begin = Instant::now();
        let outcomes = [
            bench.table.write_if(put("a"), &condition, timeout).map(drop),
            bench.table.write_all(vec![put("a")], timeout).map(drop),
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(WriteError::Undecided(_))), "{outcome:?}");
        }
        // Also who waits for his turn behind one that has more time.
        std::thread::scope(|scope| {
            let first = scope.spawn(|| bench.table.write_if(put("a"), &condition, Duration::from_secs(30)));
            let second = bench.table.write_if(put("b"), &condition, timeout);
            assert!(matches!(second, Err(WriteError::Undecided(_))), "{second:?}");
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
            // It stops waiting for the partition when its transaction has been open long enough.
            let first = first.join().expect("no panic");
            assert!(matches!(first, Err(WriteError::Undecided(_))), "{first:?}");
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        });
        held.abort(Duration::from_secs(1)).expect("aborted");
        bench.table.write_all(vec![put("a")], Duration::from_secs(10)).expect("written");
    }

    /// The store does not reach the record: the transaction is open for `cas_timeout` at most.
    #[test]
    fn a_transaction_is_not_held_for_long() {
        let bench = Bench::new(1);
        bench.append(0, "other", Some("v"));
        let begin = Instant::now();
        let outcome = bench.table.write_if(put("a"), &Condition::Absent, Duration::from_secs(30));
        assert!(matches!(outcome, Err(WriteError::Undecided(_))), "{outcome:?}");
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        bench.apply(0);
        let written = bench.table.write_if(put("a"), &Condition::Absent, Duration::from_secs(30));
        assert_eq!(written.expect("written").offset.0, 1);
    }
}
