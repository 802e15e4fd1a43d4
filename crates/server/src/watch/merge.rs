//! One watch of partitions that are on several nodes: each tells of its own, and what they tell is put together.
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use lentic::types::PartitionId;
use lentic::{EventId, MergedId, ReadError, Role, WatchStart};
use tokio::time::Instant;

use super::frames::{Ended, Frame, Kind};
use super::mend::{Mended, find, mend};
use super::outlet::{End, Outlet, PART_BYTES};
use super::part::{Part, Stage, Watched};
use super::sse;
use crate::error::{Code, Error, Result};
use crate::freshness::Freshness;
use crate::http::Deadline;
use crate::peers;

/// Watches of all parts as one: first the rows of all, then the changes of all, with ids of all. Nothing is kept here but the
/// event at hand of each part: a part whose rows are told waits for the others in its own node, and is opened again where it
/// was if that takes too long.
pub(super) struct Merge {
    watched: Arc<Watched>,
    partitions: Vec<PartitionId>,
    parts: Vec<Part>,
    /// Parts that are being opened again.
    mending: FuturesUnordered<BoxFuture<'static, Result<Mended>>>,
    ids: MergedId,
    in_snapshot: bool,
    /// The part to look at first: each gets its turn.
    turn: usize,
    /// Why everything has to begin anew.
    reset: Option<String>,
}

impl Merge {
    fn new(watched: Arc<Watched>, start: &WatchStart) -> Self {
        let partitions = watched.partitions();
        let ids = match start {
            WatchStart::After(id) => MergedId::after(id, &partitions),
            WatchStart::Snapshot | WatchStart::Now => {
                MergedId::new(watched.entry.table.partitions(), &partitions)
            }
        };
        Self {
            watched,
            partitions,
            parts: Vec::new(),
            mending: FuturesUnordered::new(),
            ids,
            in_snapshot: *start == WatchStart::Snapshot,
            turn: 0,
            reset: None,
        }
    }

    /// Opens watches of all parts, or says why that can't be.
    pub(super) async fn open(watched: Arc<Watched>, start: WatchStart, deadline: Deadline) -> Result<Self> {
        let mut merge = Self::new(watched, &start);
        merge.parts = find(&merge.watched, &merge.partitions, &start, deadline).await?;
        if start == WatchStart::Now {
            // Its place is known before the reader is told that it watches: what follows is not missed.
            for i in 0..merge.parts.len() {
                while merge.ids_of(i, deadline).await? {}
            }
        }
        Ok(merge)
    }

    #[cfg(test)]
    pub(super) fn of_parts(watched: Arc<Watched>, start: &WatchStart, parts: Vec<Part>) -> Self {
        Self { parts, ..Self::new(watched, start) }
    }

    /// Goes on with a watch of partitions of which some left this node.
    pub(super) fn inherit(watched: Arc<Watched>, place: Option<EventId>) -> Self {
        match place {
            None => {
                let mut merge = Self::new(watched, &WatchStart::Snapshot);
                merge.reset = Some("a partition moved while its rows were told".to_owned());
                merge
            }
            Some(id) => {
                let start = WatchStart::After(id);
                let merge = Self::new(watched, &start);
                merge.mend(merge.partitions.clone(), start);
                merge
            }
        }
    }

    /// How fresh the parts were when they were opened.
    pub(super) fn freshness(&self) -> (Freshness, Role) {
        let staleness = self.parts.iter().map(|part| part.freshness.staleness_ms);
        let freshness = Freshness {
            lag: self.parts.iter().map(|part| part.freshness.lag).sum(),
            staleness_ms: staleness.reduce(|one, other| Some(one?.max(other?))).flatten(),
        };
        (freshness, self.parts.iter().map(|part| part.role).min().unwrap_or(Role::Active))
    }

    /// Until the reader leaves, or something ends the watch.
    pub(super) async fn run(mut self, outlet: Outlet) {
        let Err(end) = self.merge(&outlet).await;
        outlet.end(end, self.watched.entry.name.as_str()).await;
    }

    async fn merge(&mut self, outlet: &Outlet) -> Result<Infallible, End> {
        let mut stopping = outlet.state.stopping();
        let mut told_at = Instant::now();
        loop {
            if *stopping.borrow() {
                return Err(Error::plain(Code::Stopping).into());
            }
            let mut out = Vec::new();
            if let Some(why) = self.reset.take() {
                self.begin_anew(&why, &mut out);
            }
            self.widen();
            let beat = told_at + outlet.state.options.heartbeat;
            let mut outcome = tokio::select! {
                (i, told) = next(&mut self.parts, &mut self.turn, self.in_snapshot) => self.told(i, told, &mut out),
                Some(mended) = self.mending.next() => mended.map(|mended| self.mended(mended, &mut out)),
                () = outlet.closed() => return Err(End::Left),
                _ = stopping.changed() => return Err(Error::plain(Code::Stopping).into()),
                () = tokio::time::sleep_until(beat) => {
                    sse::heartbeat(self.ids.id().filter(|_| !self.in_snapshot).as_ref(), &mut out);
                    Ok(())
                }
            };
            while outcome.is_ok()
                && self.reset.is_none()
                && out.len() < PART_BYTES
                && let Some((i, told)) =
                    next(&mut self.parts, &mut self.turn, self.in_snapshot).now_or_never()
            {
                outcome = self.told(i, told, &mut out);
            }
            if !out.is_empty() {
                outlet.send(out).await?;
                told_at = Instant::now();
            }
            outcome?;
        }
    }

