//! Reads of several partitions that are on several nodes: each is asked for its own, and what they tell is put together.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method};
use futures_util::future::try_join_all;
use http_body_util::BodyExt as _;
use lentic::types::{Offset, PartitionId, Timestamp, Token};
use lentic::{Demand, Holder, Order, Role, Wanted, Written, prefers_here};
use tokio::time::Instant;

use super::client::{Failed, Message};
use super::elsewhere::{check_role, no_active, regarded};
use super::part::Question;
use super::{PART_PATH, Part, PartRow, What, answer};
use crate::call::Call;
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::freshness::{Freshness, reached};
use crate::http::Deadline;
use crate::state::State;

/// How long a question is asked again while nodes come and go.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a write waits for an owner that confirms it, longer than a lease: a copy's word is none, for who answers as the active one
/// may be behind it.
const PROOF: Duration = Duration::from_secs(4);

/// Between two times: a node that takes over tells so meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether this node answers for all partitions of a table by itself.
pub(crate) fn is_here(entry: &Entry) -> bool {
    let table = &entry.table;
    let all = || (0..table.partitions()).map(PartitionId);
    all().all(|partition| table.is_answered_here(partition))
        || table.is_all_here() && all().all(|partition| table.holders(partition).is_empty())
}

/// Asks all nodes that it takes.
pub(crate) struct Gather {
    state: Arc<State>,
    demand: Demand,
    wants_active: bool,
}

/// Some partitions with who is asked for them; `None`: this node.
type Plan = BTreeMap<Option<String>, (Option<Holder>, Vec<PartitionId>)>;

impl Call {
    pub(crate) fn gather(&self) -> Gather {
        Gather {
            state: Arc::clone(&self.state),
            demand: self.demand.clone(),
            wants_active: self.wants_active,
        }
    }

    /// Whether plain reads see a write: its partition's owner says so, proven to be that at this moment. False where that can't be
    /// learnt in time.
    pub(crate) async fn is_applied(&self, entry: &Arc<Entry>, written: &Written, deadline: Deadline) -> bool {
        self.gather().is_applied(entry, written, deadline).await
    }

    /// The same of what a decision took into account.
    pub(crate) async fn has_applied(&self, entry: &Arc<Entry>, seen: &Token, deadline: Deadline) -> bool {
        self.gather().has_applied(entry, seen.partition, seen.offset, deadline).await
    }
}

impl Gather {
    /// What anybody may be told who demands nothing.
    pub(crate) fn plain(state: &Arc<State>) -> Self {
        Self { state: Arc::clone(state), demand: Demand::default(), wants_active: false }
    }

    /// Whether anything that a plain read may be told will do.
    pub(crate) fn is_plain(&self) -> bool {
        !self.wants_active && self.demand.at_least.is_empty() && self.demand.max_staleness.is_none()
    }

    pub(crate) async fn is_applied(&self, entry: &Arc<Entry>, written: &Written, deadline: Deadline) -> bool {
        let places =
            [(written.partition, written.offset)].into_iter().chain(written.elsewhere.iter().copied());
        for (partition, offset) in places {
            if !self.has_applied(entry, partition, offset, deadline).await {
                return false;
            }
        }
        true
    }

    async fn has_applied(
        &self,
        entry: &Arc<Entry>,
        partition: PartitionId,
        offset: Offset,
        deadline: Deadline,
    ) -> bool {
        if entry.table.is_answered_here(partition) {
            return reached(&entry.table, partition, offset, deadline).await
                && is_proven(entry, partition, deadline).await;
        }
        let demand = Demand { at_least: vec![entry.table.token(partition, offset)], ..Demand::default() };
        let gather = Self { state: Arc::clone(&self.state), demand, wants_active: true };
        let until = deadline.at().min(Instant::now() + PROOF);
        loop {
            // A copy confirms nothing: where nobody is about to be the owner there is nothing to wait for.
            let others = entry.table.holders(partition);
            if !entry.table.is_owned_here(partition) && others.iter().all(|other| other.role == Role::Standby)
            {
                return false;
            }
            let candidates = candidates(entry, partition, &gather.demand, true);
            let Some(holder) = candidates.into_iter().next() else { return false };
            match gather.ask(entry, holder.as_ref(), &[partition], What::Nothing, deadline).await {
                Ok(_) => return true,
                Err(error) if is_passing(&error) && Instant::now() < until => tokio::time::sleep(PAUSE).await,
                Err(_) => return false,
            }
        }
    }

