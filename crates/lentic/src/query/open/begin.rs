//! Tasks whose stores are there begin.
use std::sync::Arc;

use lentic_engine::TaskId;
use lentic_engine::log;
use lentic_engine::stream::{StreamAssignment, TaskInput};
use lentic_topology::spec::StoreIndex;
use lentic_types::TopicPartition;

use super::{Request, Waiting};
use crate::node::Shared;
use crate::query::topics::begins_at_end;
use crate::query::{Inner, QueryError, TaskStatus, positions};

/// Rows that tasks remember, of all tasks of a node together; each has an equal share where they are many.
const REMEMBERED_BYTES: usize = 256 << 20;

/// However many there are, a task remembers so much.
const LEAST_REMEMBERED_BYTES: usize = 64 << 10;

/// Begins those that are still to begin here; what could not is asked for again.
pub(super) fn begin(shared: &Arc<Shared>, settled: Vec<Waiting>, requests: &mut Vec<Request>) {
    let (mut ready, mut not_owned) = (Vec::new(), Vec::new());
    for waiting in settled.into_iter().filter(Waiting::is_opening) {
        if waiting.is_owned(shared) { ready.push(waiting) } else { not_owned.push(waiting) }
    }
    for Waiting { query, task, .. } in not_owned {
        query.set_status(&task, TaskStatus::Elsewhere);
    }
    if ready.is_empty() {
        return;
    }
    let inputs = match inputs(shared, &ready) {
        Ok(inputs) => inputs,
        Err(error) => return again(shared, ready, &error, requests),
    };
    let tasks = ready.iter().map(|waiting| (&*waiting.query, &waiting.task));
    if let Err(error) = shared.unfollow(tasks) {
        for waiting in &ready {
            shared.follow(&waiting.query, &waiting.task);
        }
        return again(shared, ready, &error, requests);
    }
    for (waiting, inputs) in ready.into_iter().zip(inputs) {
        let outcome = inputs.map_err(QueryError::from).and_then(|inputs| hand_over(shared, &waiting, inputs));
        if let Err(error) = outcome {
            shared.follow(&waiting.query, &waiting.task);
            again(shared, vec![waiting], &error, requests);
        }
    }
}

fn again(shared: &Shared, failed: Vec<Waiting>, error: &QueryError, requests: &mut Vec<Request>) {
    for Waiting { query, task, since, .. } in failed {
        let request = Request { since, ..Request::new(query, vec![task]) };
        requests.extend(request.again(shared, error));
    }
}

/// Hands a task to a stream thread, unless its shard is taken back at this moment.
fn hand_over(shared: &Arc<Shared>, waiting: &Waiting, inputs: Vec<TaskInput>) -> Result<(), QueryError> {
    let Waiting { query, task, generation, records, .. } = waiting;
    let (query, generation) = (query, *generation);
    let former = query.former.get(&*task.subtopology).cloned().unwrap_or_default();
    let mut settings = query.settings.of_tasks(&shared.config);
    let share = REMEMBERED_BYTES / shared.streams.tasks().max(1);
    settings.cache_bytes = settings.cache_bytes.min(share.max(LEAST_REMEMBERED_BYTES));
    let assignment = StreamAssignment {
        task: task.clone(),
        plan: query.plan.clone(),
        prefix: query.prefix.clone(),
        places: shared.lead(query, task)?,
        inputs,
        positions: positions::of_task(records, task, &former, query.created),
        globals: Arc::clone(&query.globals) as _,
        destinations: Arc::clone(&query.destinations) as _,
        settings,
        shard: shared.shard_of(task),
        key: positions::key(task, query.created),
        generation,
        watched: watched(query, task),
    };
    let cluster = &shared.cluster;
    let ownerships = cluster.ownerships();
    let is_owned = cluster.is_alone()
        || ownerships
            .get(&assignment.shard)
            .is_some_and(|own| own.is_running() && own.generation() == generation);
    let mut tasks = query.tasks();
    let is_wanted = tasks.get(task) == Some(&TaskStatus::Opening);
    if is_owned && is_wanted {
        query.resumed(&assignment.inputs, assignment.positions.as_ref());
        shared.streams.assign(assignment, query)?;
        tasks.insert(task.clone(), TaskStatus::Running);
    } else if is_wanted {
        tasks.insert(task.clone(), TaskStatus::Elsewhere);
    }
    drop((tasks, ownerships));
    if !(is_owned && is_wanted) {
        shared.follow(query, task);
    }
    query.changed.notify_all();
    Ok(())
}

/// Whether anybody watches a store's partition.
fn watched(query: &Inner, task: &TaskId) -> Arc<dyn Fn(StoreIndex) -> bool + Send + Sync> {
    let (tables, partition) = (query.tables.clone(), task.partition);
    Arc::new(move |index| {
        let table = tables.get(&index);
        table.and_then(|table| table.partition(partition)).is_some_and(|partition| partition.is_watched())
    })
}

/// The input partitions of each task, and where it begins without a position; all asked for at once.
fn inputs(shared: &Shared, ready: &[Waiting]) -> Result<Vec<log::Result<Vec<TaskInput>>>, QueryError> {
    let mut wanted = Vec::new();
    for Waiting { query, task, .. } in ready {
        let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        let topics = part.map(|part| part.topics.clone()).unwrap_or_default();
        let here = topics.into_iter().filter(|topic| task.partition.0 < query.topics.partitions[topic]);
        let inputs = here.map(|topic| {
            let known = &query.topics.inputs[&topic.resolve(&query.prefix)];
            let partition = TopicPartition::new(known.name.clone(), task.partition);
            (partition, known.id, begins_at_end(&query.plan, &topic))
        });
        wanted.push(inputs.collect::<Vec<_>>());
    }
    let partitions: Vec<_> = wanted.iter().flatten().map(|(partition, ..)| partition.clone()).collect();
    let mut found = shared.log.bounds(&partitions)?.into_iter();
    let of_task = |wanted: Vec<_>| {
        let found: Vec<_> = found.by_ref().take(wanted.len()).collect();
        let inputs = wanted.into_iter().zip(found).map(|((partition, topic_id, is_at_end), bounds)| {
            let bounds = bounds?;
            let begin = if is_at_end { bounds.end } else { bounds.start };
            Ok(TaskInput { partition, topic_id, begin })
        });
        inputs.collect()
    };
    Ok(wanted.into_iter().map(of_task).collect())
}
