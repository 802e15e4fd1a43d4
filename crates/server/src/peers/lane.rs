//! Plain reads of rows that another node has, on their way together: what comes in while a question is under way goes with the
//! next one, so that a hop costs less the more there are, and one alone waits for nobody.
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lentic::types::{Offset, PartitionId};
use lentic::{Demand, Holder, Role};
use tokio::sync::oneshot;

use super::gather::Gather;
use super::part::Question;
use super::{Key, Part, PartRow, What};
use crate::call::Call;
use crate::catalog::Entry;
use crate::freshness::Freshness;
use crate::http::Deadline;
use crate::state::State;

/// Questions to one node about one table at a time.
const RUNNING: usize = 2;

/// Keys in one question.
const KEYS: usize = 256;

/// A row as its owner told it.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) row: Option<PartRow>,
    pub(crate) partition: PartitionId,
    pub(crate) position: Offset,
    pub(crate) freshness: Freshness,
}

/// The reads on their way, by peer and table.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<(String, String), Lane>>);

#[derive(Default)]
struct Lane {
    running: usize,
    waiting: Vec<Waiting>,
}

struct Waiting {
    partition: PartitionId,
    key: Bytes,
    told: oneshot::Sender<Option<Fetched>>,
}

impl Call {
    /// A row from the owner of its partition, if that is another node and proves to be it. `None`: the long way finds out who
    /// answers.
    pub(crate) async fn fetch(
        &self,
        entry: &Arc<Entry>,
        partition: PartitionId,
        key: &Bytes,
    ) -> Option<Fetched> {
        let is_demanding = !self.demand.at_least.is_empty() || self.demand.max_staleness.is_some();
        if self.is_hop || self.wants_active || is_demanding || entry.table.is_answered_here(partition) {
            return None;
        }
        let holder = entry.table.holders(partition).into_iter().next()?;
        if holder.role != Role::Active || !holder.ready {
            return None;
        }
        let (told, hear) = oneshot::channel();
        let way = (holder.peer.clone(), entry.name.to_string());
        let waiting = Waiting { partition, key: key.clone(), told };
        if self.state.lanes.join(&way, waiting) {
            tokio::spawn(run(Arc::clone(&self.state), Arc::clone(entry), holder, way));
        }
        tokio::time::timeout_at(self.deadline.at(), hear).await.ok()?.ok()?
    }
}

impl Lanes {
    /// Whether the caller is to run another question.
    fn join(&self, way: &(String, String), waiting: Waiting) -> bool {
        let mut lanes = self.lock();
        let lane = lanes.entry(way.clone()).or_default();
        lane.waiting.push(waiting);
        let runs = lane.running < RUNNING;
        lane.running += usize::from(runs);
        runs
    }

