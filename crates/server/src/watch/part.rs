//! Watches of some partitions, each by a node that has them.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use futures_util::future::join_all;
use futures_util::stream::{StreamExt as _, TryStreamExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use lentic::types::PartitionId;
use lentic::{Demand, Filter, Holder, ReadError, Role, Routing, Scope, Watch, WatchStart};

use super::feed::Feed;
use super::frames::Frames;
use super::outlet::Outlet;
use super::question::Question;
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::freshness::{Freshness, admitted};
use crate::http::{Deadline, LENTIC_LAG_RECORDS, LENTIC_ROLE, LENTIC_STALENESS_MS};
use crate::peers::{self, Message, WATCH_PATH};
use crate::state::State;

/// Another node is to refuse before this one has given it up: it knows why.
const HEAD_START: Duration = Duration::from_millis(100);

/// What is watched, wherever its partitions are.
pub(super) struct Watched {
    pub(super) state: Arc<State>,
    pub(super) entry: Arc<Entry>,
    pub(super) filter: Filter,
    pub(super) demand: Demand,
    /// The same as it was sent.
    pub(super) demand_headers: HeaderMap,
}

/// A watch of some partitions, by one node.
pub(super) struct Part {
    pub(super) partitions: Vec<PartitionId>,
    /// `None`: this one.
    pub(super) node: Option<String>,
    pub(super) frames: Frames,
    pub(super) stage: Stage,
    /// It had to wait for others: that its node found it slow is not the reader's fault.
    pub(super) was_held: bool,
    pub(super) freshness: Freshness,
    pub(super) role: Role,
}

/// How far a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The rows are on their way; whether the reader was told of some.
    Rows {
        told: bool,
    },
    Changes,
}

/// Who has been asked in vain.
pub(super) type Avoided = BTreeSet<Option<String>>;

impl Watched {
    /// The partitions to watch: of one key its own alone, where that is known.
    pub(super) fn partitions(&self) -> Vec<PartitionId> {
        let home = match &self.filter {
            Filter::Key(key) => self.entry.table.partition_of_inner(key),
            Filter::All | Filter::Prefix(_) => None,
        };
        home.map_or_else(|| self.all_partitions(), |home| vec![home])
    }

    pub(super) fn all_partitions(&self) -> Vec<PartitionId> {
        (0..self.entry.table.partitions()).map(PartitionId).collect()
    }

    /// False: what was found out since tells that rows of the key may lie elsewhere than in this partition.
    pub(super) fn is_known_to_lie_in(&self, home: PartitionId) -> bool {
        let Filter::Key(key) = &self.filter else { return true };
        match self.entry.table.routing() {
            _ if self.entry.table.partitions() == 1 => true,
            Routing::Mixed | Routing::By { fits: false, .. } => false,
            Routing::By { .. } | Routing::Detecting => {
                self.entry.table.partition_of_inner(key).is_none_or(|partition| partition == home)
            }
        }
    }

    /// Opens a watch of partitions that are on this node.
    pub(super) async fn open_here(
        &self,
        scope: Scope,
        start: WatchStart,
        deadline: Deadline,
    ) -> Result<(Watch, Freshness, Role)> {
        let table = &self.entry.table;
        loop {
            admitted(table, &scope, &self.demand, deadline).await?;
            let (freshness, role) = (Freshness::of(table, &scope), table.role_since(&table.begin(&scope)));
            let (table, filter, scope, start) =
                (table.clone(), self.filter.clone(), scope.clone(), start.clone());
            let open = move || table.watch(filter, &scope, start);
            match self.state.block(deadline, open).await? {
                // A partition has left and come back since: it is waited for again.
                Err(ReadError::CatchingUp { .. }) if !deadline.is_over() => {}
                opened => return Ok((opened?, freshness, role)),
            }
        }
    }

