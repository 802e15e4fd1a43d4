//! Until when a node may call itself active: the group drops members that it doesn't hear of, and they don't hear of it.
use std::collections::BTreeMap;

use lentic_types::ShardId;

/// The cluster's one lease time, in milliseconds.
const LEASE_MS: u64 = 3_000;

/// A shard of this node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owned {
    generation: i64,
    /// Before this its predecessor may still answer, and confirm writes.
    waits_until: u64,
    /// The ends that the logs had after that were reached.
    has_caught_up: bool,
    /// The ends that the logs had after the assignment were reached: what was written before it is here.
    has_rows: bool,
}

/// That a node was the active one of a shard when a read began, if it still is when the read is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    generation: i64,
}

/// What this node owns, and how long that is proven. Times are milliseconds of a clock that goes on while the machine is
/// suspended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    owned: BTreeMap<ShardId, Owned>,
    /// When the last fence that was confirmed had been sent.
    proven: Option<u64>,
}

impl Lease {
    /// The group gave shards. Until it is known that their predecessors ended, each waits for the end of their lease.
    pub fn assigned(&mut self, shards: impl IntoIterator<Item = ShardId>, generation: i64, now: u64) {
        for shard in shards {
            let waits_until = now.saturating_add(LEASE_MS);
            let owned = Owned { generation, waits_until, has_caught_up: false, has_rows: false };
            self.owned.entry(shard).or_insert(owned);
        }
    }

    /// Whether the predecessor of a shard may still answer. Who gives the shard up then tells so in its holder record
    /// ([`crate::HolderRecord::waits`]).
    pub fn waits(&self, shard: ShardId, now: u64) -> bool {
        self.owned.get(&shard).is_some_and(|owned| now < owned.waits_until)
    }

    /// The predecessor of a shard has ended, or there was none ([`crate::Holders::have_ended`]): it answers nothing any more.
    pub fn released(&mut self, shard: ShardId, now: u64) {
        if let Some(owned) = self.owned.get_mut(&shard) {
            owned.waits_until = owned.waits_until.min(now);
        }
    }

