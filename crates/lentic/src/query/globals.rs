//! Global tables as stream tasks look them up.
use lentic_engine::stream::{GlobalRow, Globals};
use lentic_types::PartitionId;

use crate::RawTable;

/// By the plan's index.
pub(super) struct GlobalTables(pub(super) Vec<RawTable>);

impl Globals for GlobalTables {
    fn get(&self, table: usize, key: &[u8]) -> Result<Option<GlobalRow>, lentic_store::Error> {
        let Some(table) = self.0.get(table) else { return Ok(None) };
        // Who wrote the topic may have put the key anywhere: of several rows the newest counts.
        let mut newest: Option<GlobalRow> = None;
        for partition in 0..table.partitions() {
            let row = table.stored_row(PartitionId(partition), key)?;
            if let Some((value, timestamp)) = row
                && newest.as_ref().is_none_or(|(_, known)| *known < timestamp)
            {
                newest = Some((value, timestamp));
            }
        }
        Ok(newest)
    }
}
