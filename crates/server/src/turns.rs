//! Conditional writes in turn: who waits for one before his takes no thread meanwhile.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lentic::types::PartitionId;
use tokio::sync::OwnedMutexGuard;

use crate::error::{Code, Error, Result};
use crate::http::Deadline;

/// One turn at a time per partition of a table.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<BTreeMap<PartitionId, Arc<tokio::sync::Mutex<()>>>>);

/// Ends by being dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl Turns {
    /// Waits for a turn; nothing was written where it doesn't come in time.
    pub(crate) async fn take(&self, partition: PartitionId, deadline: Deadline) -> Result<Turn> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(partition).or_default())
        };
        let why = "other conditional writes to this partition came first";
        deadline.run(turn.lock_owned()).await.map_err(|_| Error::new(Code::Undecided, why))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_waited_for_in_time() {
        let turns = Turns::default();
        let deadline = || Deadline::after(Duration::from_secs(1), true);
        let first = turns.take(PartitionId(0), deadline()).await.unwrap();
        turns.take(PartitionId(1), deadline()).await.unwrap();
        let late = turns.take(PartitionId(0), deadline()).await.unwrap_err();
        assert_eq!(late.code(), Code::Undecided);
        drop(first);
        turns.take(PartitionId(0), deadline()).await.unwrap();
    }
}
