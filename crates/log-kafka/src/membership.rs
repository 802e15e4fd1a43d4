//! This node's place in the consumer group that assigns shards: the group's assignment of the shards topic is the
//! assignment of shards to nodes.
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lentic_engine::log::{Error, Result};
use lentic_types::{PartitionId, ShardId, TopicName};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, TopicPartitionList};

use crate::options::{KafkaOptions, Properties};
use crate::raw::GroupMetadata;

/// How long the thread waits for something to happen in the group before it looks whether it should stop.
const POLL: Duration = Duration::from_millis(100);

/// How long leaving the group may take.
const LEAVE: Duration = Duration::from_secs(2);

/// Another node of the group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherMember {
    /// Its node id.
    pub node: String,
    /// Where it connects from, as the broker sees it.
    pub host: String,
}

/// Learns what the group gives and takes, on the membership's own thread: heartbeats go on meanwhile, the group waits.
pub trait Listener: Send + Sync {
    /// The group has agreed on an assignment: `given` are this node's in addition, in this generation.
    fn assigned(&self, given: &BTreeSet<ShardId>, generation: i64);

    /// The group takes these back. Until this returns they are this node's, so what is under way can be ended.
    fn revoked(&self, taken: &BTreeSet<ShardId>);

    /// The group has dropped this node, and these may be another's already.
    fn lost(&self, taken: &BTreeSet<ShardId>);
}

/// Membership in a group, kept up by a thread of its own. Dropping it leaves the group.
pub struct Membership {
    node: String,
    topic: TopicName,
    group: String,
    timeout: Duration,
    consumer: Arc<BaseConsumer<Watcher>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// This node as the group knows it: what a fence goes by. Outlives the membership, and is refused then.
pub struct Member {
    consumer: Arc<BaseConsumer<Watcher>>,
    topic: TopicName,
    shared: Arc<Shared>,
}

impl Member {
    /// The shards topic.
    pub(crate) fn topic(&self) -> &str {
        self.topic.as_str()
    }

    /// Member and generation as they are now; [`Error::Fenced`] if one of the shards is not this node's. As long as they are,
    /// no generation has begun in which they could be another's: the group waits for what [`Listener::revoked`] ends, and a
    /// member that was dropped joins again only after [`Listener::lost`].
    pub(crate) fn metadata(&self, shards: &[PartitionId]) -> Result<GroupMetadata> {
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trouble) = &state.trouble {
            return Err(trouble.clone());
        }
        if !state.joined {
            return Err(Error::Unavailable("this node has not joined its group yet".to_owned()));
        }
        if !shards.iter().all(|shard| state.shards.contains(&ShardId(shard.0))) {
            return Err(Error::Fenced);
        }
        GroupMetadata::of(&self.consumer)
            .ok_or_else(|| Error::Unavailable("this node has not joined its group yet".to_owned()))
    }

    /// Commits offset 0 of partitions of the shards topic: refused if the group has given this node's place away.
    pub(crate) fn commit(&self, shards: &[PartitionId]) -> Result<()> {
        let mut offsets = TopicPartitionList::new();
        for shard in shards {
            let added =
                offsets.add_partition_offset(self.topic(), shard.0 as i32, rdkafka::Offset::Offset(0));
            added.map_err(|error| of(&error))?;
        }
        drop(self.metadata(shards)?);
        match self.consumer.commit(&offsets, CommitMode::Sync) {
            Ok(()) => Ok(()),
            Err(error) => Err(match error.rdkafka_error_code() {
                Some(
                    RDKafkaErrorCode::IllegalGeneration
                    | RDKafkaErrorCode::UnknownMemberId
                    | RDKafkaErrorCode::FencedInstanceId,
                ) => Error::Fenced,
                _ => of(&error),
            }),
        }
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct State {
    joined: bool,
    shards: BTreeSet<ShardId>,
    trouble: Option<Error>,
}

/// The members of `group`, dead ones included whose session has not expired yet; none if there is no such group.
pub fn members(options: &KafkaOptions, group: &str) -> Result<Vec<OtherMember>> {
    let consumer: BaseConsumer<Watcher> = config(&options.member(group, &options.client_id))
        .create_with_context(Watcher { shared: Arc::default(), listener: None })
        .map_err(|e| of(&e))?;
    // Each broker is asked, and one that is not there spoils the answer.
    let deadline = Instant::now() + options.request_timeout;
    let members = loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match list(&consumer, group, left) {
            Err(Error::Unavailable(_)) if Instant::now() < deadline => thread::sleep(POLL),
            members => break members,
        }
    };
    // Closing a consumer takes librdkafka 100 ms, for which nobody has to wait.
    drop(thread::Builder::new().name("kafka-close".to_owned()).spawn(move || drop(consumer)));
    members
}

impl Membership {
    /// Joins `group` on the shards topic as the static member `node`: a process that comes back with the same node id
    /// takes its place at once.
    pub fn join(
        options: &KafkaOptions,
        group: &str,
        topic: &TopicName,
        node: &str,
        listener: Arc<dyn Listener>,
    ) -> Result<Self> {
        let shared = Arc::<Shared>::default();
        let watcher = Watcher { shared: Arc::clone(&shared), listener: Some(Arc::clone(&listener)) };
        let consumer: BaseConsumer<Watcher> =
            config(&options.member(group, node)).create_with_context(watcher).map_err(|e| of(&e))?;
        consumer.subscribe(&[topic.as_str()]).map_err(|e| of(&e))?;
        let consumer = Arc::new(consumer);
        let (polled, watched) = (Arc::clone(&consumer), Arc::clone(&shared));
        let (its_group, itself) = (group.to_owned(), node.to_owned());
        let thread = thread::Builder::new()
            .name("kafka-membership".to_owned())
            .spawn(move || keep(&polled, &watched, &*listener, &its_group, &itself))
            .map_err(|failed| Error::Refused(format!("no thread for the group: {failed}")))?;
        Ok(Self {
            node: node.to_owned(),
            topic: topic.clone(),
            group: group.to_owned(),
            timeout: options.request_timeout,
            consumer,
            shared,
            thread: Some(thread),
        })
    }

