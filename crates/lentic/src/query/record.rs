//! What the statement log remembers of a query, and whether another build of its program can go on with it.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use lentic_topology::Plan;
use lentic_topology::spec::{StoreKind, Topic};
use lentic_types::{FormatName, TableName};
use serde::{Deserialize, Serialize};

/// A query as it was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueryRecord {
    pub(crate) name: String,
    pub(crate) stores: Vec<StoreRecord>,
    pub(crate) parts: Vec<PartRecord>,
    /// For the diff with another build.
    pub(crate) description: String,
}

/// One of its stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreRecord {
    /// By which changelog and positions know it: a name that was handed over stays.
    pub(crate) name: TableName,
    pub(crate) kind: String,
    pub(crate) key: FormatName,
    pub(crate) value: FormatName,
    pub(crate) is_logged: bool,
    pub(crate) partitions: u32,
    pub(crate) part: String,
}

/// One of its subtopologies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) name: String,
    pub(crate) topics: Vec<String>,
    pub(crate) partitions: u32,
}

impl QueryRecord {
    pub(crate) fn of(plan: &Plan, partitions: &BTreeMap<Topic, u32>) -> Self {
        let (mut stores, mut parts) = (Vec::new(), Vec::new());
        for part in plan.subtopologies() {
            let tasks = plan.tasks(part, partitions);
            let topics = part.topics.iter().map(ToString::to_string).collect();
            parts.push(PartRecord { name: part.name.to_string(), topics, partitions: tasks });
            for index in &part.stores {
                let store = plan.store(*index);
                stores.push(StoreRecord {
                    name: store.log_name().clone(),
                    kind: kind(store.kind),
                    key: store.key.format,
                    value: store.value.format,
                    is_logged: store.logged,
                    partitions: tasks,
                    part: part.name.to_string(),
                });
            }
        }
        Self { name: plan.name().to_string(), stores, parts, description: plan.describe() }
    }

    /// By new part: the names that its tasks have in the records so far, the one to keep first. A part that shares a topic
    /// or a store with one of before goes on where that was.
    pub(crate) fn former_parts(&self, next: &Self) -> BTreeMap<String, Vec<String>> {
        let mut former = BTreeMap::new();
        for part in &next.parts {
            let mut names = BTreeSet::new();
            for old in &self.parts {
                let shares_topic = old.topics.iter().any(|topic| part.topics.contains(topic));
                let shares_store = self.stores.iter().filter(|store| store.part == old.name).any(|store| {
                    next.stores.iter().any(|other| other.name == store.name && other.part == part.name)
                });
                if shares_topic || shares_store {
                    names.insert(old.name.clone());
                }
            }
            former.insert(part.name.clone(), names.into_iter().collect());
        }
        former
    }

    /// Why a query that was started as `self` can't go on as `next`: what would be lost, with both topologies.
    pub(crate) fn check(&self, next: &Self) -> Result<(), String> {
        let mut losses = Vec::new();
        for store in self.stores.iter().filter(|store| store.is_logged) {
            match next.stores.iter().find(|other| other.name == store.name) {
                None => losses.push(format!(
                    "the store {} is gone: keep it, or hand it over to the one that replaces it \
                     (`Materialized::named(...).takes_over({:?})`)",
                    store.name,
                    store.name.as_str()
                )),
                Some(other) => {
                    let shape = |store: &StoreRecord| (store.kind.clone(), store.key, store.value);
                    if shape(other) != shape(store) {
                        losses.push(format!(
                            "the store {} was {} of {} and {}, and would be {} of {} and {}: give the new one another \
                             name",
                            store.name, store.kind, store.key, store.value, other.kind, other.key, other.value
                        ));
                    }
                    if other.partitions != store.partitions {
                        losses.push(format!(
                            "the store {} has {} partitions, and its inputs {} now: rows would be looked for in other \
                             partitions than they are in",
                            store.name, store.partitions, other.partitions
                        ));
                    }
                }
            }
        }
        if losses.is_empty() {
            return Ok(());
        }
        let mut text = format!("the topology {} has changed so that state would be lost:\n", self.name);
        for loss in losses {
            let _ = writeln!(text, "- {loss}");
        }
        let _ = write!(
            text,
            "What was (-) and what would be (+):\n{}",
            diff(&self.description, &next.description)
        );
        Err(text)
    }
}

fn kind(kind: StoreKind) -> String {
    match kind {
        StoreKind::KeyValue => "key-value",
        StoreKind::Window { .. } => "window",
        StoreKind::Session { .. } => "session",
        StoreKind::Versioned { .. } => "versioned",
        StoreKind::Ordered => "ordered",
    }
    .to_owned()
}

/// Lines that only one of two texts has, in their places.
fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    // Lengths of the longest common subsequences of the rests.
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            let _ = writeln!(text, "  {}", old[i]);
            (i, j) = (i + 1, j + 1);
        } else if j >= new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            let _ = writeln!(text, "- {}", old[i]);
            i += 1;
        } else {
            let _ = writeln!(text, "+ {}", new[j]);
            j += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use lentic_topology::{Materialized, Topology};

    use super::*;

    fn record(build: impl Fn(&Topology)) -> QueryRecord {
        let topology = Topology::new("q");
        build(&topology);
        let plan = topology.build().expect("a topology");
        QueryRecord::of(&plan, &plan.partitions(&mut |_| Some(2)).expect("topics"))
    }

    #[test]
    fn what_would_be_lost_is_told() {
        let count = |store: Materialized| {
            record(move |topology| {
                let _counts = topology.stream::<String, String>("in").group_by_key().count(store.clone());
            })
        };
        let first = count("counts".into());
        assert_eq!(first.check(&first), Ok(()));
        let renamed = first.check(&count("totals".into())).unwrap_err();
        assert!(renamed.contains("the store counts is gone") && renamed.contains("+   totals"), "{renamed}");
        assert_eq!(first.check(&count(Materialized::named("totals").takes_over("counts"))), Ok(()));
        let other = record(|topology| {
            let stream = topology.stream::<String, String>("in");
            let _ = stream.group_by_key().reduce("counts", |one, other| one + other);
        });
        assert!(first.check(&other).unwrap_err().contains("key-value of string and bigint"));
    }

    #[test]
    fn a_part_goes_on_where_it_was() {
        let first = record(|topology| {
            let _counts = topology.stream::<String, String>("in").group_by_key().count("counts");
        });
        let edited = record(|topology| {
            let more = topology.stream::<String, String>("a-topic-that-sorts-before");
            let _counts = topology.stream::<String, String>("in").merge(&more).group_by_key().count("counts");
        });
        assert_eq!(
            first.former_parts(&edited),
            BTreeMap::from([("a-topic-that-sorts-before".to_owned(), vec!["in".to_owned()])])
        );
    }
}
