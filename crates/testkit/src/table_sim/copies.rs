//! Copies of the rows that other nodes would have: taken from this one at some moment, given to it at a later one.
use std::collections::BTreeMap;
use std::ops::Bound;

use lentic_engine::Event;
use lentic_engine::load::Load;
use lentic_engine::seed::Seeder;
use lentic_store::Order;
use lentic_store::layout::{PositionRecord, RowPrefix};
use lentic_types::PartitionId;

use super::{FAMILY, STORE, TableSim};
use crate::sim::Disk;

/// More than one, so that an answer that breaks off can be continued from another moment.
const COPIES: usize = 3;

/// What a node would tell.
pub(super) struct Copy {
    record: PositionRecord,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl TableSim {
    /// Another node has what this one has now, and stays there.
    pub(super) fn copy(&mut self) {
        let Some(node) = self.node.as_ref().filter(|node| node.is_sound()) else { return };
        let Some(mut record) = self.disk.position(FAMILY, STORE, PartitionId(0)) else { return };
        record.position.offset = record.position.offset.max(node.view.progress.position);
        record.current_at = record.current_at.max(node.view.progress.current_at.unwrap_or(record.current_at));
        record.log_start = record.log_start.max(node.view.log_start);
        let prefix = RowPrefix::new(STORE, PartitionId(0), node.view.incarnation);
        let copy = Copy { record, rows: rows(&self.disk, prefix) };
        if self.copies.len() == COPIES {
            self.copies.remove(0);
        }
        self.copies.push(copy);
    }

    /// Rows of copies instead of a load; those of a topic that was created again are not asked for. `false`: there are none.
    pub(super) fn seed(&mut self, load: &Load) -> bool {
        self.copies.retain(|copy| copy.record.position.topic == self.log.id);
        if !load.seedable || self.copies.is_empty() {
            return false;
        }
        let mut seeder = Seeder::new(load.clone());
        loop {
            let copy = &self.copies[self.random.below(self.copies.len() as u64) as usize];
            seeder.begin(&copy.record).expect("copies of one topic");
            let from = seeder.last().map_or(Bound::Unbounded, |last| Bound::Excluded(last.to_vec()));
            let mut breaks_off = false;
            for (key, stored) in copy.rows.range((from, Bound::Unbounded)) {
                seeder.put(key, stored).expect("the model's disk does not fail");
                breaks_off = self.random.below(6) == 0;
                if breaks_off {
                    break;
                }
            }
            if !breaks_off {
                break;
            }
            if self.random.below(8) == 0 {
                self.crash();
                return true;
            }
            if self.random.below(8) == 0 {
                self.handle(Event::LoadFailed(Box::new(load.clone()), "nobody goes on".to_owned()));
                return true;
            }
        }
        let record = seeder.finish().expect("the model's disk does not fail").expect("it had begun");
        self.note(&format!("seeded to {}", record.position.offset));
        self.seeded += 1;
        self.handle(Event::Seeded(Box::new(load.clone()), record));
        true
    }
}

fn rows(disk: &Disk, prefix: RowPrefix) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let store = disk.family(FAMILY);
    let mut cursor = store.cursor(prefix.range(), Order::Ascending).expect("the model's disk does not fail");
    let mut rows = BTreeMap::new();
    while let Some((key, stored)) = cursor.next().expect("the model's disk does not fail") {
        rows.insert(RowPrefix::strip(key).to_vec(), stored.to_vec());
    }
    rows
}
