//! Requests for one partition that another node is to answer.
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::http::StatusCode;
use bytes::Bytes;
use hyper::body::Incoming;
use lentic::types::{PartitionId, ShardId};
use lentic::{Admission, Here, Holder, ReadRoute, ReadStep, Refused, Role, Wanted, WriteRoute, WriteStep};
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
        if self.is_hop {
            return Ok(Answered::Here);
        }
        let here =
            Here { answers: self.is_for_here(entry, partition)?, has_copy: entry.table.is_here(partition) };
        let mut route = ReadRoute::new(here, self.wanted());
        let until = self.deadline.at().min(Instant::now() + PATIENCE);
        loop {
            let holders = if here.answers { Vec::new() } else { entry.table.holders(partition) };
            let (mut last, mut reasons) = (None, Vec::new());
            let mut step = route.look(holders.iter().map(|holder| regarded(entry, partition, holder)));
            while let ReadStep::Ask(number) = step {
                let holder = &holders[number];
                step = match self.ask(holder, Bytes::new()).await {
                    Ok(response) => match refused(&response) {
                        None => return Ok(Answered::There(response)),
                        Some(how) => {
                            last = Some(response);
                            route.refused(how)
                        }
                    },
                    Err(failed) => {
                        reasons.push(unreachable(&self.state, holder, failed));
                        route.refused(Refused::Silent)
                    }
                };
            }
            if step == ReadStep::End {
                step = route.end(self.is_for_here(entry, partition)?, Instant::now() >= until);
            }
            match (step, last) {
                (ReadStep::Again, _) => tokio::time::sleep(PAUSE).await,
                (ReadStep::Here, _) => return Ok(Answered::Here),
                (ReadStep::PassOn, Some(response)) => return Ok(Answered::There(response)),
                _ => return Err(no_active(entry, partition, &reasons)),
            }
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
        if self.is_hop {
            return Ok(Answered::Here);
        }
        let here = entry.table.what_is_here(partition);
        let holders = if here.answers { Vec::new() } else { entry.table.holders(partition) };
        let mut route = WriteRoute::new(here, holders.iter().map(|holder| holder.role));
        let (mut step, mut reasons) = (route.step(), Vec::new());
        while let WriteStep::Ask(number) = step {
            let holder = &holders[number];
            step = match self.ask(holder, body.clone()).await {
                Ok(response) => return Ok(Answered::There(response)),
                Err(failed @ Failed::NotSent(_)) => {
                    reasons.push(unreachable(&self.state, holder, failed));
                    route.not_sent()
                }
                Err(failed) => {
                    reasons = vec![unreachable(&self.state, holder, failed)];
                    route.not_answered()
                }
            };
        }
        match step {
            WriteStep::Unknown => {
                let text = format!("the write may have been done: {}", reasons.join("; "));
                Err(Error::new(Code::WriteOutcomeUnknown, text))
            }
            WriteStep::Here => Ok(Answered::Here),
            WriteStep::Ask(_) | WriteStep::NoActive => Err(no_active(entry, partition, &reasons)),
        }
    }

    /// What the reader asks for, as far as it decides who answers.
    fn wanted(&self) -> Wanted {
        Wanted { active: self.wants_active, may_be_old: self.demand.max_staleness.is_some() }
    }

    fn is_for_here(&self, entry: &Entry, partition: PartitionId) -> Result<bool> {
        if entry.table.is_answered_here(partition) {
            return Ok(true);
        }
        // A copy that is fresh enough saves the hop.
        let wanted = self.wanted();
        let may_be_old = wanted.may_be_old && !wanted.active && entry.table.is_here(partition);
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
    pub(crate) fn check_role(&self, entry: &Entry, role: Role) -> Result<()> {
        check_role(self.wants_active, entry, role)
    }
}

/// What another node's word is worth where a copy is here as well: of an owner that is on its way only what it has is known, too.
pub(super) fn regarded(entry: &Entry, partition: PartitionId, holder: &Holder) -> Role {
    let is_on_its_way = holder.role == Role::Active && !holder.ready;
    if is_on_its_way && entry.table.is_live_here(partition) { Role::Standby } else { holder.role }
}

/// The same of an answer about several partitions.
pub(super) fn check_role(wants_active: bool, entry: &Entry, role: Role) -> Result<()> {
    if !wants_active || role == Role::Active {
        return Ok(());
    }
    let mut here = entry.table.kept_partitions();
    let partition = here.find(|partition| entry.table.role(*partition) != Role::Active).unwrap_or_default();
    Err(no_active(entry, partition, &[]))
}

/// An answer on its way through.
fn passed_on(response: axum::http::Response<Incoming>) -> Response {
    response.map(|body| Body::Stream(AxumBody::new(body)))
}

/// Whether another node may know better.
fn refused(response: &Response) -> Option<Refused> {
    let status = response.status();
    if status != StatusCode::SERVICE_UNAVAILABLE && !status.is_client_error() {
        return None;
    }
    let code = response.headers().get(&LENTIC_ERROR)?;
    let is_one_of = |codes: &[Code]| codes.iter().any(|known| code == known.as_str());
    if is_one_of(&[Code::PartitionNotKept, Code::TableNotFound]) {
        Some(Refused::NotThere)
    } else if is_one_of(&[Code::Stopping, Code::NoActive, Code::CatchingUp]) {
        Some(Refused::CanNot)
    } else {
        None
    }
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
