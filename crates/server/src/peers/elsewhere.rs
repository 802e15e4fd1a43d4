//! Requests for one partition that another node is to answer.
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::http::StatusCode;
use bytes::Bytes;
use hyper::body::Incoming;
use lentic::types::{PartitionId, ShardId};
use lentic::{Admission, Holder, Role};
use tokio::time::Instant;

use super::client::{Failed, Message};
use super::gather::{out_of_reach, unreachable};
use crate::call::Call;
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::http::{Body, LENTIC_ERROR, Response};

/// How long somebody is looked for who answers.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two looks: a node that takes over tells so meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// Who answers a request.
pub(crate) enum Answered {
    /// This node is to.
    Here,
    /// Another one has.
    There(Response),
}

impl Call {
    /// Has another node answer a read of a partition, unless it is this one's to answer.
    pub(crate) async fn read_elsewhere(&self, entry: &Entry, partition: PartitionId) -> Result<Answered> {
        if self.is_hop || self.is_for_here(entry, partition)? {
            return Ok(Answered::Here);
        }
        let is_here = entry.table.is_here(partition);
        let until = self.deadline.at().min(Instant::now() + PATIENCE);
        loop {
            let (mut last, mut reasons) = (None, Vec::new());
            for holder in entry.table.holders(partition) {
                if is_here && !self.wants_active && is_no_better(entry, partition, &holder) {
                    break;
                }
                match self.ask(&holder, Bytes::new()).await {
                    Ok(response) if is_of_no_use(&response) => last = Some(response),
                    Ok(response) => return Ok(Answered::There(response)),
                    Err(failed) => reasons.push(unreachable(&self.state, &holder, failed)),
                }
            }
            if is_here && !self.wants_active {
                return Ok(Answered::Here);
            }
            if Instant::now() >= until || self.is_for_here(entry, partition)? {
                return match last {
                    Some(response) if !is_not_there(&response) => Ok(Answered::There(response)),
                    _ if is_here => Ok(Answered::Here),
                    _ => Err(no_active(entry, partition, &reasons)),
                };
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Has the partition's owner decide a write, unless that is this node. It is sent to one node alone, and to another only
    /// if it was not sent.
    pub(crate) async fn write_elsewhere(
        &self,
        entry: &Entry,
        partition: PartitionId,
        body: Bytes,
    ) -> Result<Answered> {
        if self.is_hop || entry.table.is_answered_here(partition) {
            return Ok(Answered::Here);
        }
        let mut reasons = Vec::new();
        for holder in entry.table.holders(partition).into_iter().filter(|holder| holder.role == Role::Active)
        {
            match self.ask(&holder, body.clone()).await {
                Ok(response) => return Ok(Answered::There(response)),
                Err(Failed::Broken(why)) => {
                    self.state.node.mark_unreachable(&holder.node, &why);
                    let text = format!(
                        "the node {} did not answer a write that it may have done: {why}",
                        holder.node
                    );
                    return Err(Error::new(Code::WriteOutcomeUnknown, text));
                }
                Err(Failed::Late) => return Err(Error::plain(Code::WriteOutcomeUnknown)),
                Err(failed) => reasons.push(unreachable(&self.state, &holder, failed)),
            }
        }
        // Whoever has the rows can decide: the log does.
        if entry.table.is_here(partition) {
            Ok(Answered::Here)
        } else {
            Err(no_active(entry, partition, &reasons))
        }
    }

    fn is_for_here(&self, entry: &Entry, partition: PartitionId) -> Result<bool> {
        if entry.table.is_answered_here(partition) {
            return Ok(true);
        }
        // A copy that is fresh enough saves the hop.
        let may_be_old =
            self.demand.max_staleness.is_some() && !self.wants_active && entry.table.is_here(partition);
        Ok(may_be_old && entry.table.admit(&Some(partition).into(), &self.demand)? == Admission::Granted)
    }

    async fn ask(&self, holder: &Holder, body: Bytes) -> Result<Response, Failed> {
        let message = Message {
            peer: &holder.peer,
            method: self.method.clone(),
            target: self.target.as_str(),
            headers: &self.headers,
            body,
        };
        self.state.peers.send(message, self.deadline).await.map(passed_on)
    }

    /// Refuses an answer that is not the active one's where that is asked for.
    pub(crate) fn check_role(&self, entry: &Entry, partition: PartitionId) -> Result<()> {
        if self.wants_active && entry.table.role(partition) != Role::Active {
            return Err(no_active(entry, partition, &[]));
        }
        Ok(())
    }
}

/// Whether a copy that is here is as good as the one there: of an owner that is on its way only what it has is known.
pub(super) fn is_no_better(entry: &Entry, partition: PartitionId, holder: &Holder) -> bool {
    holder.role == Role::Standby || (!holder.ready && entry.table.is_live_here(partition))
}

/// An answer on its way through.
fn passed_on(response: axum::http::Response<Incoming>) -> Response {
    response.map(|body| Body::Stream(AxumBody::new(body)))
}

/// Whether a node has told that it doesn't have the rows.
fn is_not_there(response: &Response) -> bool {
    let code = response.headers().get(&LENTIC_ERROR);
    code.is_some_and(|code| code == Code::PartitionNotKept.as_str() || code == Code::TableNotFound.as_str())
}

/// Whether another node may know better.
fn is_of_no_use(response: &Response) -> bool {
    let code = response.headers().get(&LENTIC_ERROR);
    let codes =
        [Code::PartitionNotKept, Code::Stopping, Code::NoActive, Code::TableNotFound, Code::CatchingUp];
    (response.status() == StatusCode::SERVICE_UNAVAILABLE || response.status().is_client_error())
        && code.is_some_and(|code| codes.iter().any(|known| code == known.as_str()))
}

pub(crate) fn no_active(entry: &Entry, partition: PartitionId, reasons: &[String]) -> Error {
    let shard = entry.table.shard_of(partition).unwrap_or(ShardId(0));
    let mut reasons = reasons.to_vec();
    if reasons.is_empty() {
        // They were asked not long ago.
        let nodes = entry.table.out_of_reach(partition);
        reasons.extend(nodes.iter().map(|(node, why)| out_of_reach(node, why)));
    }
    let why = if reasons.is_empty() {
        "nobody is known to be its owner now".to_owned()
    } else {
        reasons.join("; ")
    };
    let text = format!("shard {} (partition {partition} of {}) is not served: {why}", shard.0, entry.name);
    Error::new(Code::NoActive, text).field("shard", shard.0)
}
