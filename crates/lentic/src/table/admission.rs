//! Whether a read may be answered now: freshness as demanded.
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use lentic_engine::{Readable, TaskState, TaskView};
use lentic_types::{Offset, PartitionId, Timestamp, Token};

use super::{Partition, RawTable};
use crate::ReadError;

/// Between two looks at what nothing tells of.
const PAUSE: Duration = Duration::from_millis(10);

/// What a reader demands. The default is a *plain read*: never older than what the log held when the node started.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// The store must contain these writes.
    pub at_least: Vec<Token>,
    /// The store must have been proven current this recently. Accepts rows of a table that is still catching up.
    pub max_staleness: Option<Duration>,
}

/// Which partitions a read touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// One.
    Partition(PartitionId),
    /// These.
    Some(Arc<[PartitionId]>),
    /// All.
    #[default]
    All,
}

impl From<Option<PartitionId>> for Scope {
    fn from(partition: Option<PartitionId>) -> Self {
        partition.map_or(Self::All, Self::Partition)
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The next offset to apply is at least this.
    Position(Offset),
    /// The partition's rows can be read, be they old ones.
    Built,
    /// The partition has caught up with the end that its log had at start.
    CaughtUp,
    /// Anything new.
    Progress,
}

/// The answer to [`RawTable::admit`].
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// Read now.
    Granted,
    /// Not yet.
    Pending(Pending),
}

/// What stands between a read and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Of which partition.
    pub partition: PartitionId,
    /// Wait for this ([`RawTable::when`]), then ask again.
    pub until: Target,
    /// The error to answer with if waiting takes too long.
    pub error: ReadError,
}

/// Somebody's place among those that wait; dropping it gives it up.
#[must_use = "dropping it ends the waiting"]
pub struct Waiting(Option<(RawTable, PartitionId, u64)>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((table, partition, number)) = self.0.take()
            && let Some(partition) = table.partition(partition)
        {
            partition.leave(number);
        }
    }
}

