//! From following to leading and back: a store's rows come from its changelog until its task leads, and from the task's
//! commits then.
use std::sync::Arc;

use lentic_engine::stream::Place;
use lentic_engine::{TaskId, TaskState, TaskView};
use lentic_store::layout::{PositionRecord, position_key};
use lentic_topology::spec::StoreIndex;
use lentic_types::{Offset, PartitionId, Position, Timestamp};

use super::{Inner, QueryError};
use crate::node::{Shared, now};
use crate::{NodeError, RawTable};

impl Shared {
    /// Takes the stores of tasks out of the applier's hands: nothing but the tasks writes them from now on. `Err`: some of them
    /// may be; [`Shared::follow`] gives them back.
    pub(super) fn unfollow<'a>(
        &self,
        tasks: impl Iterator<Item = (&'a Inner, &'a TaskId)>,
    ) -> Result<(), QueryError> {
        let mut followers = Vec::new();
        for (query, task) in tasks {
            let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
            let tables =
                part.into_iter().flat_map(|part| &part.stores).filter_map(|index| query.tables.get(index));
            followers
                .extend(tables.map(|table| TaskId::of_table(table.spec().name.as_str(), task.partition)));
        }
        if self.inbox.revoke_all(followers) {
            return Ok(());
        }
        Err(NodeError::Io("the stores of a query are not given up in time".to_owned()).into())
    }

    /// The stores of a task that nobody else writes: see [`Shared::unfollow`].
    pub(super) fn lead(&self, query: &Inner, task: &TaskId) -> Result<Vec<Place>, QueryError> {
        let mut places = Vec::new();
        let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        for index in part.map(|part| part.stores.clone()).unwrap_or_default() {
            match query.tables.get(&index) {
                Some(table) => places.push(self.lead_store(index, table, task.partition)?),
                None => places.push(self.unlogged(query, index, task)?),
            }
        }
        Ok(places)
    }

    fn lead_store(
        &self,
        index: StoreIndex,
        table: &RawTable,
        partition: PartitionId,
    ) -> Result<Place, QueryError> {
        let shared = table.partition(partition).ok_or_else(|| {
            lentic_store::Error::Corrupt(format!("{} has no partition {partition}", table.spec().name))
        })?;
        let view = shared.view();
        let stored = shared.store.get(&position_key(table.inner.store_id, partition))?;
        let stored = stored.as_deref().map(PositionRecord::from_bytes).transpose()?;
        let mut record = stored.unwrap_or(PositionRecord {
            position: Position { topic: table.topic_id(), offset: Offset(0), epoch: -1 },
            read_to: Offset(0),
            incarnation: view.incarnation,
            current_at: now(),
            log_start: view.log_start,
            partitioners: view.partitioners,
            null_keys: view.null_keys,
            observed: Timestamp::NONE,
        });
        // What lies between are markers and aborted records.
        record.position.offset = record.position.offset.max(view.progress.position);
        record.read_to = record.read_to.max(record.position.offset);
        Ok(Place {
            index,
            store: Arc::clone(&shared.store),
            id: table.inner.store_id,
            incarnation: record.incarnation,
            record: Some(record),
        })
    }

    /// A store without a changelog: what is on the disk is all there is.
    fn unlogged(
        &self,
        query: &Inner,
        index: StoreIndex,
        task: &TaskId,
    ) -> Result<Place, lentic_store::Error> {
        let store = query.plan.store(index);
        let owner = super::stores::owner(&task.query, &task.subtopology);
        let id = self.unlogged_store_id(&store.name, query.created, task.partition, &owner)?;
        let family = self.family_of(&owner, task.partition, !store.persistent)?;
        let incarnation = lentic_store::layout::Incarnation(0);
        Ok(Place { index, store: family, id, incarnation, record: None })
    }

    /// Gives the stores of a task back: their rows come from the changelogs again.
    pub(super) fn follow(&self, query: &Inner, task: &TaskId) {
        let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        for index in part.map(|part| part.stores.clone()).unwrap_or_default() {
            if let Some(table) = query.tables.get(&index) {
                self.assign_partition(table, task.partition);
            }
        }
    }
}

/// What readers may know of a store's partition that its task leads, at this position.
pub(super) fn led(before: TaskView, position: Offset) -> TaskView {
    let mut view = before;
    view.state = TaskState::Live;
    view.progress.position = view.progress.position.max(position);
    view.progress.end = view.progress.position;
    view.progress.current_at = Some(now());
    view.blocked = false;
    view
}