    /// Those that go next; none: this question was the last.
    fn next(&self, way: &(String, String)) -> Vec<Waiting> {
        let mut lanes = self.lock();
        let Some(lane) = lanes.get_mut(way) else { return Vec::new() };
        let next: Vec<_> = lane.waiting.drain(..lane.waiting.len().min(KEYS)).collect();
        if next.is_empty() {
            lane.running -= 1;
            if lane.running == 0 {
                lanes.remove(way);
            }
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(state: Arc<State>, entry: Arc<Entry>, holder: Holder, way: (String, String)) {
    let timeout = Duration::from_millis(state.config().request_timeout_ms);
    loop {
        let waiting = state.lanes.next(&way);
        if waiting.is_empty() {
            return;
        }
        let partitions: BTreeSet<_> = waiting.iter().map(|waiting| waiting.partition).collect();
        let partitions: Vec<_> = partitions.into_iter().collect();
        let keys = waiting.iter().map(|waiting| Key(waiting.key.to_vec())).collect();
        let question = Question::new(&partitions, What::Keys(keys), &Demand::default());
        let gather = Gather::plain(&state);
        let told = gather.ask_other(&entry, &holder, &question, Deadline::after(timeout, false)).await;
        tell(waiting, told.ok());
    }
}

/// Tells everybody their own row; nobody, where the node is not proven to own all that was asked for.
fn tell(waiting: Vec<Waiting>, part: Option<Part>) {
    let part = part.filter(|part| part.role == Role::Active);
    let rows: HashMap<_, _> =
        part.iter().flat_map(|part| &part.rows).map(|row| ((row.partition, &row.key[..]), row)).collect();
    for Waiting { partition, key, told } in waiting {
        let fetched = part.as_ref().and_then(|part| {
            let position = part.positions.iter().find(|(id, _)| *id == partition)?.1;
            let row = rows.get(&(partition, &key[..])).map(|row| (*row).clone());
            Some(Fetched { row, partition, position, freshness: part.freshness })
        });
        // Whoever asked may have gone.
        let _ = told.send(fetched);
    }
}

#[cfg(test)]
mod tests {
    use lentic::types::Timestamp;

    use super::*;

    fn waiting(partition: u32, key: &'static str) -> (Waiting, oneshot::Receiver<Option<Fetched>>) {
        let (told, hear) = oneshot::channel();
        (Waiting { partition: PartitionId(partition), key: Bytes::from_static(key.as_bytes()), told }, hear)
    }

    #[test]
    fn what_comes_in_meanwhile_goes_together() {
        let lanes = Lanes::default();
        let way = ("peer:1".to_owned(), "t".to_owned());
        let (first, _first) = waiting(0, "a");
        assert!(lanes.join(&way, first), "one alone goes at once");
        assert_eq!(lanes.next(&way).len(), 1);
        let (second, _second) = waiting(0, "b");
        assert!(lanes.join(&way, second), "a second question runs beside it");
        assert_eq!(lanes.next(&way).len(), 1);
        let many: Vec<_> = (0..300).map(|_| waiting(1, "c")).collect();
        let (many, _hears): (Vec<_>, Vec<_>) = many.into_iter().unzip();
        for one in many {
            assert!(!lanes.join(&way, one), "the next ones wait");
        }
        assert_eq!((lanes.next(&way).len(), lanes.next(&way).len()), (KEYS, 300 - KEYS));
        assert!(lanes.next(&way).is_empty() && lanes.next(&way).is_empty());
        assert!(lanes.lock().is_empty(), "nothing is left behind");
    }

    #[test]
    fn everybody_is_told_their_own_row_by_a_proven_owner() {
        let row = |partition, key: &'static [u8]| PartRow {
            key: Bytes::from_static(key),
            value: Bytes::from_static(b"v"),
            partition: PartitionId(partition),
            offset: Offset(4),
            timestamp: Timestamp(1),
        };
        let part = |role| Part {
            rows: vec![row(0, b"a"), row(1, b"b")],
            more: false,
            count: 0,
            positions: vec![(PartitionId(0), Offset(5)), (PartitionId(1), Offset(9))],
            freshness: Freshness { lag: 0, staleness_ms: None },
            role,
        };
        let ask = |part: Option<Part>| {
            let asked = [(0, "a"), (1, "b"), (1, "absent"), (2, "elsewhere")];
            let (waiting, hears): (Vec<_>, Vec<_>) =
                asked.map(|(id, key)| waiting(id, key)).into_iter().unzip();
            tell(waiting, part);
            let told = hears.into_iter().map(|mut hear| hear.try_recv().expect("told"));
            told.map(|told| told.map(|told| (told.position.0, told.row.map(|row| row.key))))
                .collect::<Vec<_>>()
        };
        let expected = vec![
            Some((5, Some(Bytes::from_static(b"a")))),
            Some((9, Some(Bytes::from_static(b"b")))),
            Some((9, None)),
            None,
        ];
        assert_eq!(ask(Some(part(Role::Active))), expected);
        assert_eq!(ask(Some(part(Role::Standby))), vec![None; 4]);
        assert_eq!(ask(None), vec![None; 4]);
    }
}
