//! What all requests share.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic::config::Config;
use lentic::{Node, Readiness};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::catalog::Catalog;
use crate::error::{Code, Error, Result};
use crate::http::{Deadline, LENTIC_ERROR, Response};
use crate::metrics::Http;
use crate::options::Options;
use crate::pace::Pace;
use crate::peers::{Lanes, Peers, Throttle};
use crate::security::Guard;

/// Threads that reads, and writes, may each block at the same time; more wait, within their deadlines.
const BLOCKING_READS: usize = 64;
const BLOCKING_WRITES: usize = 128;
/// How much longer than its time a write is waited for.
const WRITE_GRACE: Duration = Duration::from_millis(250);

pub(crate) struct State {
    pub(crate) node: Node,
    pub(crate) catalog: Catalog,
    pub(crate) guard: Guard,
    /// Of the listener for other nodes; `None`: there is none.
    pub(crate) peer_guard: Option<Guard>,
    pub(crate) peers: Peers,
    /// Plain reads that other nodes are asked for.
    pub(crate) lanes: Lanes,
    /// Of the rows that other nodes are given.
    pub(crate) seeds: Throttle,
    pub(crate) http: Http,
    pub(crate) pace: Pace,
    pub(crate) options: Options,
    pub(crate) started: Instant,
    pub(crate) openapi: Bytes,
    pub(crate) docs: Bytes,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    requests: AtomicUsize,
    watches: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    stopping: watch::Sender<bool>,
}

impl State {
    pub(crate) fn new(
        node: Node,
        guard: Guard,
        peer_guard: Option<Guard>,
        peers: Peers,
        options: Options,
    ) -> Self {
        let openapi = crate::doc::openapi();
        Self {
            lanes: Lanes::default(),
            seeds: Throttle::new(node.config().seed_max_bytes_per_second),
            catalog: Catalog::new(node.clone()),
            node,
            guard,
            peer_guard,
            peers,
            http: Http::default(),
            pace: Pace::new(Instant::now()),
            options,
            started: Instant::now(),
            docs: crate::doc::page(&openapi).into(),
            openapi: crate::doc::json(&openapi).into(),
            reads: Arc::new(Semaphore::new(BLOCKING_READS)),
            writes: Arc::new(Semaphore::new(BLOCKING_WRITES)),
            requests: AtomicUsize::new(0),
            watches: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            stopping: watch::channel(false).0,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        self.node.config()
    }

    /// Runs a read that may block on a thread for that.
    pub(crate) async fn block<T: Send + 'static>(
        &self,
        deadline: Deadline,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let running = begin(&self.reads, deadline, read).await?;
        deadline.run(running).await?.map_err(|_| Error::plain(Code::Internal))
    }

    /// Runs a change of a table; one that takes longer than the request goes on.
    pub(crate) async fn block_change<T: Send + 'static>(
        &self,
        deadline: Deadline,
        change: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let running = begin(&self.writes, deadline, change).await?;
        let late = |error: Error| error.hint("It goes on: GET /v1/tables/{table} tells what became of it.");
        deadline.run(running).await.map_err(late)?.map_err(|_| Error::plain(Code::Internal))
    }

    /// Runs a write that blocks and keeps time by itself; once begun it is waited for, so that its outcome is known. One
    /// that stays away all the same goes on unobserved.
    pub(crate) async fn block_write<T: Send + 'static>(
        &self,
        deadline: Deadline,
        write: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let why = "other writes came first";
        let running =
            begin(&self.writes, deadline, write).await.map_err(|_| Error::new(Code::Undecided, why))?;
        match tokio::time::timeout_at(deadline.at() + WRITE_GRACE, running).await {
            Ok(outcome) => outcome.map_err(|_| Error::plain(Code::WriteOutcomeUnknown)),
            Err(_) => Err(Error::plain(Code::WriteOutcomeUnknown)),
        }
    }

    /// Counts a request in, or refuses it.
    pub(crate) fn admit_request(self: &Arc<Self>) -> Result<Slot> {
        let limit = self.config().max_concurrent_requests;
        Slot::take(self, |state| &state.requests, "max_concurrent_requests", limit)
    }

    /// Counts a watch in, or refuses it.
    pub(crate) fn admit_watch(self: &Arc<Self>) -> Result<Slot> {
        let limit = self.config().max_watches;
        Slot::take(self, |state| &state.watches, "max_watches", limit)
    }

    pub(crate) fn watches_open(&self) -> usize {
        self.watches.load(Ordering::Relaxed)
    }

    pub(crate) fn requests_running(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The answer as it goes out. A node that stops closes its tables: that one is not there says nothing then.
    pub(crate) fn settled(&self, response: Response) -> Response {
        if response.status().is_success() {
            return response;
        }
        let code = response.headers().get(&LENTIC_ERROR);
        let no_table = code.is_some_and(|code| code == Code::TableNotFound.as_str());
        if no_table && self.node.readiness() == Readiness::Stopping {
            return Error::plain(Code::Stopping).response();
        }
        response
    }

    /// From now on watches end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Resolves when a stop begins.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

/// Runs what may block once there is a permit for it, which it keeps to its end.
async fn begin<T: Send + 'static>(
    permits: &Arc<Semaphore>,
    deadline: Deadline,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    let permit = deadline.run(Arc::clone(permits).acquire_owned()).await?;
    Ok(tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    }))
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

/// A place among the concurrent requests or watches; dropping it gives it back.
pub(crate) struct Slot {
    state: Arc<State>,
    count: fn(&State) -> &AtomicUsize,
}

impl Slot {
    fn take(
        state: &Arc<State>,
        count: fn(&State) -> &AtomicUsize,
        name: &'static str,
        limit: usize,
    ) -> Result<Self> {
        let slot = Self { state: Arc::clone(state), count };
        if count(state).fetch_add(1, Ordering::Relaxed) < limit {
            return Ok(slot);
        }
        Err(Error::new(Code::Overloaded, format!("{name} = {limit} is reached")))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        (self.count)(&self.state).fetch_sub(1, Ordering::Relaxed);
    }
}
