//! Waiting without a thread: for a read to be admitted, for a write to be applied.
use std::time::Duration;

use lentic::types::{Offset, PartitionId};
use lentic::{Admission, Demand, RawTable, ReadError, Scope, Target};
use tokio::sync::oneshot;

use crate::error::Result;
use crate::http::Deadline;

/// Between two looks at what nothing tells of.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until a read may be answered, or says why not.
pub(crate) async fn admitted(
    table: &RawTable,
    scope: &Scope,
    demand: &Demand,
    deadline: Deadline,
) -> Result<()> {
    granted(table, deadline, || table.admit(scope, demand)).await
}

/// Waits until a write finds its partition, or says why not.
pub(crate) async fn writable(table: &RawTable, deadline: Deadline) -> Result<()> {
    granted(table, deadline, || table.admit_write()).await
}

async fn granted(
    table: &RawTable,
    deadline: Deadline,
    ask: impl Fn() -> Result<Admission, ReadError>,
) -> Result<()> {
    loop {
        let pending = match ask()? {
            Admission::Granted => return Ok(()),
            Admission::Pending(pending) => pending,
        };
        let (wake, woken) = oneshot::channel();
        let _waiting = table.when(
            pending.partition,
            pending.until,
            Box::new(move || {
                let _ = wake.send(());
            }),
        );
        match tokio::time::timeout_at(deadline.at(), woken).await {
            Ok(Err(_)) if table.is_closed() => return Err(ReadError::Closed.into()),
            Ok(Ok(())) => {}
            // The partition is not here (any more): nothing wakes who waits for it.
            Ok(Err(_)) if !deadline.is_over() => tokio::time::sleep(PAUSE).await,
            Ok(Err(_)) | Err(_) => return Err(pending.error.into()),
        }
    }
}

/// Waits until what is here has come past an offset; false where the deadline comes first.
pub(crate) async fn reached(
    table: &RawTable,
    partition: PartitionId,
    offset: Offset,
    deadline: Deadline,
) -> bool {
    let (wake, woken) = oneshot::channel();
    let target = Target::Position(offset.next());
    let _waiting = table.when(
        partition,
        target,
        Box::new(move || {
            let _ = wake.send(());
        }),
    );
    matches!(tokio::time::timeout_at(deadline.at(), woken).await, Ok(Ok(())))
}

/// How fresh several partitions of a table are together. Taken before a read, so that it promises too little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    pub(crate) lag: u64,
    pub(crate) staleness_ms: Option<u64>,
}

impl Freshness {
    pub(crate) fn of(table: &RawTable, scope: &Scope) -> Self {
        let (lag, staleness_ms) = table.freshness_of(scope);
        Self { lag, staleness_ms }
    }
}