    /// What fences go by.
    pub fn member(&self) -> Member {
        let (consumer, shared) = (Arc::clone(&self.consumer), Arc::clone(&self.shared));
        Member { consumer, topic: self.topic.clone(), shared }
    }

    /// The shards that the group has given to this node; empty until it has joined.
    pub fn assignment(&self) -> BTreeSet<ShardId> {
        self.state().shards.clone()
    }

    /// Waits until the group has given an assignment, maybe an empty one; false if that takes longer than `timeout`.
    pub fn wait_joined(&self, timeout: Duration) -> Result<bool> {
        let done = |state: &mut State| !state.joined && state.trouble.is_none();
        let waited = self.shared.changed.wait_timeout_while(self.state(), timeout, done);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.trouble.clone().map_or(Ok(state.joined), Err)
    }

    /// What ended the membership, if something did: [`Error::Fenced`] when another process joined with this node id.
    pub fn trouble(&self) -> Option<Error> {
        self.state().trouble.clone()
    }

    /// The other nodes of the group, dead ones included whose session has not expired yet.
    pub fn other_members(&self) -> Result<Vec<OtherMember>> {
        let mut members = list(&self.consumer, &self.group, self.timeout)?;
        members.retain(|member| member.node != self.node);
        Ok(members)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the group membership panicked");
        }
    }
}

fn keep(consumer: &BaseConsumer<Watcher>, shared: &Shared, listener: &dyn Listener, group: &str, node: &str) {
    while !shared.stop.load(Ordering::Acquire) {
        // Records of the shards topic are read elsewhere: what comes here is dropped.
        let Some(Err(error)) = consumer.poll(POLL) else { continue };
        let error = of(&error);
        if error == Error::Fenced {
            tracing::error!("another process joined the group with this node's id");
            let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = std::mem::take(&mut state.shards);
            state.trouble = Some(error);
            drop(state);
            shared.changed.notify_all();
            listener.lost(&taken);
            return;
        }
        tracing::debug!("the group: {error}");
    }
    // A static member that only closes would keep its shards until its session ends. The leave is on its way once the
    // shards are given back; the group tells when it has arrived.
    consumer.unsubscribe();
    let deadline = Instant::now() + LEAVE;
    while Instant::now() < deadline {
        consumer.poll(Duration::from_millis(20));
        let listed = list(consumer, group, Duration::from_millis(500));
        if listed.is_ok_and(|members| members.iter().all(|member| member.node != node)) {
            break;
        }
    }
}

/// Follows what the group gives and takes.
struct Watcher {
    shared: Arc<Shared>,
    listener: Option<Arc<dyn Listener>>,
}

impl Watcher {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Watcher {
    /// What librdkafka calls an error is mostly a connection that it makes again.
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", "{error}: {reason}");
    }
}

impl ConsumerContext for Watcher {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else { return };
        let taken = shards(partitions);
        let is_lost = consumer.assignment_lost();
        let listener = self.listener.as_ref().filter(|_| !taken.is_empty());
        if let Some(listener) = listener.filter(|_| !is_lost) {
            listener.revoked(&taken);
        }
        self.state().shards.retain(|shard| !taken.contains(shard));
        self.shared.changed.notify_all();
        if let Some(listener) = listener.filter(|_| is_lost) {
            listener.lost(&taken);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(partitions) = rebalance else { return };
        let given = shards(partitions);
        let mut state = self.state();
        state.shards.extend(&given);
        state.joined = true;
        drop(state);
        self.shared.changed.notify_all();
        let generation = GroupMetadata::of(consumer).map_or(0, |metadata| i64::from(metadata.generation()));
        if let Some(listener) = &self.listener {
            listener.assigned(&given, generation);
        }
    }
}

fn shards(partitions: &TopicPartitionList) -> BTreeSet<ShardId> {
    partitions.elements().iter().filter_map(|p| u32::try_from(p.partition()).ok()).map(ShardId).collect()
}

fn list<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    timeout: Duration,
) -> Result<Vec<OtherMember>> {
    let groups = consumer.fetch_group_list(Some(group), timeout).map_err(|e| of(&e))?;
    let members =
        groups.groups().iter().filter(|found| found.name() == group).flat_map(|found| found.members());
    let mut members: Vec<_> = members
        .map(|m| OtherMember { node: m.client_id().to_owned(), host: m.client_host().to_owned() })
        .collect();
    members.sort();
    Ok(members)
}

fn config(properties: &Properties) -> ClientConfig {
    properties.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn of(error: &KafkaError) -> Error {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::FencedInstanceId | RDKafkaErrorCode::Fenced | RDKafkaErrorCode::Fatal) => {
            Error::Fenced
        }
        Some(RDKafkaErrorCode::GroupAuthorizationFailed | RDKafkaErrorCode::TopicAuthorizationFailed) => {
            Error::Refused(error.to_string())
        }
        _ if matches!(error, KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_)) => {
            Error::Refused(error.to_string())
        }
        _ => Error::Unavailable(error.to_string()),
    }
}
