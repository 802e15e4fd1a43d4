//! Questions to all hosts at once.
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method};
use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Limited};
use lentic::types::Offset;
use lentic::{Member, Node};
use lentic_ksql_api::HostStatus;
use serde::de::DeserializeOwned;

use super::{HOST_PATH, Question, Report, name_of, own_name};
use crate::http::Deadline;
use crate::ksql::Ksql;
use crate::peers::{Failed, Message};
use crate::state::State;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a statement is waited for that has taken effect elsewhere.
pub(super) const IN_FORCE: Duration = Duration::from_secs(5);
/// The longest answer.
const ANSWER_BYTES: usize = 64 << 20;

/// A host, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Host<T> {
    /// `host:port`
    pub(crate) name: String,
    /// `None`: it does not answer.
    pub(crate) told: Option<T>,
}

impl Host<Report> {
    /// This node, as it says itself.
    pub(crate) fn here(ksql: &Ksql, node: &Node) -> Self {
        Self { name: own_name(node), told: Some(Report::here(ksql, node)) }
    }
}

/// The hosts of the service.
#[derive(Clone)]
pub(crate) struct Hosts(Arc<State>);

impl Hosts {
    pub(crate) fn new(state: &Arc<State>) -> Self {
        Self(Arc::clone(state))
    }

    /// How queries are doing on each host, this one first. On a thread that may block.
    pub(crate) fn reports(&self, ksql: &Ksql) -> Vec<Host<Report>> {
        let here = Host::here(ksql, &self.0.node);
        let others = self.block(self.others(&Question::Queries, PATIENCE));
        std::iter::once(here).chain(others).collect()
    }

    /// What each other host has of the queries' state.
    pub(crate) async fn states(&self) -> Vec<Host<HostStatus>> {
        self.others(&Question::State, PATIENCE).await
    }

    /// Ends a query whose rows go to a client of another host; false: none has it.
    pub(crate) async fn close(&self, query: &str) -> bool {
        let closed = self.others(&Question::Close(query.to_owned()), PATIENCE).await;
        closed.iter().any(|host| host.told == Some(true))
    }

    /// The same on a thread that may block.
    pub(crate) fn close_now(&self, query: &str) -> bool {
        self.block(self.close(query))
    }

    /// Waits until a statement is in force on the other hosts, and the query that it started runs: what a client does next may go
    /// to any of them. Those that don't answer are not waited for. On a thread that may block.
    pub(crate) fn in_force(&self, offset: Offset, query: Option<&str>) {
        let told = self.block(self.others::<bool>(&Question::in_force(offset, query), IN_FORCE * 2));
        for host in told.iter().filter(|host| host.told != Some(true)) {
            tracing::debug!(host = host.name, %offset, "a statement is not known to be in force there");
        }
    }

    fn block<T>(&self, asked: impl Future<Output = T>) -> T {
        tokio::runtime::Handle::current().block_on(asked)
    }

    async fn others<T: DeserializeOwned>(&self, question: &Question, patience: Duration) -> Vec<Host<T>> {
        let members = self.0.node.members();
        let others = members.iter().filter(|member| member.node != self.0.node.node_id());
        let deadline = Deadline::after(patience, true);
        let asked = others.map(|member| async move {
            Host { name: name_of(&member.endpoint), told: self.ask(member, question, deadline).await }
        });
        join_all(asked).await
    }

    /// `None`: it can't be reached, or is of a release that does not know the question.
    async fn ask<T: DeserializeOwned>(
        &self,
        member: &Member,
        question: &Question,
        deadline: Deadline,
    ) -> Option<T> {
        if member.unreachable.is_some() || member.peer.is_empty() {
            return None;
        }
        let headers = HeaderMap::new();
        let message = Message {
            peer: &member.peer,
            method: Method::POST,
            target: HOST_PATH,
            headers: &headers,
            body: serde_json::to_vec(question).ok()?.into(),
        };
        let response = match self.0.peers.send(message, deadline).await {
            Ok(response) => response,
            Err(failed) => {
                if let Failed::NotSent(why) | Failed::Broken(why) = failed {
                    self.0.node.mark_unreachable(&member.node, &why);
                }
                return None;
            }
        };
        if !response.status().is_success() {
            return None;
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect();
        let body = deadline.run(body).await.ok()?.ok()?.to_bytes();
        serde_json::from_slice(&body).ok()
    }
}
