//! Where copies are kept: a pure function of who is there, which every node computes alike.
use lentic_types::ShardId;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A node that can keep a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub node: crate::NodeId,
    /// Its failure domain.
    pub rack: Option<String>,
}

/// The nodes that keep copies of a shard beside its owner: rendezvous hashing, so that a node that comes or goes moves only
/// its own; racks that have no copy yet come first.
pub fn standbys<'a>(
    shard: ShardId,
    owner: Option<&str>,
    candidates: &'a [Candidate],
    replicas: usize,
) -> Vec<&'a Candidate> {
    let mut racks: Vec<_> = candidates
        .iter()
        .filter(|one| Some(&*one.node) == owner)
        .filter_map(|one| one.rack.as_ref())
        .collect();
    let mut left: Vec<_> = candidates.iter().filter(|one| Some(&*one.node) != owner).collect();
    left.sort_by_key(|one| (std::cmp::Reverse(score(shard, &one.node)), one.node.clone()));
    let mut chosen = Vec::new();
    while chosen.len() < replicas && !left.is_empty() {
        let elsewhere =
            left.iter().position(|one| one.rack.as_ref().is_none_or(|rack| !racks.contains(&rack)));
        let next = left.remove(elsewhere.unwrap_or(0));
        racks.extend(&next.rack);
        chosen.push(next);
    }
    chosen
}

fn score(shard: ShardId, node: &str) -> u64 {
    xxh3_64_with_seed(node.as_bytes(), u64::from(shard.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn nodes(list: &[(&str, Option<&str>)]) -> Vec<Candidate> {
        list.iter()
            .map(|(node, rack)| Candidate { node: (*node).into(), rack: rack.map(str::to_owned) })
            .collect()
    }

    fn of(shard: u32, owner: &str, nodes: &[Candidate], replicas: usize) -> Vec<String> {
        let chosen = standbys(ShardId(shard), Some(owner), nodes, replicas);
        chosen.into_iter().map(|one| one.node.to_string()).collect()
    }

    #[test]
    fn never_beside_the_owner_and_evenly() {
        let all = nodes(&[("a", None), ("b", None), ("c", None), ("d", None)]);
        let mut count = BTreeMap::<String, u32>::new();
        for shard in 0..1_000 {
            let chosen = of(shard, "a", &all, 2);
            assert_eq!(chosen.len(), 2);
            assert!(!chosen.contains(&"a".to_owned()) && chosen[0] != chosen[1]);
            for node in chosen {
                *count.entry(node).or_default() += 1;
            }
        }
        assert!(count.values().all(|shards| (580..750).contains(shards)), "{count:?}");
        assert_eq!(of(1, "a", &nodes(&[("a", None)]), 2), [""; 0]);
    }

    #[test]
    fn who_leaves_moves_only_its_own() {
        let all = nodes(&[("a", None), ("b", None), ("c", None), ("d", None)]);
        let without = nodes(&[("a", None), ("b", None), ("c", None)]);
        for shard in 0..100 {
            let before = of(shard, "a", &all, 1);
            if before != ["d"] {
                assert_eq!(of(shard, "a", &without, 1), before);
            }
        }
    }

    #[test]
    fn other_racks_first() {
        let all = nodes(&[("a", Some("1")), ("b", Some("1")), ("c", Some("2")), ("d", Some("3"))]);
        for shard in 0..100 {
            let mut chosen = of(shard, "a", &all, 2);
            chosen.sort();
            assert_eq!(chosen, ["c", "d"]);
            assert!(of(shard, "a", &all, 3).contains(&"b".to_owned()));
        }
    }
}
