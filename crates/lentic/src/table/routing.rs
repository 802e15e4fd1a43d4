//! How keys find their partitions.
use std::sync::{Arc, PoisonError};

use lentic_cluster::TableState;
use lentic_engine::load::ALL_PARTITIONERS;
use lentic_engine::{Leap, Purged, TaskState, TaskView};
use lentic_types::{Offset, PartitionId, Partitioner, RecordBatch, TableSpec};

use super::{Admission, Inner, Lookup, Partition, Pending, RawTable, Target};
use crate::{ReadError, WriteError};

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
    /// Keys were not looked at yet that are in the topic: reads look in all partitions, writes wait.
    Detecting,
}

/// The routing as it follows from the declaration and from the keys seen so far.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    routing: Routing,
    /// The rule by which a key is looked up in one partition alone.
    lookup: Option<Partitioner>,
}

impl Rules {
    pub(super) fn of(
        spec: &TableSpec,
        partition_count: u32,
        partitions: &[Arc<Partition>],
        elsewhere: Option<TableState>,
        lookup: Lookup,
    ) -> Self {
        if outgrown(spec, partition_count).is_some() {
            return Self { routing: Routing::Mixed, lookup: None };
        }
        let Keys { fitting, all_seen } = Keys::of(partition_count, partitions, elsewhere);
        let mut fits = Partitioner::ALL.into_iter().enumerate().filter(|(bit, _)| fitting & (1 << bit) != 0);
        let routing = match spec.partitioner {
            Some(partitioner) => Routing::By {
                partitioner,
                named: true,
                fits: fits.any(|(_, fitting)| fitting == partitioner),
            },
            None => match fits.next() {
                Some(_) if !all_seen => Routing::Detecting,
                Some((_, partitioner)) => Routing::By { partitioner, named: false, fits: true },
                None => Routing::Mixed,
            },
        };
        let lookup = match routing {
            Routing::By { partitioner, fits: true, .. }
                if lookup == Lookup::Certain || (lookup == Lookup::Detected && all_seen) =>
            {
                Some(partitioner)
            }
            _ => None,
        };
        Self { routing, lookup }
    }
}

/// What the keys tell.
struct Keys {
    /// Bits of the partitioners that fit all that were seen.
    fitting: u8,
    /// Whether those that are in the topic were seen, or what was seen tells enough.
    all_seen: bool,
}

impl Keys {
    fn of(partition_count: u32, partitions: &[Arc<Partition>], elsewhere: Option<TableState>) -> Self {
        let mut keys = Self { fitting: ALL_PARTITIONERS, all_seen: true };
        if partition_count == 1 {
            return keys;
        }
        // Other nodes have seen the keys of those that are still on their way to this one.
        let are_told = elsewhere.is_some_and(|keys| keys.seen);
        let mut all_reached = true;
        for view in partitions.iter().map(|partition| partition.view()) {
            keys.fitting &= view.partitioners;
            keys.all_seen &= view.state.is_built() || are_told;
            all_reached &= view.state != TaskState::CatchingUp || are_told;
        }
        let all_here = partitions.len() == partition_count as usize;
        keys.fitting &= elsewhere.map_or(ALL_PARTITIONERS, |keys| keys.partitioners);
        // Where several rules fit still, the records that are missing may be the first ones to tell.
        let all_kept = all_here || are_told;
        keys.all_seen &= (all_reached && all_kept) || keys.fitting.count_ones() <= 1;
        keys
    }
}

/// The partitions that the table was declared with, where the topic has others now.
fn outgrown(spec: &TableSpec, partition_count: u32) -> Option<u32> {
    spec.partitions.filter(|&declared| declared != partition_count)
}

impl RawTable {
    /// How a key finds its partition.
    pub fn routing(&self) -> Routing {
        match self.inner.rules.load().routing {
            // It may be a moment old, and who waited for the end of this state asks right after it.
            Routing::Detecting => self.inner.current_rules().routing,
            routing => routing,
        }
    }

    /// The partitions that the table was declared with, where the topic has others now: keys may have moved.
    pub(crate) fn declared_partitions(&self) -> Option<u32> {
        outgrown(&self.inner.spec.load(), self.partitions())
    }