    /// Opens watches of these partitions, each by the node that is the best to ask. Those that failed are in `avoided` then,
    /// and the last error is returned beside those that did not.
    pub(super) async fn open(
        &self,
        partitions: &[PartitionId],
        start: &WatchStart,
        avoided: &mut Avoided,
        deadline: Deadline,
    ) -> (Vec<Part>, Option<Error>) {
        let mut plan: BTreeMap<Option<String>, (Option<Holder>, Vec<PartitionId>)> = BTreeMap::new();
        let (mut last, mut is_exhausted) = (None, false);
        for &partition in partitions {
            let candidates = peers::candidates(&self.entry, partition, &self.demand, false);
            let node = |holder: &Option<Holder>| holder.as_ref().map(|holder| holder.node.clone());
            match candidates.into_iter().find(|candidate| !avoided.contains(&node(candidate))) {
                Some(holder) => {
                    plan.entry(node(&holder)).or_insert_with(|| (holder, Vec::new())).1.push(partition);
                }
                None => {
                    is_exhausted = true;
                    last = Some(peers::no_active(&self.entry, partition, &[]));
                }
            }
        }
        let opened = plan.into_iter().map(|(node, (holder, partitions))| async move {
            let opened = match &holder {
                None => self.part_here(partitions, start.clone(), deadline).await,
                Some(holder) => self.part_there(holder, partitions, start.clone(), deadline).await,
            };
            opened.map_err(|error| (node, error))
        });
        let mut parts = Vec::new();
        for opened in join_all(opened).await {
            match opened {
                Ok(part) => parts.push(part),
                Err((node, error)) => {
                    avoided.insert(node);
                    last = Some(error);
                }
            }
        }
        if is_exhausted {
            avoided.clear();
        }
        (parts, last)
    }

    async fn part_here(
        &self,
        partitions: Vec<PartitionId>,
        start: WatchStart,
        deadline: Deadline,
    ) -> Result<Part> {
        let stage = Stage::of(&start);
        let scope = Scope::Some(partitions.iter().copied().collect());
        let (watch, freshness, role) = self.open_here(scope, start, deadline).await?;
        let (outlet, stream) = Outlet::new(Arc::clone(&self.state), None, None);
        let feed = Feed { entry: Arc::clone(&self.entry), outlet, heir: None, greets: true };
        tokio::spawn(feed.run(watch));
        let frames = Frames::new(stream.map_err(|error| error.to_string()).boxed());
        Ok(Part { partitions, node: None, frames, stage, was_held: false, freshness, role })
    }

    async fn part_there(
        &self,
        holder: &Holder,
        partitions: Vec<PartitionId>,
        start: WatchStart,
        deadline: Deadline,
    ) -> Result<Part> {
        let stage = Stage::of(&start);
        let question = serde_json::to_vec(&Question::new(&partitions, &self.filter, &start));
        let question = question.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        let target = format!("{WATCH_PATH}{}", self.entry.name);
        let mut headers = self.demand_headers.clone();
        let left = deadline.left().saturating_sub(HEAD_START).as_millis().max(1) as u64;
        if let Ok(left) = HeaderValue::try_from(format!("{left}ms")) {
            headers.insert(HeaderName::from_static("lentic-timeout"), left);
        }
        let (peer, method) = (holder.peer.as_str(), Method::POST);
        let message = Message { peer, method, target: &target, headers: &headers, body: question.into() };
        let asked = partitions[0];
        let failed = |failed| peers::not_answered(&self.state, &self.entry, asked, holder, failed, deadline);
        let response = self.state.peers.watch(message, deadline).await.map_err(failed)?;
        if !response.status().is_success() {
            let body = deadline.run(response.into_body().collect()).await?;
            let body = body.map_err(|error| Error::new(Code::NoActive, error.to_string()))?.to_bytes();
            return Err(peers::told(&holder.node, &body));
        }
        let (freshness, role) = (lag(response.headers()), role(response.headers()));
        let node = Some(holder.node.clone());
        let frames = Frames::new(text(response));
        Ok(Part { partitions, node, frames, stage, was_held: false, freshness, role })
    }
}

impl Stage {
    fn of(start: &WatchStart) -> Self {
        if *start == WatchStart::Snapshot { Self::Rows { told: false } } else { Self::Changes }
    }
}

fn text(
    response: axum::http::Response<Incoming>,
) -> futures_util::stream::BoxStream<'static, Result<bytes::Bytes, String>> {
    response.into_body().into_data_stream().map_err(|error| error.to_string()).boxed()
}

fn lag(headers: &HeaderMap) -> Freshness {
    let number = |name| headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
    Freshness {
        lag: number(&LENTIC_LAG_RECORDS).unwrap_or_default(),
        staleness_ms: number(&LENTIC_STALENESS_MS),
    }
}

fn role(headers: &HeaderMap) -> Role {
    let is_active = headers.get(&LENTIC_ROLE).is_some_and(|role| role == "active");
    if is_active { Role::Active } else { Role::Standby }
}