    /// Runs what blocks on a thread for that.
    pub(crate) async fn block<T: Send + 'static>(
        &self,
        deadline: Deadline,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.state.block(deadline, read).await
    }

    /// Refuses an answer from here that is not the active one's where that is asked for.
    pub(crate) fn check_role(&self, entry: &Entry, role: Role) -> Result<()> {
        check_role(self.wants_active, entry, role)
    }

    /// Waits until all partitions have come as far as is demanded.
    pub(crate) async fn admitted(&self, entry: &Arc<Entry>, deadline: Deadline) -> Result<()> {
        self.all(entry, &|_| What::Nothing, deadline).await.map(drop)
    }

    /// What all partitions tell, each node asked for its own: `what` says what a node with these partitions is asked.
    pub(crate) async fn all(
        &self,
        entry: &Arc<Entry>,
        what: &(dyn Fn(&[PartitionId]) -> What + Sync),
        deadline: Deadline,
    ) -> Result<Vec<Part>> {
        let all: Vec<_> = (0..entry.table.partitions()).map(PartitionId).collect();
        self.of(entry, &all, what, deadline).await
    }

    /// The same of some partitions: only nodes that have them are asked.
    pub(crate) async fn of(
        &self,
        entry: &Arc<Entry>,
        partitions: &[PartitionId],
        what: &(dyn Fn(&[PartitionId]) -> What + Sync),
        deadline: Deadline,
    ) -> Result<Vec<Part>> {
        let until = deadline.at().min(Instant::now() + PATIENCE);
        loop {
            let outcome = match plan(entry, partitions, &self.demand, self.wants_active) {
                Ok(plan) => {
                    let asked = plan.into_values().map(|(holder, partitions)| {
                        let what = what(&partitions);
                        async move { self.ask(entry, holder.as_ref(), &partitions, what, deadline).await }
                    });
                    try_join_all(asked).await
                }
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if is_passing(&error) && Instant::now() < until => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    async fn ask(
        &self,
        entry: &Arc<Entry>,
        holder: Option<&Holder>,
        partitions: &[PartitionId],
        what: What,
        deadline: Deadline,
    ) -> Result<Part> {
        let question = Question::new(partitions, what, &self.demand);
        let part = match holder {
            None => answer::read(&self.state, entry, &question, deadline).await?,
            Some(holder) => self.ask_other(entry, holder, &question, deadline).await?,
        };
        if self.wants_active && part.role != Role::Active {
            return Err(no_active(entry, partitions[0], &[]));
        }
        Ok(part)
    }

    pub(super) async fn ask_other(
        &self,
        entry: &Entry,
        holder: &Holder,
        question: &Question,
        deadline: Deadline,
    ) -> Result<Part> {
        let body =
            serde_json::to_vec(question).map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        let target = format!("{PART_PATH}{}", entry.name);
        let headers = HeaderMap::new();
        let (peer, method) = (holder.peer.as_str(), Method::POST);
        let message = Message { peer, method, target: &target, headers: &headers, body: body.into() };
        let asked = PartitionId(question.partitions[0]);
        let failed = |failed: Failed| not_answered(&self.state, entry, asked, holder, failed, deadline);
        let response = self.state.peers.send(message, deadline).await.map_err(failed)?;
        let status = response.status();
        let body = tokio::time::timeout_at(deadline.at(), response.into_body().collect()).await;
        let body = body.map_err(|_| deadline.error())?;
        let body = body.map_err(|error| failed(Failed::Broken(error.to_string())))?.to_bytes();
        if !status.is_success() {
            return Err(told(&holder.node, &body));
        }
        let unreadable =
            || Error::new(Code::Internal, format!("the node {} answered what can't be read", holder.node));
        Part::from_bytes(body).ok_or_else(unreadable)
    }
}

/// Who is asked for which partitions.
fn plan(entry: &Entry, partitions: &[PartitionId], demand: &Demand, wants_active: bool) -> Result<Plan> {
    let mut plan = Plan::new();
    for &partition in partitions {
        let Some(holder) = candidates(entry, partition, demand, wants_active).into_iter().next() else {
            return Err(no_active(entry, partition, &[]));
        };
        let place = holder.as_ref().map(|holder| holder.node.clone());
        plan.entry(place).or_insert_with(|| (holder, Vec::new())).1.push(partition);
    }
    Ok(plan)
}

/// Who may be asked for a partition, the best first; `None`: this node.
pub(crate) fn candidates(
    entry: &Entry,
    partition: PartitionId,
    demand: &Demand,
    wants_active: bool,
) -> Vec<Option<Holder>> {
    let table = &entry.table;
    let others = table.holders(partition);
    let here = table.what_is_here(partition);
    let wanted = Wanted { active: wants_active, may_be_old: demand.max_staleness.is_some() };
    let is_first = prefers_here(here, wanted, others.first().map(|other| regarded(entry, partition, other)));
    let mut candidates: Vec<_> = others.into_iter().map(Some).collect();
    if here.has_copy {
        candidates.insert(if is_first { 0 } else { candidates.len() }, None);
    }
    candidates
}

/// Another node did not answer, and why: nobody is sent to it until it tells something new, unless it was the time that was over.
pub(super) fn unreachable(state: &State, holder: &Holder, failed: Failed) -> String {
    let why = match failed {
        Failed::NotSent(why) | Failed::Broken(why) => why,
        Failed::Late => return format!("the node {} did not answer in time", holder.node),
    };
    tracing::debug!(node = %holder.node, "another node can't be reached: {why}");
    state.node.mark_unreachable(&holder.node, &why);
    out_of_reach(&holder.node, &why)
}

pub(super) fn out_of_reach(node: &str, why: &str) -> String {
    format!("the node {node} can't be reached: {why}")
}

/// The same as the error of a read.
pub(crate) fn not_answered(
    state: &State,
    entry: &Entry,
    partition: PartitionId,
    holder: &Holder,
    failed: Failed,
    deadline: Deadline,
) -> Error {
    match failed {
        Failed::Late => deadline.error(),
        failed => no_active(entry, partition, &[unreachable(state, holder, failed)]),
    }
}

/// An error of another node, by its code.
pub(crate) fn told(node: &str, body: &[u8]) -> Error {
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |field: &str| document["error"][field].as_str().unwrap_or_default().to_owned();
    let code = Code::ALL.iter().copied().find(|code| code.as_str() == text("code")).unwrap_or(Code::Internal);
    Error::new(code, format!("the node {node}: {}", text("message"))).hint(text("hint"))
}

/// Whether this node is the active one of a partition, or is soon.
async fn is_proven(entry: &Entry, partition: PartitionId, deadline: Deadline) -> bool {
    let until = deadline.at().min(Instant::now() + PROOF);
    while entry.table.role(partition) != Role::Active {
        if Instant::now() >= until || !entry.table.is_answered_here(partition) {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
    true
}

/// Whether another attempt may end better.
fn is_passing(error: &Error) -> bool {
    matches!(error.code(), Code::NoActive | Code::PartitionNotKept | Code::Stopping | Code::TableNotFound)
}

/// What several nodes told, together.
pub(crate) struct Together {
    pub(crate) positions: Vec<(PartitionId, Offset)>,
    pub(crate) freshness: Freshness,
    pub(crate) role: Role,
}

impl Together {
    pub(crate) fn of(parts: &[Part]) -> Self {
        let mut positions: Vec<_> = parts.iter().flat_map(|part| part.positions.iter().copied()).collect();
        positions.sort_unstable();
        let staleness_ms =
            parts.iter().try_fold(0, |most: u64, part| part.freshness.staleness_ms.map(|ms| most.max(ms)));
        Self {
            positions,
            freshness: Freshness { lag: parts.iter().map(|part| part.freshness.lag).sum(), staleness_ms },
            role: parts.iter().map(|part| part.role).min().unwrap_or(Role::Active),
        }
    }
}

/// Merges rows by their keys until `visit` wants no more, or a part has more rows than it told: then `true`. Where a key has
/// rows in several partitions, the newest counts.
pub(crate) fn merge(
    entry: &Entry,
    parts: Vec<Part>,
    order: Order,
    visit: &mut dyn FnMut(&PartRow) -> bool,
) -> bool {
    struct Source {
        more: bool,
        rows: std::vec::IntoIter<PartRow>,
        next: Option<(Vec<u8>, PartRow)>,
    }
    let sorted_by = |row: PartRow| {
        let mut key = Vec::with_capacity(row.key.len() + 8);
        entry.layout.to_store(&row.key, Timestamp::NONE, &mut key);
        (key, row)
    };
    let mut sources: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let mut rows = part.rows.into_iter();
            let next = rows.next().map(sorted_by);
            Source { more: part.more, rows, next }
        })
        .collect();
    loop {
        if sources.iter().any(|source| source.next.is_none() && source.more) {
            return true;
        }
        let keys = sources.iter().filter_map(|source| source.next.as_ref().map(|(key, _)| key));
        let first = if order == Order::Descending { keys.max() } else { keys.min() };
        let Some(first) = first.cloned() else { return false };
        let mut newest: Option<PartRow> = None;
        for source in &mut sources {
            if source.next.as_ref().is_some_and(|(key, _)| *key == first)
                && let Some((_, row)) = std::mem::replace(&mut source.next, source.rows.next().map(sorted_by))
                && newest.as_ref().is_none_or(|newest| row.timestamp > newest.timestamp)
            {
                newest = Some(row);
            }
        }
        if let Some(row) = newest
            && !visit(&row)
        {
            return true;
        }
    }
}