impl RawTable {
    /// Whether a read of `scope` may be answered now. Errors are final; `Pending` says what to wait for.
    pub fn admit(&self, scope: &Scope, demand: &Demand) -> Result<Admission, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        for token in &demand.at_least {
            if let Some(pending) = self.token_pending(scope, token)? {
                return Ok(Admission::Pending(pending));
            }
        }
        let pending = match scope {
            Scope::Partition(id) => self.partition_pending(&*self.kept(*id)?, demand)?,
            Scope::Some(_) | Scope::All => {
                let mut first = None;
                for partition in self.in_scope(scope)?.iter() {
                    first = self.partition_pending(partition, demand)?;
                    if first.is_some() {
                        break;
                    }
                }
                first
            }
        };
        Ok(pending.map_or(Admission::Granted, Admission::Pending))
    }

    /// The partitions of a scope; `Err` where not all of them are here.
    pub(super) fn in_scope(&self, scope: &Scope) -> Result<Arc<Vec<Arc<Partition>>>, ReadError> {
        match scope {
            Scope::Partition(id) => Ok(Arc::new(vec![self.kept(*id)?])),
            Scope::Some(ids) => Ok(Arc::new(ids.iter().map(|id| self.kept(*id)).collect::<Result<_, _>>()?)),
            Scope::All => {
                self.is_whole()?;
                Ok(self.here())
            }
        }
    }

    /// Calls `wake` once `partition` has reached `until`: at once if it has. Dropped uncalled when the table closes, or
    /// with what is returned. `wake` must not block.
    pub fn when(&self, partition: PartitionId, until: Target, wake: Box<dyn FnOnce() + Send>) -> Waiting {
        let number = self.partition(partition).and_then(|partition| partition.when(until, wake));
        Waiting(number.map(|number| (self.clone(), partition, number)))
    }

    /// Blocks until a read is admitted or `timeout` has passed.
    pub fn wait(&self, scope: &Scope, demand: &Demand, timeout: Duration) -> Result<(), ReadError> {
        self.wait_until(Instant::now() + timeout, || self.admit(scope, demand))
    }

    /// Blocks until writes find their partitions or `timeout` has passed.
    pub fn wait_write(&self, timeout: Duration) -> Result<(), ReadError> {
        self.wait_until(Instant::now() + timeout, || self.admit_write())
    }

    fn wait_until(
        &self,
        deadline: Instant,
        ask: impl Fn() -> Result<Admission, ReadError>,
    ) -> Result<(), ReadError> {
        loop {
            let Admission::Pending(pending) = ask()? else { return Ok(()) };
            if !self.wait_for(pending.partition, pending.until, deadline) {
                if self.is_closed() {
                    return Err(ReadError::Closed);
                }
                if Instant::now() >= deadline {
                    return Err(pending.error);
                }
                // The partition is not here (any more): nothing wakes who waits for it.
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Blocks until the partition has reached `until`; false: the deadline came first, or the table closed.
    pub(crate) fn wait_for(&self, partition: PartitionId, until: Target, deadline: Instant) -> bool {
        let (woken, wait) = mpsc::sync_channel(1);
        let _waiting = self.when(
            partition,
            until,
            Box::new(move || {
                let _ = woken.try_send(());
            }),
        );
        wait.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok()
    }

    pub(crate) fn partition(&self, id: PartitionId) -> Option<Arc<Partition>> {
        let here = self.inner.here.load();
        match here.get(id.0 as usize) {
            Some(partition) if partition.id == id => Some(Arc::clone(partition)),
            // Those before it are not all kept.
            _ => {
                here.binary_search_by_key(&id, |partition| partition.id).ok().map(|at| Arc::clone(&here[at]))
            }
        }
    }

    /// The partition, for a read of what is in it.
    pub(super) fn kept(&self, id: PartitionId) -> Result<Arc<Partition>, ReadError> {
        self.partition(id).ok_or(ReadError::NotKept(id))
    }

    fn token_pending(&self, scope: &Scope, token: &Token) -> Result<Option<Pending>, ReadError> {
        let foreign = || ReadError::ForeignToken(token.clone());
        if token.partition.0 >= self.partitions() {
            return Err(foreign());
        }
        {
            let topic = self.inner.topic.load();
            if token.topic != topic.name || token.tag != topic.id.tag() {
                return Err(foreign());
            }
        }
        let is_meant = match scope {
            Scope::Partition(id) => *id == token.partition,
            Scope::Some(ids) => ids.contains(&token.partition),
            Scope::All => true,
        };
        if !is_meant {
            return Ok(None);
        }
        let partition = self.kept(token.partition)?;
        let view = partition.view();
        let wanted = Offset(token.offset.0.saturating_add(1));
        if view.has_reached(wanted) {
            return Ok(None);
        }
        let error = ReadError::NotReached { token: token.clone(), position: view.progress.position };
        Ok(Some(Pending { partition: partition.id, until: Target::Position(wanted), error }))
    }

    fn partition_pending(
        &self,
        partition: &Partition,
        demand: &Demand,
    ) -> Result<Option<Pending>, ReadError> {
        let view = partition.view();
        let since = |limit: Duration| {
            let millis = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
            Timestamp(self.inner.now().0.saturating_sub(millis))
        };
        match view.readable(demand.max_staleness.map(since)) {
            Readable::Now => Ok(None),
            Readable::NotLive => self.not_live(partition, &view).map(Some),
            Readable::TooStale => {
                let staleness_ms = self.staleness_ms(&view);
                let error = ReadError::TooStale { partition: partition.id, staleness_ms };
                Ok(Some(Pending { partition: partition.id, until: Target::Progress, error }))
            }
        }
    }

    pub(super) fn not_live(&self, partition: &Partition, view: &TaskView) -> Result<Pending, ReadError> {
        let state = match view.state {
            TaskState::Failed => {
                let reason = partition.reason().unwrap_or_else(|| "reading failed".to_owned());
                return Err(ReadError::Failed(reason));
            }
            _ if view.blocked => "blocked by an open transaction",
            TaskState::Starting | TaskState::Restoring => "restoring",
            TaskState::Rebuilding => "rebuilding",
            TaskState::CatchingUp | TaskState::Live => "catching up",
        };
        let error =
            ReadError::CatchingUp { partition: partition.id, done: partition.done().unwrap_or(0.0), state };
        Ok(Pending { partition: partition.id, until: Target::CaughtUp, error })
    }

    pub(crate) fn staleness_ms(&self, view: &TaskView) -> Option<u64> {
        view.staleness_ms(self.inner.now())
    }
}
