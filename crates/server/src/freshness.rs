//! Waiting without a thread: for a read to be admitted, for a write to be applied.
use lentic::{Admission, Demand, RawTable, ReadError, Scope, Target, Written};
use tokio::sync::oneshot;

use crate::error::Result;
use crate::http::Deadline;

/// Waits until a read may be answered, or says why not.
pub(crate) async fn admitted(
    table: &RawTable,
    scope: Scope,
    demand: &Demand,
    deadline: Deadline,
) -> Result<()> {
    loop {
        let pending = match table.admit(scope, demand)? {
            Admission::Granted => return Ok(()),
            Admission::Pending(pending) => pending,
        };
        let (wake, woken) = oneshot::channel();
        // Nobody waits any more where sending fails.
        table.when(
            pending.partition,
            pending.until,
            Box::new(move || {
                let _ = wake.send(());
            }),
        );
        match tokio::time::timeout_at(deadline.at(), woken).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(ReadError::Closed.into()),
            Err(_) => return Err(pending.error.into()),
        }
    }
}

/// Waits until reads see a write; false where the deadline comes first.
pub(crate) async fn applied(table: &RawTable, written: &Written, deadline: Deadline) -> bool {
    let (wake, woken) = oneshot::channel();
    let target = Target::Position(written.offset.next());
    table.when(
        written.partition,
        target,
        Box::new(move || {
            let _ = wake.send(());
        }),
    );
    matches!(tokio::time::timeout_at(deadline.at(), woken).await, Ok(Ok(())))
}

/// How fresh all partitions of a table are together. Taken before a read, so that it promises too little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    pub(crate) lag: u64,
    pub(crate) staleness_ms: Option<u64>,
}

impl Freshness {
    pub(crate) fn of(table: &RawTable) -> Self {
        let status = table.status();
        Self {
            lag: status.iter().map(|partition| partition.progress.lag()).sum(),
            // One partition that was never proven current makes the whole so.
            staleness_ms: status.iter().try_fold(0, |most: u64, p| p.staleness_ms.map(|ms| most.max(ms))),
        }
    }
}