    /// The shards of which the ends of the logs are to be fetched now and reached: at once, to answer plain reads, and again
    /// when the predecessor answers nothing any more, to be active.
    pub fn to_catch_up(&self, now: u64) -> impl Iterator<Item = ShardId> + '_ {
        let is_behind =
            move |owned: &Owned| !owned.has_rows || (!owned.has_caught_up && now >= owned.waits_until);
        self.owned.iter().filter(move |(_, owned)| is_behind(owned)).map(|(shard, _)| *shard)
    }

    /// The ends that were fetched at `asked` are reached.
    pub fn caught_up(&mut self, shard: ShardId, asked: u64) {
        if let Some(owned) = self.owned.get_mut(&shard) {
            owned.has_rows = true;
            owned.has_caught_up |= asked >= owned.waits_until;
        }
    }

    /// The group took shards, or they are about to be given up.
    pub fn revoked(&mut self, shards: impl IntoIterator<Item = ShardId>) {
        for shard in shards {
            self.owned.remove(&shard);
        }
    }

    /// A fence that was sent at `sent` was confirmed.
    pub fn proven(&mut self, sent: u64) {
        self.proven = self.proven.max(Some(sent));
    }

    /// The shards of this node.
    pub fn owned(&self) -> impl Iterator<Item = ShardId> + '_ {
        self.owned.keys().copied()
    }

    /// Whether this node has the rows of a shard of its own, as they were when the group gave it: a copy may be far behind.
    pub fn has_rows(&self, shard: ShardId) -> bool {
        self.owned.get(&shard).is_some_and(|owned| owned.has_rows)
    }

    /// Since which generation a shard is this node's.
    pub fn generation(&self, shard: ShardId) -> Option<i64> {
        self.owned.get(&shard).map(|owned| owned.generation)
    }

    /// To be asked before a read. `None`: it will not be the active one's, whatever this node becomes until it is done: rows that
    /// were looked at before the ends were reached may be older than what the predecessor has shown.
    pub fn standing(&self, shard: ShardId) -> Option<Standing> {
        let owned = self.owned.get(&shard).filter(|owned| owned.has_caught_up);
        owned.map(|owned| Standing { generation: owned.generation })
    }

    /// Whether what was read since is the active one's. To be asked after the read.
    pub fn is_active_since(&self, shard: ShardId, standing: Standing, now: u64) -> bool {
        self.is_active(shard, now) && self.standing(shard) == Some(standing)
    }

    /// Whether this node is the active one, and nobody else.
    pub fn is_active(&self, shard: ShardId, now: u64) -> bool {
        let is_proven = self.proven.is_some_and(|sent| now < sent.saturating_add(LEASE_MS));
        is_proven && self.owned.get(&shard).is_some_and(|owned| owned.has_caught_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: ShardId = ShardId(1);

    #[test]
    fn active_is_what_is_proven() {
        let mut lease = Lease::default();
        lease.assigned([SHARD], 4, 10_000);
        lease.proven(10_500);
        assert_eq!(
            lease.to_catch_up(10_500).collect::<Vec<_>>(),
            [SHARD],
            "plain reads want all that there is"
        );
        assert!(!lease.has_rows(SHARD));
        lease.caught_up(SHARD, 10_500);
        assert!(lease.has_rows(SHARD));
        assert_eq!(lease.to_catch_up(12_999).count(), 0, "the predecessor may answer");
        assert!(lease.waits(SHARD, 12_999) && !lease.waits(SHARD, 13_000));
        lease.caught_up(SHARD, 12_999);
        assert!(!lease.is_active(SHARD, 13_000), "it may have confirmed a write after these ends");
        assert_eq!(lease.to_catch_up(13_000).collect::<Vec<_>>(), [SHARD]);
        lease.caught_up(SHARD, 13_000);
        assert_eq!(lease.to_catch_up(13_001).count(), 0);
        for (now, active) in [(13_001, true), (13_499, true), (13_500, false)] {
            assert_eq!(lease.is_active(SHARD, now), active, "{now}");
        }
        // An older confirmation that comes late takes nothing back.
        lease.proven(14_000);
        lease.proven(11_000);
        assert!(lease.is_active(SHARD, 16_999));
        lease.revoked([SHARD]);
        assert!(!lease.is_active(SHARD, 16_999) && !lease.has_rows(SHARD));
    }

    #[test]
    fn who_became_active_during_a_read_was_not_when_it_began() {
        let mut lease = Lease::default();
        lease.assigned([SHARD], 4, 0);
        lease.proven(3_000);
        assert_eq!(lease.standing(SHARD), None);
        lease.caught_up(SHARD, 3_000);
        let standing = lease.standing(SHARD).expect("it is active");
        assert!(lease.is_active_since(SHARD, standing, 3_001));
        assert!(!lease.is_active_since(SHARD, standing, 6_000), "the lease is over");
        // Meanwhile another one had it.
        lease.revoked([SHARD]);
        lease.assigned([SHARD], 6, 4_000);
        lease.released(SHARD, 4_000);
        lease.caught_up(SHARD, 4_000);
        assert!(lease.is_active(SHARD, 4_001) && !lease.is_active_since(SHARD, standing, 4_001));
    }

    #[test]
    fn nothing_is_proven_at_first() {
        let mut lease = Lease::default();
        lease.assigned([SHARD], 4, 0);
        lease.caught_up(SHARD, 3_000);
        assert!(!lease.is_active(SHARD, 3_000));
    }

    #[test]
    fn who_follows_one_that_has_ended_does_not_wait() {
        let mut lease = Lease::default();
        lease.assigned([SHARD], 4, 10_000);
        lease.proven(10_000);
        lease.released(SHARD, 10_001);
        lease.caught_up(SHARD, 10_001);
        assert!(lease.is_active(SHARD, 10_001));
        // Further generations of the same assignment change nothing.
        lease.assigned([SHARD], 5, 10_002);
        assert!(lease.is_active(SHARD, 10_003));
        assert_eq!(lease.generation(SHARD), Some(4));
    }
}
