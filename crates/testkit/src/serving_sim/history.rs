//! What clients were told, and whether that can be.
use std::collections::{BTreeMap, BTreeSet};

use lentic_types::{Offset, PartitionId};

use super::job::Condition;
use super::tables::number;
use super::world::{World, source};
use crate::sim::log::Isolation;

/// Which record of a key an answer shows, as offsets of which the first is possible and the last, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) least: Offset,
    pub(super) most: Offset,
}

struct Acknowledged {
    partition: PartitionId,
    key: String,
    value: Option<u64>,
    offset: Offset,
}

#[derive(Default)]
pub(super) struct History {
    acknowledged: Vec<Acknowledged>,
    /// Values that must not be in the log.
    pub(super) refused: BTreeSet<u64>,
    /// Conditional writes, by their values.
    pub(super) attempts: BTreeMap<u64, Condition>,
    /// By partition: how far the active one has been seen to be.
    floors: BTreeMap<PartitionId, Offset>,
}

impl History {
    pub(super) fn floor(&self, partition: PartitionId) -> Offset {
        self.floors.get(&partition).copied().unwrap_or_default()
    }

    pub(super) fn raise(&mut self, partition: PartitionId, position: Offset) {
        let floor = self.floors.entry(partition).or_default();
        *floor = (*floor).max(position);
    }

    pub(super) fn acknowledged(
        &mut self,
        partition: PartitionId,
        key: &str,
        value: Option<u64>,
        offset: Offset,
        applied: bool,
    ) {
        if applied {
            self.raise(partition, offset.next());
        }
        self.acknowledged.push(Acknowledged { partition, key: key.to_owned(), value, offset });
    }

    /// Which record of the key an answer shows that has everything below the position; `None`: none that was ever the last one.
    pub(super) fn shown(
        &self,
        world: &World,
        partition: PartitionId,
        key: &str,
        row: Option<(Offset, u64)>,
        position: Offset,
    ) -> Option<Shown> {
        let (mut last, mut possible) = ((Offset(0), None), Vec::new());
        for (offset, value) in records(world, partition, key) {
            if offset >= position {
                possible.push(last);
            }
            last = (offset.next(), value.map(|value| (offset, value)));
        }
        possible.push(last);
        let mut fitting = possible.iter().filter(|(_, found)| *found == row).map(|(offset, _)| *offset);
        let least = fitting.next()?;
        Some(Shown { least, most: fitting.next_back().unwrap_or(least) })
    }

    /// What must be in the log is there, and what must not is not.
    pub(super) fn check(&self, world: &World) -> Result<(), String> {
        for Acknowledged { partition, key, value, offset } in &self.acknowledged {
            let found = records(world, *partition, key).find(|(found, _)| found == offset);
            if found.as_ref().map(|(_, found)| *found) != Some(*value) {
                return Err(format!(
                    "{key} = {value:?} was acknowledged at {offset}, and is lost: {found:?}"
                ));
            }
        }
        let mut written = BTreeSet::new();
        for partition in world.all_partitions() {
            let mut rows: BTreeMap<Vec<u8>, Offset> = BTreeMap::new();
            let source = source(partition);
            let Some(log) = world.broker.log(&source) else { continue };
            for (offset, record, _) in log.records(Offset(0), Isolation::Committed) {
                let key = record.key.clone().unwrap_or_default();
                let before = rows.get(&key).copied();
                let Some(value) = record.value.as_deref().map(number) else {
                    rows.remove(&key);
                    continue;
                };
                rows.insert(key, offset);
                if self.refused.contains(&value) {
                    return Err(format!("{value} was refused, and is at {source} {offset}"));
                }
                if !written.insert(value) {
                    return Err(format!("{value} is twice in the log, again at {source} {offset}"));
                }
                let holds = match self.attempts.get(&value) {
                    None => true,
                    Some(Condition::Absent) => before.is_none(),
                    Some(Condition::Is(wanted)) => before == Some(*wanted),
                };
                if !holds {
                    let condition = self.attempts.get(&value);
                    return Err(format!(
                        "{value} at {source} {offset}: {condition:?}, and it was {before:?}"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The committed records of a key.
pub(super) fn records<'a>(
    world: &'a World,
    partition: PartitionId,
    key: &'a str,
) -> impl Iterator<Item = (Offset, Option<u64>)> + 'a {
    let log = world.broker.log(&source(partition));
    let all = log.into_iter().flat_map(|log| log.records(Offset(0), Isolation::Committed));
    all.filter(move |(_, record, _)| record.key.as_deref() == Some(key.as_bytes()))
        .map(|(offset, record, _)| (offset, record.value.as_deref().map(number)))
}
