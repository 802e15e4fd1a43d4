//! Clients: each asks one thing at a time, of any process, and checks what it is told.
use std::collections::BTreeMap;

use lentic_cluster::Role;
use lentic_types::{Offset, PartitionId, Timestamp};

use super::ServingRule;
use super::history::{History, Shown};
use super::job::{Ask, Condition, Demand, Job, Said, Stage};
use super::world::World;

/// Keys of each partition.
pub(super) const KEYS: u64 = 3;

/// How long a client waits.
const PATIENCE_MS: u64 = 6_000;

pub(super) struct Client {
    number: usize,
    /// Whether it sends the position of its last answer with its next read.
    is_session: bool,
    positions: BTreeMap<PartitionId, Offset>,
    /// By key: the least that it has seen of it.
    seen: BTreeMap<String, Shown>,
    /// By key: the token of its row, `None`: there was none.
    tags: BTreeMap<String, Option<Offset>>,
    open: Option<Open>,
    /// The last read was answered with a row, or that there is none.
    was_answered: bool,
}

/// What it waits for.
struct Open {
    job: u64,
    start: u64,
    ask: Ask,
    partition: PartitionId,
    key: String,
    began: Timestamp,
    /// Where the active one was seen to be when it asked.
    floor: Offset,
}

impl Client {
    pub(super) fn new(number: usize) -> Self {
        Self {
            number,
            is_session: number.is_multiple_of(2),
            positions: BTreeMap::new(),
            seen: BTreeMap::new(),
            tags: BTreeMap::new(),
            open: None,
            was_answered: false,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.open.is_none()
    }

    pub(super) fn was_answered(&self) -> bool {
        self.was_answered
    }

    /// Asks something of one of the processes that are there.
    pub(super) fn ask(&mut self, world: &mut World, history: &mut History) {
        let starts: Vec<u64> = world.peers.keys().copied().collect();
        let Some(start) = world.random.of(&starts).copied() else { return };
        let partition = PartitionId(world.random.below(u64::from(world.partitions)) as u32);
        let key = format!("p{partition}k{}", world.random.below(KEYS));
        let ask = match world.random.below(10) {
            0..3 => {
                let value = world.next_value();
                Ask::Write((!world.random.percent(20)).then_some(value))
            }
            3..5 => {
                let value = world.next_value();
                let tag = self.tags.get(&key).copied().flatten();
                Ask::WriteIf(value, tag.map_or(Condition::Absent, Condition::Is))
            }
            _ => Ask::Read(self.demand(world, partition)),
        };
        self.send(world, history, start, partition, key, ask);
    }

    /// Asks a process for the row as the active one has it.
    pub(super) fn ask_active(
        &mut self,
        world: &mut World,
        history: &mut History,
        start: u64,
        partition: PartitionId,
        key: String,
    ) {
        let ask = Ask::Read(Demand { active: true, ..Demand::default() });
        self.send(world, history, start, partition, key, ask);
    }

    fn demand(&self, world: &mut World, partition: PartitionId) -> Demand {
        let returns = world.keeps(ServingRule::SessionsReturnPositions);
        let last = self.positions.get(&partition).and_then(|position| position.0.checked_sub(1));
        let max_staleness_ms = match world.random.below(6) {
            0 => Some(world.random.below(300) as i64),
            1 => Some(world.random.below(5_000) as i64),
            _ => None,
        };
        Demand {
            at_least: last.map(Offset).filter(|_| self.is_session && returns),
            max_staleness_ms,
            active: world.random.percent(40),
        }
    }

    fn send(
        &mut self,
        world: &mut World,
        history: &mut History,
        start: u64,
        partition: PartitionId,
        key: String,
        ask: Ask,
    ) {
        let (job, began) = (world.next_job(), world.now);
        world.note(format!("client {} asks {start}: {job} {ask:?} {key}", self.number));
        if let Ask::WriteIf(value, condition) = ask {
            history.attempts.insert(value, condition);
        }
        let floor = history.floor(partition);
        let stage = Stage::Begin;
        let (held_until, is_hop) = (began, false);
        let sent =
            Job { id: job, ask: ask.clone(), partition, key: key.clone(), is_hop, began, stage, held_until };
        world.sent.push((start, sent));
        self.open = Some(Open { job, start, ask, partition, key, began, floor });
    }

    /// Looks whether there is an answer.
    pub(super) fn look(&mut self, world: &mut World, history: &mut History) {
        let Some(open) = &self.open else { return };
        let said = world.answers.remove(&open.job);
        let is_lost = !world.peers.contains_key(&open.start);
        if said.is_none() && !is_lost && world.now.millis_since(open.began) < PATIENCE_MS {
            return;
        }
        let Some(open) = self.open.take() else { return };
        self.was_answered = matches!(said, Some(Said::Row { .. }));
        match (said, &open.ask) {
            (Some(Said::Row { row, position, role, by }), Ask::Read(demand)) => {
                let demand = *demand;
                self.read(world, history, &open, demand, row, position, role, by);
            }
            (Some(Said::Written { offset, applied }), Ask::Write(value)) => {
                self.wrote(history, &open, *value, offset, applied);
            }
            (Some(Said::Written { offset, applied }), Ask::WriteIf(value, _)) => {
                self.wrote(history, &open, Some(*value), offset, applied);
            }
            (
                Some(said @ (Said::Precondition { .. } | Said::NotWritten | Said::NoActive | Said::NotKept)),
                Ask::WriteIf(value, _),
            )
            | (Some(said @ Said::NotWritten), Ask::Write(Some(value))) => {
                if let Said::Precondition { below, applied: true } = said {
                    history.raise(open.partition, below);
                }
                history.refused.insert(*value);
                self.tags.remove(&open.key);
            }
            _ => {}
        }
    }

    fn wrote(
        &mut self,
        history: &mut History,
        open: &Open,
        value: Option<u64>,
        offset: Offset,
        applied: bool,
    ) {
        self.tags.insert(open.key.clone(), value.map(|_| offset));
        let position = self.positions.entry(open.partition).or_default();
        *position = (*position).max(offset.next());
        history.acknowledged(open.partition, &open.key, value, offset, applied);
    }

    #[expect(clippy::too_many_arguments, reason = "it is what an answer has")]
    fn read(
        &mut self,
        world: &mut World,
        history: &mut History,
        open: &Open,
        demand: Demand,
        row: Option<(Offset, u64)>,
        position: Offset,
        role: Role,
        by: u64,
    ) {
        let Open { partition, key, began, floor, .. } = open;
        self.tags.insert(key.clone(), row.map(|(offset, _)| offset));
        let what = |text: String| format!("{key} by {by} ({role:?}) at {position}, {row:?}: {text}");
        let Some(shown) = history.shown(world, *partition, key, row, position) else {
            return world.broken(what("the log never had that".to_owned()));
        };
        if let Some(token) = demand.at_least.filter(|token| position <= *token) {
            return world.broken(what(format!("older than the token {token}")));
        }
        if let Some(limit) = demand.max_staleness_ms {
            let end = world.end_at(*partition, Timestamp(began.0 - limit));
            if position < end {
                return world.broken(what(format!("{end} is more than {limit} ms old")));
            }
        } else {
            let at_start = world.at_start[&by][partition.0 as usize];
            if position < at_start {
                return world.broken(what(format!("the log held {at_start} when the process started")));
            }
        }
        if demand.active && role != Role::Active {
            return world.broken(what("not by the active one".to_owned()));
        }
        if role == Role::Active {
            if position < *floor {
                return world.broken(what(format!("the active one was at {floor} before")));
            }
            history.raise(*partition, position);
        }
        if self.is_session {
            if self.seen.get(key).is_some_and(|before| shown.most < before.least) {
                return world.broken(what(format!("its session has seen {:?}", self.seen[key])));
            }
            let seen = self.seen.entry(key.clone()).or_insert(shown);
            seen.least = seen.least.max(shown.least);
            let known = self.positions.entry(*partition).or_default();
            *known = (*known).max(position);
        }
    }
}
