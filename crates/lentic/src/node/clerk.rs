//! The thread that asks the log for what is not records: ends, topics, the facts that recovery decides on.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use lentic_engine::log::{self, Bounds, Log, Topic};
use lentic_engine::{Event, Facts, TaskId};
use lentic_store::Database;
use lentic_store::layout::{PositionRecord, position_key};
use lentic_types::{TopicName, TopicPartition};

use super::{Node, Shared, now, thread, vital_thread};
use crate::{NodeError, RawTable};

/// Every how many looks at the ends the topics themselves are looked at.
const TOPIC_ROUNDS: u32 = 10;

/// After how long a question that the log could not answer is asked again; each time twice as long, up to a round. A
/// client that has just started knows a partition's leader a moment later.
const AGAIN: Duration = Duration::from_millis(20);

/// And the space of deleted rows is given back.
const COMPACTION_ROUNDS: u32 = 60;

pub(crate) fn spawn(
    shared: &Arc<Shared>,
    examinations: Receiver<TaskId>,
) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "clerk", move |shared| run(shared, &examinations))
}

fn run(shared: &Arc<Shared>, examinations: &Receiver<TaskId>) {
    let every = Duration::from_millis(shared.config.ends_refresh_ms);
    let (mut next, mut round) = (Instant::now() + every, 0u32);
    let mut again = BTreeMap::new();
    let (mut again_at, mut pause) = (Instant::now(), AGAIN);
    let mut compaction: Option<JoinHandle<()>> = None;
    while !shared.inbox.stopped() {
        let due = if again.is_empty() { next } else { next.min(again_at) };
        match examinations
            .recv_timeout(due.saturating_duration_since(Instant::now()).min(Duration::from_millis(100)))
        {
            Ok(task) => examine(shared, &task, &mut again),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if again.is_empty() {
            pause = AGAIN;
        } else if Instant::now() >= again_at {
            for (task, ()) in std::mem::take(&mut again) {
                examine(shared, &task, &mut again);
            }
            again_at = Instant::now() + pause;
            pause = (2 * pause).min(every);
        }
        if Instant::now() < next {
            continue;
        }
        next = Instant::now() + every;
        round = round.wrapping_add(1);
        look_at_membership(shared);
        refresh_ends(shared);
        if round.is_multiple_of(TOPIC_ROUNDS) {
            refresh_topics(shared);
        }
        if round.is_multiple_of(COMPACTION_ROUNDS) && compaction.as_ref().is_none_or(JoinHandle::is_finished)
        {
            compaction = compact(Arc::clone(&shared.database));
        }
        if let Err(error) = shared.database.flush_dirty() {
            shared.fail(error.to_string());
        }
    }
}

/// Another process in this node's place ends it.
fn look_at_membership(shared: &Shared) {
    let mut membership = shared.membership.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(Err(error)) = membership.as_mut().map(|membership| membership.check(&shared.cluster)) {
        shared.fail(error.to_string());
    }
}

/// What dropped tables and old builds took comes back. Nobody waits for it: it may take minutes, and ends when the database
/// is closed.
fn compact(database: Arc<dyn Database>) -> Option<JoinHandle<()>> {
    let compact = move || {
        if let Err(error) = database.compact_deleted() {
            tracing::warn!("the space of deleted rows did not come back: {error}");
        }
    };
    thread("compaction", compact).ok()
}

/// Asks for all ends at once: they prove stores current and show what retention removed.
fn refresh_ends(shared: &Shared) {
    let mut partitions: Vec<_> = shared.registry.tables().iter().flat_map(sources).collect();
    partitions.sort();
    partitions.dedup();
    if partitions.is_empty() {
        return;
    }
    let asked_at = now();
    match shared.log.bounds(&partitions) {
        Ok(found) => {
            let bounds = partitions.into_iter().zip(found).filter_map(|(partition, found)| match found {
                Ok(bounds) => Some((partition, bounds)),
                Err(error) => {
                    tracing::debug!(%partition, "the end of the log is unknown: {error}");
                    None
                }
            });
            shared.inbox.event(Event::Bounds(asked_at, bounds.collect()));
        }
        Err(error) => tracing::debug!("the ends of the log are unknown: {error}"),
    }
}

fn sources(table: &RawTable) -> impl Iterator<Item = TopicPartition> + use<> {
    let topic = table.inner.topic.load().name.clone();
    let ids: Vec<_> = table.kept_partitions().collect();
    ids.into_iter().map(move |id| TopicPartition::new(topic.clone(), id))
}

/// Notices topics that were deleted, created again, or changed.
fn refresh_topics(shared: &Arc<Shared>) {
    let mut seen: BTreeMap<TopicName, Option<Topic>> = BTreeMap::new();
    for table in shared.registry.tables() {
        let known = table.inner.topic.load_full();
        let found = match seen.get(&known.name) {
            Some(found) => found.clone(),
            None => match shared.log.topic(&known.name) {
                Ok(found) => seen.entry(known.name.clone()).or_insert(found).clone(),
                Err(_) => continue,
            },
        };
        if found.as_ref().is_none_or(|found| found.id != known.id) {
            for source in sources(&table) {
                shared.inbox.event(Event::TopicChanged(source));
            }
        }
        let Some(found) = found.filter(|found| found.id == known.id) else { continue };
        if found.partitions > table.partitions() {
            // Not under a load that is still writing rows.
            if table.is_ready() {
                Node { shared: Arc::clone(shared) }.grow_table(&table, found);
            }
        } else if found != *known {
            table.inner.topic.store(Arc::new(found));
        }
    }
}

/// Answers an examination; what the log can't tell now is asked for again a moment later.
fn examine(shared: &Shared, task: &TaskId, again: &mut BTreeMap<TaskId, ()>) {
    let Some(table) = shared.table_of(task) else { return };
    let Some(partition) = table.partition(task.partition) else { return };
    let known = table.inner.topic.load_full();
    let topic = match shared.log.topic(&known.name) {
        Ok(Some(topic)) if topic.partitions == table.partitions() => topic,
        // Those that were added come later, to a table that is ready.
        Ok(Some(topic)) if topic.partitions > table.partitions() && topic.id == known.id => topic,
        Ok(Some(topic)) => {
            let reason = format!(
                "the topic {} has {} partitions and the table was declared with {}: drop the table and declare it anew",
                topic.name,
                topic.partitions,
                table.partitions()
            );
            again.insert(task.clone(), ());
            return shared.inbox.fail(task.clone(), reason);
        }
        Ok(None) => {
            again.insert(task.clone(), ());
            let reason =
                format!("the topic {} does not exist (any more): create it, or drop the table", known.name);
            return shared.inbox.fail(task.clone(), reason);
        }
        Err(_) => {
            again.insert(task.clone(), ());
            return;
        }
    };
    if topic != *known {
        table.inner.topic.store(Arc::new(topic.clone()));
    }
    if topic.id != known.id {
        // The next look at the topics finds no difference any more.
        for other in sources(&table).filter(|other| other.partition != partition.id) {
            shared.inbox.event(Event::TopicChanged(other));
        }
    }
    let source = TopicPartition::new(topic.name.clone(), partition.id);
    let asked_at = now();
    match shared.log.bounds_of(&source) {
        Ok(bounds) => {
            let facts = Facts { asked_at, ..partition_facts(&*shared.log, &table, &topic, &source, bounds) };
            shared.inbox.event(Event::Examined(task.clone(), facts));
        }
        Err(_) => drop(again.insert(task.clone(), ())),
    }
}

/// The facts of a table's partitions, in order, as far as the log can be asked now.
pub(crate) fn facts(log: &dyn Log, table: &RawTable, topic: &Topic) -> Vec<Option<Facts>> {
    let sources: Vec<_> = sources(table).collect();
    let asked_at = now();
    let bounds = log.bounds(&sources).unwrap_or_default();
    let of = |(source, bounds): (_, log::Result<Bounds>)| {
        Some(Facts { asked_at, ..partition_facts(log, table, topic, source, bounds.ok()?) })
    };
    sources.iter().zip(bounds).map(of).collect()
}

fn partition_facts(
    log: &dyn Log,
    table: &RawTable,
    topic: &Topic,
    source: &TopicPartition,
    bounds: Bounds,
) -> Facts {
    let epoch_below = stored_position(table, source)
        .filter(|stored| stored.position.epoch >= 0 && stored.read_to <= bounds.end)
        .and_then(|stored| log.epoch_below(source, stored.read_to).ok().flatten());
    let settings = &topic.settings;
    Facts {
        topic: topic.id,
        bounds,
        epoch_below,
        horizon_ms: settings.cleanup.compact.then_some(settings.delete_retention_ms.max(0) as u64),
        asked_at: now(),
    }
}

fn stored_position(table: &RawTable, source: &TopicPartition) -> Option<PositionRecord> {
    let partition = table.partition(source.partition)?;
    let bytes = partition.store.get(&position_key(table.inner.store_id, source.partition)).ok()??;
    PositionRecord::from_bytes(&bytes).ok()
}
