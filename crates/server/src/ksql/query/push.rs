//! Queries that run for one client: rows as they come, until it has enough or goes.
use std::ops::ControlFlow;
use std::sync::Arc;

use lentic::{Node, QueryError, Transient, TransientEnd, TransientEvent, TransientOptions};
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::plan::QueryPlan;

use super::plan::Streamed;
use super::running::Place;
use super::{Answer, Columns, Outlet};
use crate::ksql::Ksql;
use crate::ksql::service::query_settings;

/// What a client was told when it has as many rows as it wanted.
const LIMIT_REACHED: &str = "Limit Reached";
/// And when there are no more.
const COMPLETED: &str = "Query Completed";

/// A query that runs; dropping it ends it.
pub(crate) struct Push {
    /// None: the client has all that it wanted without it.
    _transient: Option<Arc<Transient>>,
}

/// Begins a query, whose rows go out through `outlet` as `answer` writes them. Blocks until it has begun.
pub(crate) fn start(
    ksql: &Ksql,
    node: &Node,
    streamed: Streamed,
    answer: Box<dyn Answer>,
    outlet: Outlet,
) -> Result<Push, ErrorBody> {
    let Streamed { id, statement, plan, columns, limit, from, until, settings } = streamed;
    let place = ksql.running.enter(&id, &statement);
    let options =
        TransientOptions { from, until, settings: query_settings(&settings), ..TransientOptions::default() };
    let topology = plan.topology.clone();
    let mut rows = Sink { plan, columns, answer, outlet, left: limit, buffer: Vec::new(), is_over: false };
    rows.begin(&id);
    if rows.is_over {
        return Ok(Push { _transient: None });
    }
    let place = Arc::new(place);
    let held = Arc::clone(&place);
    let sink = move |event: TransientEvent<'_>| {
        let flow = rows.take(event, &held);
        if rows.is_over { ControlFlow::Break(()) } else { flow }
    };
    let transient = node.run_transient(topology, options, Box::new(sink)).map_err(|error| refused(&error))?;
    let transient = Arc::new(transient);
    place.runs_as(&transient);
    Ok(Push { _transient: Some(transient) })
}

fn refused(error: &QueryError) -> ErrorBody {
    let code = match error {
        QueryError::TooMany(_) => ErrorCode::MAX_PUSH_QUERIES_EXCEEDED,
        QueryError::Topology(_) | QueryError::Invalid(_) => ErrorCode::BAD_STATEMENT,
        QueryError::Closed => ErrorCode::SERVER_SHUTTING_DOWN,
        _ => ErrorCode::SERVER_ERROR,
    };
    ErrorBody::new(code, error.to_string())
}

/// Takes what the query tells.
struct Sink {
    plan: QueryPlan,
    columns: Columns,
    answer: Box<dyn Answer>,
    outlet: Outlet,
    /// So many rows may still come.
    left: Option<u64>,
    buffer: Vec<u8>,
    /// The client was told of the end.
    is_over: bool,
}

impl Sink {
    fn begin(&mut self, id: &str) {
        self.answer.header(id, &self.columns, &mut self.buffer);
        self.flush();
        if self.left == Some(0) {
            self.end(Some(LIMIT_REACHED));
        }
    }

    fn take(&mut self, event: TransientEvent<'_>, place: &Place) -> ControlFlow<()> {
        match event {
            _ if self.is_over => return ControlFlow::Break(()),
            TransientEvent::Record(record) => {
                match self.plan.client_row(record.value) {
                    Ok(None) => return ControlFlow::Continue(()),
                    Ok(Some((is_gone, row))) => {
                        let out = &mut self.buffer;
                        let written = if is_gone {
                            self.answer.tombstone(&row, &self.columns, out)
                        } else {
                            self.answer.row(&row, &self.columns, out)
                        };
                        if let Err(error) = written {
                            self.fail(&error.to_string());
                        }
                    }
                    Err(error) => self.fail(&format!("{} was expected: {}", error.expected, error.text)),
                }
                if let Some(left) = &mut self.left {
                    *left = left.saturating_sub(1);
                    if *left == 0 && !self.is_over {
                        self.end(Some(LIMIT_REACHED));
                    }
                }
            }
            TransientEvent::Ended(TransientEnd::Done) => self.end(Some(COMPLETED)),
            // It was closed by somebody else than the client, who may wait for more.
            TransientEvent::Ended(TransientEnd::Stopped) => self.end(place.is_closed().then_some(COMPLETED)),
            TransientEvent::Ended(TransientEnd::Failed(why)) => self.fail(why),
        }
        if self.flush() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn end(&mut self, message: Option<&str>) {
        self.answer.end(message, &mut self.buffer);
        self.is_over = true;
        self.flush();
    }

    fn fail(&mut self, why: &str) {
        if !self.is_over {
            let error = ErrorBody::new(ErrorCode::SERVER_ERROR, why);
            self.answer.failed(&error, &mut self.buffer);
            self.is_over = true;
        }
    }

    /// False: the client is gone.
    fn flush(&mut self) -> bool {
        if self.buffer.is_empty() {
            return !self.outlet.is_closed();
        }
        self.outlet.send(std::mem::take(&mut self.buffer))
    }
}