    /// A part tells something.
    fn told(&mut self, i: usize, told: Result<Frame, Ended>, out: &mut Vec<u8>) -> Result<()> {
        let frame = match told {
            Ok(frame) => frame,
            Err(ended) => return self.lost(i, ended, None),
        };
        let part = &mut self.parts[i];
        if let Some(id) = &frame.id {
            self.ids.take(id, &part.partitions);
        }
        match frame.kind {
            Kind::Put | Kind::Delete => {
                let id = match &mut part.stage {
                    Stage::Rows { told } => {
                        *told = true;
                        None
                    }
                    Stage::Changes => self.ids.id(),
                };
                sse::event(frame.kind.name(), id.as_ref(), out, |out| out.extend_from_slice(&frame.data));
            }
            Kind::SnapshotEnd => {
                part.stage = Stage::Changes;
                part.was_held = true;
                self.end_snapshot(out);
            }
            Kind::Reset => {
                let document: serde_json::Value = serde_json::from_slice(&frame.data).unwrap_or_default();
                self.reset = Some(document["reason"].as_str().unwrap_or_default().to_owned());
            }
            Kind::Error => {
                let node = part.node.clone();
                let node = node.as_deref().unwrap_or_else(|| self.watched.state.node.node_id());
                let error = peers::told(node, &frame.data);
                return self.lost(i, None, Some(error));
            }
            Kind::Life => {}
        }
        Ok(())
    }

    /// The rows of all have been told.
    fn end_snapshot(&mut self, out: &mut Vec<u8>) {
        let are_told = self.mending.is_empty() && self.parts.iter().all(|part| part.stage == Stage::Changes);
        if self.in_snapshot && are_told {
            self.in_snapshot = false;
            sse::snapshot_end(self.ids.id().as_ref(), out);
        }
    }

    /// A part has ended: it is opened again where it was, by whoever has the partitions now.
    fn lost(&mut self, i: usize, ended: Ended, error: Option<Error>) -> Result<()> {
        let part = self.parts.swap_remove(i);
        if self.watched.entry.table.is_closed() {
            return Err(ReadError::Closed.into());
        }
        if let (Some(node), Some(why)) = (&part.node, &ended) {
            tracing::debug!(node, "the watch of a part broke: {why}");
            self.watched.state.node.mark_unreachable(node, why);
        }
        if let Some(error) = error.filter(|error| !(is_passing(error) || (part.was_held && is_slow(error)))) {
            return Err(error);
        }
        match (part.stage, self.ids.id()) {
            (Stage::Changes, Some(id)) => self.mend(part.partitions, WatchStart::After(id)),
            (Stage::Rows { told: false }, _) => self.mend(part.partitions, WatchStart::Snapshot),
            _ => {
                self.reset =
                    Some("the node that told the rows of some partitions does so no longer".to_owned());
            }
        }
        Ok(())
    }

    fn mend(&self, partitions: Vec<PartitionId>, start: WatchStart) {
        self.mending.push(mend(Arc::clone(&self.watched), partitions, start));
    }

    fn mended(&mut self, mended: Mended, out: &mut Vec<u8>) {
        self.parts.extend(mended.parts);
        if let Some(rest) = mended.rest {
            self.mending.push(rest);
        }
        self.end_snapshot(out);
    }

    /// Everything that was told is void.
    fn begin_anew(&mut self, why: &str, out: &mut Vec<u8>) {
        *self = Self::new(Arc::clone(&self.watched), &WatchStart::Snapshot);
        sse::reset(why, out);
        self.mend(self.partitions.clone(), WatchStart::Snapshot);
    }

    /// Keys may turn out to lie otherwise than they seemed to: then those of one key are looked for in all partitions.
    fn widen(&mut self) {
        let [home] = self.partitions[..] else { return };
        if self.watched.is_known_to_lie_in(home) {
            return;
        }
        let mut more = self.watched.all_partitions();
        more.retain(|partition| *partition != home);
        self.partitions.extend(&more);
        self.ids.widen(&more);
        match self.ids.id() {
            Some(id) if !self.in_snapshot => self.mend(more, WatchStart::After(id)),
            _ => self.mend(more, WatchStart::Snapshot),
        }
    }

    /// Reads on until a part has told where it is; whether it has not.
    async fn ids_of(&mut self, i: usize, deadline: Deadline) -> Result<bool> {
        let part = &mut self.parts[i];
        let told = deadline.run(poll_fn(|cx| part.frames.poll_next(cx))).await?;
        let frame = told.map_err(|why| Error::new(Code::NoActive, why.unwrap_or_default()))?;
        match frame.id {
            Some(id) if frame.kind == Kind::Life => {
                self.ids.take(&id, &part.partitions);
                Ok(false)
            }
            _ => Ok(true),
        }
    }
}

/// What one of the parts tells next. While rows are told, those wait whose rows have been.
async fn next(parts: &mut [Part], turn: &mut usize, in_snapshot: bool) -> (usize, Result<Frame, Ended>) {
    poll_fn(|cx| {
        for step in 0..parts.len() {
            let i = (*turn + step) % parts.len();
            let part = &mut parts[i];
            if in_snapshot && part.stage == Stage::Changes {
                continue;
            }
            if let Poll::Ready(told) = part.frames.poll_next(cx) {
                *turn = i + 1;
                return Poll::Ready((i, told));
            }
        }
        Poll::Pending
    })
    .await
}

/// Whether another node, or the same one later, goes on with the part.
fn is_passing(error: &Error) -> bool {
    let passing =
        [Code::NoActive, Code::PartitionNotKept, Code::Stopping, Code::TableNotFound, Code::CatchingUp];
    passing.contains(&error.code())
}

/// Whether a node has found the reader of a part too slow.
fn is_slow(error: &Error) -> bool {
    error.code() == Code::Overloaded
}
