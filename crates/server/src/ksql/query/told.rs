//! How a pull query is told: a short answer as a whole, a long one in parts as the client takes them.
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lentic_ksql_api::{ErrorBody, ErrorCode};

use super::outlet::PART_BYTES;
use super::store::{self, Cursor};
use super::{Answer, Outlet, Parts, Pulled};
use crate::http::{Body, Deadline};
use crate::ksql::error_body;
use crate::peers::{Gather, PartRow};
use crate::state::State;

/// An answer that is not longer goes out as a whole: what fails before that is an error of the request.
const WHOLE: usize = 256 * 1024;
/// Parts on their way.
const PARTS: usize = 2;
/// How long a store is waited for.
const BEGIN: Duration = Duration::from_secs(20);

/// An answer.
pub(crate) enum Told {
    Whole(Vec<u8>),
    Parts(Parts),
}

impl Told {
    pub(crate) fn into_body(self, state: &State) -> Body {
        match self {
            Self::Whole(body) => Body::from(Bytes::from(body)),
            Self::Parts(parts) => parts.into_body(state, ()),
        }
    }
}

/// Where the parts of an answer go.
struct Parting {
    outlet: Outlet,
    buffer: Vec<u8>,
    /// A part has gone out.
    has_begun: bool,
}

impl Parting {
    /// Sends what there is, if it is much; false: nobody takes it any more.
    async fn flow(&mut self) -> bool {
        let enough = if self.has_begun { PART_BYTES } else { WHOLE };
        if self.buffer.len() < enough {
            return true;
        }
        self.has_begun = true;
        self.outlet.pass(std::mem::take(&mut self.buffer)).await
    }
}

impl Pulled {
    /// Answers: what is in memory is a page of each node, and what the client has not taken yet. Rows that are sorted or grouped
    /// are all there before the first goes out, within `max_pull_bytes`.
    pub(crate) async fn tell(
        self,
        state: &Arc<State>,
        gather: Gather,
        mut answer: Box<dyn Answer>,
    ) -> Result<Told, ErrorBody> {
        let (outlet, mut parts) = Outlet::of(PARTS);
        let state = Arc::clone(state);
        let mut telling = Box::pin(async move {
            let mut parting = Parting { outlet, buffer: Vec::new(), has_begun: false };
            let outcome = self.write(&state, &gather, &mut *answer, &mut parting).await;
            let Parting { outlet, mut buffer, has_begun } = parting;
            if !has_begun {
                return outcome.map(|()| buffer);
            }
            if let Err(error) = outcome {
                answer.failed(&error, &mut buffer);
            }
            outlet.pass(buffer).await;
            Ok(Vec::new())
        });
        tokio::select! {
            biased;
            whole = &mut telling => {
                let whole = whole?;
                return Ok(if parts.is_empty() { Told::Whole(whole) } else { Told::Parts(parts) });
            }
            _ = parts.begun() => {}
        }
        tokio::spawn(telling);
        Ok(Told::Parts(parts))
    }

    async fn write(
        &self,
        state: &Arc<State>,
        gather: &Gather,
        answer: &mut dyn Answer,
        parting: &mut Parting,
    ) -> Result<(), ErrorBody> {
        let (node, pull) = (state.node.clone(), Arc::clone(&self.pull));
        let find = move || store::find(&node, pull.query(), pull.store());
        let deadline = Deadline::after(BEGIN, true);
        let store = state.block(deadline, find).await.map_err(|error| error_body(&error))??;
        let most = state.config().max_pull_bytes;
        let mut collector = self.pull.collector();
        answer.header(&self.id, &self.columns, &mut parting.buffer);
        'all: for reading in self.readings(store.table.partitions()) {
            let mut cursor = Cursor::new(reading);
            loop {
                let mut wants_more = true;
                let needed = collector.needed();
                let mut take = |row: &PartRow| {
                    let added = collector.add(&row.key, &row.value, row.timestamp.0);
                    wants_more = added.map_err(|error| unreadable(error.expected, &error.text))?;
                    if collector.exceeds(most) { Err(too_much(most)) } else { Ok(wants_more) }
                };
                let is_more = cursor.page(gather, &store, needed, &mut take).await?;
                for row in collector.ready() {
                    answer.row(&row, &self.columns, &mut parting.buffer).map_err(|error| failed(&error))?;
                    if !parting.flow().await {
                        return Ok(());
                    }
                }
                if !wants_more {
                    break 'all;
                }
                if !is_more {
                    break;
                }
            }
        }
        for row in collector.finish() {
            answer.row(&row, &self.columns, &mut parting.buffer).map_err(|error| failed(&error))?;
            if !parting.flow().await {
                return Ok(());
            }
        }
        answer.end(None, &mut parting.buffer);
        Ok(())
    }
}

pub(super) fn failed(error: &dyn std::fmt::Display) -> ErrorBody {
    ErrorBody::new(ErrorCode::SERVER_ERROR, format!("Unable to execute pull query. {error}"))
}

pub(super) fn unreadable(expected: &str, text: &str) -> ErrorBody {
    failed(&format!("{expected} was expected: {text}"))
}

fn too_much(most: usize) -> ErrorBody {
    let message = format!(
        "The rows that are sorted or grouped for this query take more than max_pull_bytes = {most}. Ask for fewer by WHERE, sort \
         with a LIMIT, or raise max_pull_bytes in the configuration of the node."
    );
    ErrorBody::new(ErrorCode::BAD_REQUEST, message)
}