    /// The partition of a key (bytes as in the log; windows have no part in it), or `None` where keys don't lie by one partitioner, or it is not
    /// known yet by which.
    pub fn partition_of(&self, key: &[u8]) -> Option<PartitionId> {
        self.partition_of_inner(self.inner.key.inner(key))
    }

    /// The same of a key without its window.
    pub fn partition_of_inner(&self, key: &[u8]) -> Option<PartitionId> {
        if self.partitions() == 1 {
            return Some(PartitionId(0));
        }
        match self.inner.rules.load().lookup? {
            // librdkafka's default spreads empty keys over all partitions.
            Partitioner::Crc32 if key.is_empty() => None,
            partitioner => Some(partitioner.partition(key, self.partitions())),
        }
    }

    /// Where a write of a key goes; `None` where the operator has to name the rule first, or it is not known yet.
    pub fn write_partition_of(&self, key: &[u8]) -> Option<PartitionId> {
        match self.routing() {
            Routing::By { partitioner, .. } => {
                Some(partitioner.partition(self.inner.key.inner(key), self.partitions()))
            }
            Routing::Mixed | Routing::Detecting => None,
        }
    }

    /// Whether a write finds its partition: not while the rule by which the topic's keys lie is being detected. Errors are
    /// final; `Pending` says what to wait for.
    pub fn admit_write(&self) -> Result<Admission, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        if self.routing() != Routing::Detecting || self.inner.spec.load().read_only {
            return Ok(Admission::Granted);
        }
        for partition in self.here().iter() {
            let view = partition.view();
            let until = match view.state {
                TaskState::Starting | TaskState::Restoring => Target::Built,
                TaskState::CatchingUp => Target::CaughtUp,
                TaskState::Rebuilding | TaskState::Live | TaskState::Failed => continue,
            };
            return Ok(Admission::Pending(Pending { until, ..self.not_live(partition, &view)? }));
        }
        if self.is_whole().is_ok() {
            return Ok(Admission::Granted);
        }
        // Other nodes have to tell what they have seen.
        let partition = self.first_not_kept();
        let error = ReadError::CatchingUp {
            partition,
            done: 0.0,
            state: "waiting for what its owner tells of its keys",
        };
        Ok(Admission::Pending(Pending { partition, until: Target::CaughtUp, error }))
    }

    /// Why a write finds no partition.
    pub(super) fn unroutable(&self) -> WriteError {
        if let Some(declared) = self.declared_partitions() {
            return WriteError::PartitionsChanged(declared, self.partitions());
        }
        match self.admit_write() {
            Ok(Admission::Pending(pending)) => WriteError::Read(pending.error),
            Err(error) => WriteError::Read(error),
            Ok(Admission::Granted) => WriteError::MixedPartitioning,
        }
    }

    /// The worker's new view of a partition: for readers, for who waits, and for who watches.
    pub(crate) fn publish(
        &self,
        partition: &Partition,
        view: TaskView,
        applied: Option<(Arc<RecordBatch>, Offset)>,
        purged: &[Purged],
        leap: Option<Leap>,
    ) {
        let before = partition.show(view, applied, purged, leap);
        if (before.state, before.partitioners) != (view.state, view.partitioners) {
            self.inner.refresh_rules();
        }
        partition.wake();
    }

    /// Shows what a commit has changed of a store that a task here leads. Its records are not gathered where nobody was seen to
    /// watch: who came since begins anew. Whether somebody has is decided where the view is shown, so that nobody comes between.
    pub(crate) fn publish_commit(
        &self,
        partition: &Partition,
        view: TaskView,
        records: Option<(Arc<RecordBatch>, Offset)>,
    ) {
        let is_untold = records.is_none() && view.progress.position > partition.view().progress.position;
        self.publish(partition, view, records, &[], is_untold.then_some(Leap::Untold));
    }

    /// Puts a changed declaration in force.
    pub(crate) fn declare(&self, spec: TableSpec) {
        self.inner.spec.store(Arc::new(spec));
        self.inner.refresh_rules();
    }
}

impl Inner {
    fn current_rules(&self) -> Rules {
        let (spec, here, elsewhere) = (self.spec.load(), self.here.load(), self.elsewhere.load());
        Rules::of(&spec, self.partition_count, &here, **elsewhere, self.lookup)
    }

