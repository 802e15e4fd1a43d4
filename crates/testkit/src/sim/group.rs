//! The consumer group: members, generations, and the cooperative protocol, by which a shard is given up in one generation and
//! given on in a later one.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_types::{ShardId, Timestamp};

use crate::sim::Random;

/// `session.timeout.ms`.
pub(crate) const SESSION_MS: u64 = 10_000;

/// How long a rebalance waits for a member that lives and doesn't join (`max.poll.interval.ms`).
const REBALANCE_MS: u64 = 20_000;

/// Whom a request comes from: the metadata of a group's consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The static id (`group.instance.id`).
    pub(crate) node: Arc<str>,
    /// New at each start, as the coordinator gives it.
    pub(crate) member: u64,
    pub(crate) generation: i64,
}

struct Member {
    id: u64,
    heard_of: Timestamp,
    has_joined: bool,
    /// What it said that it owned when it joined.
    owned: BTreeSet<ShardId>,
    assigned: BTreeSet<ShardId>,
}

/// What the group says to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is not of the group: whatever it had is lost.
    Unknown,
    /// A rebalance is under way, and it has to join.
    Join,
    /// A rebalance is under way, and it has joined.
    Wait,
    /// These are its shards.
    Assigned(i64, BTreeSet<ShardId>),
}

pub(crate) struct Group {
    shards: u32,
    generation: i64,
    members: BTreeMap<Arc<str>, Member>,
    /// Since when a rebalance is under way.
    rebalancing: Option<Timestamp>,
    /// Where each shard is to go, by a number that is taken modulo the members.
    wishes: Vec<u64>,
}

impl Group {
    pub(crate) fn new(shards: u32) -> Self {
        let wishes = (0..u64::from(shards)).collect();
        Self { shards, generation: 0, members: BTreeMap::new(), rebalancing: None, wishes }
    }

    /// Whether the group knows this member and generation.
    pub(crate) fn knows(&self, membership: &Membership) -> bool {
        let member = self.members.get(&membership.node);
        membership.generation == self.generation && member.is_some_and(|known| known.id == membership.member)
    }

    /// A member joins, with what it owns. One with the static id of another takes its place, and its shards if no rebalance
    /// is under way; the other is fenced.
    pub(crate) fn join(&mut self, node: &Arc<str>, id: u64, owned: BTreeSet<ShardId>, now: Timestamp) {
        match self.members.get_mut(node) {
            Some(member) if member.id == id => {
                (member.heard_of, member.owned) = (now, owned);
                self.rebalance(now);
            }
            Some(member) => {
                (member.id, member.heard_of, member.owned) = (id, now, owned);
                if self.rebalancing.is_none() && self.is_whole() {
                    return;
                }
                self.rebalance(now);
            }
            None => {
                let assigned = BTreeSet::new();
                let member = Member { id, heard_of: now, has_joined: false, owned, assigned };
                self.members.insert(Arc::clone(node), member);
                self.rebalance(now);
            }
        }
        if let Some(member) = self.members.get_mut(node) {
            member.has_joined = true;
        }
        self.complete();
    }

    /// What the group says to a member that asks.
    pub(crate) fn poll(&mut self, node: &Arc<str>, id: u64) -> Answer {
        match self.members.get(node).filter(|member| member.id == id) {
            None => Answer::Unknown,
            Some(member) if self.rebalancing.is_some() && member.has_joined => Answer::Wait,
            Some(_) if self.rebalancing.is_some() => Answer::Join,
            Some(member) => Answer::Assigned(self.generation, member.assigned.clone()),
        }
    }

    /// Whether another process has the place of a member.
    pub(crate) fn knows_another(&self, node: &Arc<str>, id: u64) -> bool {
        self.members.get(node).is_some_and(|member| member.id != id)
    }

    /// A sign of life.
    pub(crate) fn heartbeat(&mut self, node: &Arc<str>, id: u64, now: Timestamp) {
        if let Some(member) = self.members.get_mut(node).filter(|member| member.id == id) {
            member.heard_of = now;
        }
    }

    /// The group doesn't know the member any more, as if its session had ended.
    pub(crate) fn drop_member(&mut self, node: &Arc<str>, now: Timestamp) {
        if self.members.remove(node).is_some() {
            self.rebalance(now);
            self.complete();
        }
    }

    /// Another placement is wanted: some shards move.
    pub(crate) fn shuffle(&mut self, random: &mut Random, now: Timestamp) {
        for wish in &mut self.wishes {
            if random.percent(60) {
                *wish = random.below(1_000);
            }
        }
        self.rebalance(now);
    }

    /// Members that were not heard of are dropped.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let waits_long = self.rebalancing.is_some_and(|since| now.millis_since(since) > REBALANCE_MS);
        let is_gone = |member: &Member| {
            now.millis_since(member.heard_of) > SESSION_MS || (waits_long && !member.has_joined)
        };
        let gone: Vec<_> = self
            .members
            .iter()
            .filter(|(_, member)| is_gone(member))
            .map(|(node, _)| Arc::clone(node))
            .collect();
        for node in gone {
            self.drop_member(&node, now);
        }
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.rebalancing.is_none()
    }

    /// Whether every shard is assigned. Kafka does not ask that where a static member takes its place again between the two
    /// halves of a rebalance, and leaves a shard to nobody until the next one; the model goes on with it.
    fn is_whole(&self) -> bool {
        self.members.values().map(|member| member.assigned.len()).sum::<usize>() == self.shards as usize
    }

    fn rebalance(&mut self, now: Timestamp) {
        if self.rebalancing.is_none() {
            self.rebalancing = Some(now);
            for member in self.members.values_mut() {
                member.has_joined = false;
            }
        }
    }

    /// Once everybody has joined: who owns a shard that is to go elsewhere has it taken, and it is given to the other when
    /// that one has given it up and joined again.
    fn complete(&mut self) {
        if self.rebalancing.is_none() || self.members.values().any(|member| !member.has_joined) {
            return;
        }
        self.rebalancing = None;
        self.generation += 1;
        let nodes: Vec<_> = self.members.keys().cloned().collect();
        for member in self.members.values_mut() {
            member.assigned.clear();
        }
        for shard in (0..self.shards).map(ShardId) {
            if nodes.is_empty() {
                break;
            }
            let to = &nodes[(self.wishes[shard.0 as usize] % nodes.len() as u64) as usize];
            let owner = self.members.iter().find(|(_, member)| member.owned.contains(&shard));
            let is_free = owner.is_none_or(|(node, _)| node == to);
            if let Some(member) = self.members.get_mut(to).filter(|_| is_free) {
                member.assigned.insert(shard);
            }
        }
    }
}
