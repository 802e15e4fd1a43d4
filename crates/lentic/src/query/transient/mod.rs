//! Queries that leave nothing behind: run by this node alone, over all partitions, with their rows in memory, and with results that
//! come to a callback.
mod loopback;
mod work;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lentic_topology::spec::Topic;
use lentic_topology::{Plan, TopologyError};
use lentic_types::{Header, Offset, PartitionId, Timestamp, TopicName, TopicPartition};

use super::topics::begins_at_end;
use super::{QueryError, QuerySettings};
use crate::Node;
use crate::node::{Shared, thread};
use work::{Input, Work};

/// How a transient query runs.
#[derive(Clone, Debug)]
pub struct TransientOptions {
    /// Where it begins.
    pub from: TransientFrom,
    /// When it ends by itself.
    pub until: TransientUntil,
    /// What its tasks go by.
    pub settings: QuerySettings,
    /// Changes of tables' rows that wait for later ones of the same rows, until the next commit; 0: each comes.
    pub record_cache_bytes: usize,
    /// Time between two commits: how long changes wait in the cache.
    pub commit_interval: Duration,
}

impl Default for TransientOptions {
    fn default() -> Self {
        Self {
            from: TransientFrom::default(),
            until: TransientUntil::default(),
            settings: QuerySettings::default(),
            record_cache_bytes: 0,
            commit_interval: Duration::from_millis(100),
        }
    }
}

/// Where a transient query begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransientFrom {
    /// Where its sources say.
    #[default]
    AsPlanned,
    /// At the first records that are there.
    Earliest,
    /// At the ends.
    Latest,
}

/// When a transient query ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransientUntil {
    /// Never.
    #[default]
    Stopped,
    /// With the last record that its topics had when it began.
    Ends,
}

/// What a transient query tells.
#[derive(Debug)]
pub enum TransientEvent<'a> {
    /// A result.
    Record(TransientRecord<'a>),
    /// It has ended. Comes last, and once.
    Ended(&'a TransientEnd),
}

/// A result: what the plan writes to a topic of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransientRecord<'a> {
    /// The topic that the plan names, which need not exist.
    pub topic: &'a TopicName,
    /// The key's bytes.
    pub key: Option<&'a [u8]>,
    /// The value's bytes; `None` deletes.
    pub value: Option<&'a [u8]>,
    /// Event time.
    pub timestamp: Timestamp,
    /// In order.
    pub headers: &'a [Header],
}

/// How a transient query ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransientEnd {
    /// All that it was to read is processed.
    Done,
    /// Its callback had enough, its handle was dropped, or the node stops.
    Stopped,
    /// It can't go on; the text says why.
    Failed(String),
}

/// Takes the results. It may block: nothing more is read meanwhile. [`ControlFlow::Break`] ends the query.
pub type TransientSink = Box<dyn FnMut(TransientEvent<'_>) -> ControlFlow<()> + Send>;

/// A transient query; dropping it ends it.
#[derive(Debug)]
pub struct Transient {
    state: Arc<State>,
}

/// What a query shares with its handle.
#[derive(Debug, Default)]
struct State {
    stop: AtomicBool,
    has_ended: AtomicBool,
    positions: Mutex<BTreeMap<TopicPartition, Offset>>,
}

impl Transient {
    /// Ends it soon. Its callback is told.
    pub fn stop(&self) {
        self.state.stop.store(true, Ordering::Release);
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        self.state.has_ended.load(Ordering::Acquire)
    }

    /// By input partition: below this everything is processed, and its results were told.
    pub fn positions(&self) -> BTreeMap<TopicPartition, Offset> {
        self.state.positions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Transient {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How many transient queries there are.
#[derive(Clone, Default)]
pub(crate) struct Transients(Arc<AtomicUsize>);

/// One of them.
struct Place(Transients);

impl Transients {
    fn take(&self, most: usize) -> Option<Place> {
        let count = self.0.fetch_add(1, Ordering::AcqRel);
        let place = Place(self.clone());
        (count < most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Node {
    /// Runs a plan on this node alone, with a thread and a reader of its own: nothing is written to the log, its rows and its
    /// repartition topics are in memory, and what it writes to topics of the user's comes to `sink`, called by its thread.
    /// Blocks while the topics are asked for.
    ///
    /// # Errors
    /// [`QueryError::TooMany`] where `max_transient_queries` run, [`QueryError::Topology`] for topics that are not there or don't
    /// go together. Global tables can't be used.
    pub fn run_transient(
        &self,
        plan: Plan,
        options: TransientOptions,
        sink: TransientSink,
    ) -> Result<Transient, QueryError> {
        let shared = &self.shared;
        if shared.is_stopping() {
            return Err(QueryError::Closed);
        }
        if !plan.globals().is_empty() {
            return Err(QueryError::Invalid("a transient query can't use global tables".to_owned()));
        }
        let most = shared.config.max_transient_queries;
        let place = shared.transients.take(most).ok_or(QueryError::TooMany(most))?;
        let (inputs, partitions) = inputs(shared, &plan, options.from)?;
        let reader = shared.log.reader(lentic_engine::log::ReaderOptions {
            headers: true,
            bulk: options.until == TransientUntil::Ends,
            ..Default::default()
        })?;
        let state = Arc::new(State::default());
        let work = Work::new(shared, plan, &options, inputs, partitions, reader, sink, Arc::clone(&state))?;
        let ended = Arc::clone(&state);
        thread("transient", move || {
            work.run();
            ended.has_ended.store(true, Ordering::Release);
            drop(place);
        })?;
        Ok(Transient { state })
    }
}

/// The partitions of the user's topics that a plan reads, and how many each topic has.
fn inputs(
    shared: &Shared,
    plan: &Plan,
    from: TransientFrom,
) -> Result<(BTreeMap<TopicPartition, Input>, BTreeMap<Topic, u32>), QueryError> {
    let (mut topics, mut failed) = (BTreeMap::new(), None);
    let partitions = plan.partitions(&mut |name| match shared.log.topic(name) {
        Ok(found) => {
            let partitions = found.as_ref().map(|topic| topic.partitions);
            topics.extend(found.map(|topic| (name.clone(), topic)));
            partitions
        }
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let partitions = partitions.map_err(QueryError::Topology)?;
    let all = topics.values().flat_map(|topic| {
        (0..topic.partitions).map(|id| TopicPartition::new(topic.name.clone(), PartitionId(id)))
    });
    let all: Vec<_> = all.collect();
    let mut inputs = BTreeMap::new();
    for (partition, bounds) in all.iter().zip(shared.log.bounds(&all)?) {
        let bounds = bounds?;
        let is_at_end = match from {
            TransientFrom::AsPlanned => begins_at_end(plan, &Topic::Named(partition.topic.clone())),
            TransientFrom::Earliest => false,
            TransientFrom::Latest => true,
        };
        let begin = if is_at_end { bounds.end } else { bounds.start };
        let topic_id = topics[&partition.topic].id;
        inputs.insert(partition.clone(), Input { topic_id, begin, end: bounds.end });
    }
    if inputs.is_empty() {
        let text = "the topology reads no topic".to_owned();
        return Err(QueryError::Topology(vec![TopologyError::Invalid(text)]));
    }
    Ok((inputs, partitions))
}