    /// To be called after each change of what the rules follow from.
    pub(super) fn refresh_rules(&self) {
        let _the_last_one_sees_all = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        self.rules.store(Arc::new(self.current_rules()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::table::testing::Bench;

    const MURMUR2: u8 = 1;
    const CRC32: u8 = 2;

    /// Two partitions: what their keys fit and how far they are; then how keys are routed.
    #[test]
    fn routes() {
        use TaskState::{CatchingUp, Failed, Live, Rebuilding, Restoring, Starting};
        let detected = |partitioner| Routing::By { partitioner, named: false, fits: true };
        let named = |fits| Routing::By { partitioner: Partitioner::Crc32, named: true, fits };
        let (murmur2, crc32) = (Partitioner::Murmur2, Partitioner::Crc32);
        let all = ALL_PARTITIONERS;
        let bench = Bench::new(2);
        for (named_one, first, second, routing, alone) in [
            (None, (all, Live), (all, Live), detected(murmur2), true),
            (None, (all, Live), (CRC32, Live), detected(crc32), true),
            (None, (MURMUR2, Live), (CRC32, Live), Routing::Mixed, false),
            (None, (all, Live), (all, Starting), Routing::Detecting, false),
            (None, (CRC32, Live), (all, Restoring), Routing::Detecting, false),
            (None, (MURMUR2, Live), (CRC32, Restoring), Routing::Mixed, false),
            // Several rules fit what was read: the rest may tell.
            (None, (all, Live), (all, CatchingUp), Routing::Detecting, false),
            (None, (all, Live), (CRC32, CatchingUp), detected(crc32), true),
            (None, (all, Rebuilding), (all, Failed), detected(murmur2), true),
            (Some(crc32), (all, Live), (all, Live), named(true), true),
            (Some(crc32), (all, Live), (MURMUR2, Live), named(false), false),
            // Writes go where the operator says; reads can't know yet whether the rows lie there.
            (Some(crc32), (all, Live), (all, Restoring), named(true), false),
        ] {
            let case = format!("{named_one:?} {first:?} {second:?}");
            bench.table.declare(TableSpec { partitioner: named_one, ..bench.table.spec() });
            for (partition, (partitioners, state)) in [first, second].into_iter().enumerate() {
                bench.publish(partition as u32, |view| {
                    (view.partitioners, view.state) = (partitioners, state)
                });
            }
            assert_eq!(bench.table.routing(), routing, "{case}");
            assert_eq!(bench.table.partition_of(b"key").is_some(), alone, "{case}");
            let by = match routing {
                Routing::By { partitioner, .. } => Some(partitioner.partition(b"key", 2)),
                _ => None,
            };
            assert_eq!(bench.table.write_partition_of(b"key"), by, "{case}");
            let waits = matches!(bench.table.admit_write(), Ok(Admission::Pending(_)));
            assert_eq!(waits, routing == Routing::Detecting, "{case}");
            let refused = bench.table.check_write(b"key", None);
            match routing {
                Routing::By { .. } => assert_eq!(refused.ok(), by, "{case}"),
                Routing::Mixed => assert_eq!(refused, Err(WriteError::MixedPartitioning), "{case}"),
                Routing::Detecting => assert!(
                    matches!(refused, Err(WriteError::Read(ReadError::CatchingUp { .. }))),
                    "{case}: {refused:?}"
                ),
            }
        }
    }

    /// A write that waits for the rule goes on once it is known, and is told why where it takes too long.
    #[test]
    fn writes_wait_for_the_rule() {
        let bench = Bench::new(2);
        bench.publish(1, |view| view.state = TaskState::Restoring);
        let late = bench.table.wait_write(std::time::Duration::from_millis(5));
        assert!(matches!(late, Err(ReadError::CatchingUp { .. })), "{late:?}");
        let Ok(Admission::Pending(pending)) = bench.table.admit_write() else { panic!("it waits") };
        let woken = Arc::new(AtomicUsize::new(0));
        let wake = Arc::clone(&woken);
        let wake = Box::new(move || {
            wake.fetch_add(1, Ordering::SeqCst);
        });
        let _waiting = bench.table.when(pending.partition, pending.until, wake);
        bench.publish(1, |view| view.state = TaskState::Restoring);
        assert_eq!(woken.load(Ordering::SeqCst), 0);
        bench.publish(1, |view| (view.state, view.partitioners) = (TaskState::CatchingUp, CRC32));
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        assert_eq!(bench.table.admit_write(), Ok(Admission::Granted));
    }
}
