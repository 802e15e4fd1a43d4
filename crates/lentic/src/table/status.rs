//! How a table is doing.
use lentic_engine::TaskState;
use lentic_store::layout::RowPrefix;
use lentic_types::{Offset, PartitionId, Progress};

use super::{Partition, RawTable, Scope};

/// One partition of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionStatus {
    /// Which.
    pub partition: PartitionId,
    /// `starting`, `restoring`, `rebuilding`, `catching up`, `ready`, `failed`.
    pub state: &'static str,
    /// Why it failed, or why it is being rebuilt.
    pub reason: Option<String>,
    /// Position, end, time of the last proof.
    pub progress: Progress,
    /// Now minus `progress.current_at`.
    pub staleness_ms: Option<u64>,
    /// The log's start.
    pub log_start: Offset,
    /// 0 to 1, while restoring, rebuilding or catching up.
    pub done: Option<f64>,
    /// Whether reading stands before an open transaction.
    pub blocked: bool,
    /// Estimated rows.
    pub rows_estimate: u64,
    /// Estimated bytes in the store.
    pub bytes: u64,
    /// Records without a key, skipped.
    pub null_keys: u64,
}

impl RawTable {
    /// Per partition: offsets, lag, state. In partition order.
    pub fn status(&self) -> Vec<PartitionStatus> {
        self.here().iter().map(|partition| self.partition_status(partition)).collect()
    }

    fn partition_status(&self, partition: &Partition) -> PartitionStatus {
        let view = partition.view();
        let range = RowPrefix::all_incarnations(self.inner.store_id, partition.id);
        let (rows_estimate, bytes) = partition.store.estimate(range).unwrap_or_default();
        PartitionStatus {
            partition: partition.id,
            state: match view.state {
                TaskState::Starting => "starting",
                TaskState::Restoring => "restoring",
                TaskState::Rebuilding => "rebuilding",
                TaskState::CatchingUp => "catching up",
                TaskState::Live => "ready",
                TaskState::Failed => "failed",
            },
            reason: partition.reason(),
            progress: view.progress,
            staleness_ms: self.staleness_ms(&view),
            log_start: view.log_start,
            done: partition.done(),
            blocked: view.blocked,
            rows_estimate,
            bytes,
            null_keys: view.null_keys,
        }
    }

    /// How fresh the table is as a whole: the sum of the lags, and the age of the partition that was proven current the
    /// longest ago; `None`: one was never. Costs no look at the store.
    pub fn freshness(&self) -> (u64, Option<u64>) {
        self.freshness_of(&Scope::All)
    }

    /// The same of some partitions, as far as they are here.
    pub fn freshness_of(&self, scope: &Scope) -> (u64, Option<u64>) {
        let here = if *scope == Scope::All { self.here() } else { self.in_scope(scope).unwrap_or_default() };
        let views = || here.iter().map(|partition| partition.view());
        let lag = views().map(|view| view.progress.lag()).sum();
        (lag, views().try_fold(0, |most: u64, view| self.staleness_ms(&view).map(|ms| most.max(ms))))
    }

    /// Whether every partition has reached the end that its log had at start.
    pub fn is_ready(&self) -> bool {
        self.here().iter().all(|partition| partition.view().state == TaskState::Live)
    }
}

#[cfg(test)]
mod tests {
    use lentic_types::Timestamp;

    use crate::table::testing::{Bench, NOW};

    #[test]
    fn the_whole_is_as_fresh_as_its_oldest_partition() {
        let bench = Bench::new(2);
        bench.append(0, "a", Some("v"));
        bench.apply(0);
        bench.publish(0, |view| view.progress.end.0 = 4);
        bench.publish(1, |view| view.progress.end.0 = 2);
        bench.publish(1, |view| view.progress.current_at = Some(Timestamp(NOW.0 - 50)));
        assert_eq!(bench.table.freshness(), (5, Some(50)));
        bench.publish(0, |view| view.progress.current_at = None);
        assert_eq!(bench.table.freshness(), (5, None));
    }
}
