//! How a table is doing.
use lentic_types::{Offset, PartitionId, Partitioner, Progress};

/// How keys find their partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// By this rule; `named`: the operator said so, else it was detected (or is the default of an empty topic).
    By {
        /// The rule.
        partitioner: Partitioner,
        /// Whether the operator named it.
        named: bool,
        /// False where the operator named it although keys lie elsewhere: reads look in all partitions then.
        fits: bool,
    },
    /// No rule fits: reads look in all partitions, writes are refused.
    Mixed,
}

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
