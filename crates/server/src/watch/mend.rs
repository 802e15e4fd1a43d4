//! Finding who watches partitions: at first, and again when a node goes.
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lentic::types::PartitionId;
use lentic::{ReadError, WatchStart};
use tokio::time::Instant;

use super::part::{Avoided, Part, Watched};
use crate::error::{Code, Error, Result};
use crate::http::Deadline;

/// How long somebody is looked for before the reader is told that it watches.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same while it watches: until the group has given a dead node's shards to others, and these have built them.
const LONG_PATIENCE: Duration = Duration::from_secs(45);

/// For one node to answer, while another may do so at once.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Between two looks: a node that takes over tells so meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// Opens watches of all these partitions.
pub(super) async fn find(
    watched: &Watched,
    partitions: &[PartitionId],
    start: &WatchStart,
    deadline: Deadline,
) -> Result<Vec<Part>> {
    let until = deadline.at().min(Instant::now() + PATIENCE);
    let (mut parts, mut left, mut avoided) = (Vec::new(), partitions.to_vec(), Avoided::new());
    loop {
        let (opened, error) = watched.open(&left, start, &mut avoided, deadline).await;
        take_off(&mut left, &opened);
        parts.extend(opened);
        match error {
            None => return Ok(parts),
            Some(error) if !is_passing(&error) || Instant::now() >= until => return Err(error),
            Some(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Parts that are watched again, and who looks for the others.
pub(super) struct Mended {
    pub(super) parts: Vec<Part>,
    pub(super) rest: Option<BoxFuture<'static, Result<Self>>>,
}

/// Has partitions watched again. An error: nobody was found in time.
pub(super) fn mend(
    watched: Arc<Watched>,
    partitions: Vec<PartitionId>,
    start: WatchStart,
) -> BoxFuture<'static, Result<Mended>> {
    mend_until(watched, partitions, start, Instant::now() + LONG_PATIENCE)
}

fn mend_until(
    watched: Arc<Watched>,
    left: Vec<PartitionId>,
    start: WatchStart,
    until: Instant,
) -> BoxFuture<'static, Result<Mended>> {
    look(watched, left, start, until).boxed()
}

async fn look(
    watched: Arc<Watched>,
    mut left: Vec<PartitionId>,
    start: WatchStart,
    until: Instant,
) -> Result<Mended> {
    let mut avoided = Avoided::new();
    loop {
        let attempt = Deadline::after(ATTEMPT, false);
        let (parts, error) = watched.open(&left, &start, &mut avoided, attempt).await;
        take_off(&mut left, &parts);
        if watched.entry.table.is_closed() {
            return Err(ReadError::Closed.into());
        }
        if !parts.is_empty() {
            let rest = (!left.is_empty()).then(|| mend_until(watched, left, start, until));
            return Ok(Mended { parts, rest });
        }
        match error {
            // Somebody has them, and is at work.
            Some(error) if error.code() != Code::CatchingUp && Instant::now() >= until => return Err(error),
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn take_off(left: &mut Vec<PartitionId>, parts: &[Part]) {
    left.retain(|partition| !parts.iter().any(|part| part.partitions.contains(partition)));
}

/// Whether another attempt may end better.
fn is_passing(error: &Error) -> bool {
    matches!(error.code(), Code::NoActive | Code::PartitionNotKept | Code::Stopping | Code::TableNotFound)
}
