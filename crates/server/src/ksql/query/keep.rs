//! Tables that were declared over a topic: the first query has their rows kept, and waits until they are all there.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lentic::log::Bounds;
use lentic::types::{Offset, TopicName};
use lentic::{Node, QueryState};
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::Refusal;
use lentic_sql::statement::{Session, State};
use lentic_sql_syntax::ast::Name;
use lentic_sql_syntax::parse_statement;

use super::Asked;
use crate::ksql::Ksql;
use crate::ksql::service::{ChangeError, LogTopics};
use crate::ksql::statement::bad_statement;

/// How long a table is read before the query is told to come back.
const PATIENCE: Duration = Duration::from_secs(7);
/// A query that has not moved for so long has read all: what a transaction leaves behind at the end of a topic is no record.
const STILL: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(25);

impl Asked<'_> {
    /// Has the rows of a table kept, if nobody keeps them yet: true, and the service is another one than before. Else waits
    /// until they are those that its topic had when it was asked for first. Blocks.
    pub(super) fn keep(&self, state: &State, table: &Name) -> Result<bool, ErrorBody> {
        if state.view(&table.text, true).is_some() {
            if let Some((query, topic)) = state.keeper(&table.text) {
                self.ksql.wait_whole(self.node, &query, topic)?;
            }
            return Ok(false);
        }
        let text = format!("SELECT * FROM {table};");
        let statement =
            parse_statement(&text).map_err(|error| bad_statement(&Refusal::new(error.to_string()), &text))?;
        let session = Session::new(self.ksql.settings());
        match self.ksql.change(self.node, &LogTopics::new(self.node), &session, &text, &statement) {
            Ok(_) | Err(ChangeError::Skipped(_)) => Ok(true),
            Err(ChangeError::Refused(refusal)) => Err(bad_statement(&refusal, &text)),
            Err(ChangeError::Log(error)) => {
                let message = format!("The rows of {table} can't be kept, the service's log says: {error}");
                Err(ErrorBody::new(ErrorCode::SERVER_ERROR, message))
            }
        }
    }
}

impl Ksql {
    /// Waits until a query has processed what its topic has; once is enough. Blocks.
    fn wait_whole(&self, node: &Node, query: &str, topic: &str) -> Result<(), ErrorBody> {
        if self.is_whole(query) {
            return Ok(());
        }
        let failed = |error: &dyn std::fmt::Display| {
            ErrorBody::new(ErrorCode::SERVER_ERROR, format!("Unable to execute pull query. {error}"))
        };
        let name = TopicName::new(topic).map_err(|error| failed(&error))?;
        let ends = node.topics().bounds(&name).map_err(|error| failed(&error))?;
        let (begun, mut since) = (Instant::now(), Instant::now());
        let mut seen = BTreeMap::new();
        loop {
            // It is about to begin.
            let positions = node.query_positions(query).unwrap_or_default();
            if is_read(topic, &ends, &positions) {
                self.set_whole(query);
                return Ok(());
            }
            if positions != seen {
                (seen, since) = (positions, Instant::now());
            }
            let is_still = since.elapsed() > STILL;
            let runs = || node.query_status(query).is_some_and(|status| status.state == QueryState::Running);
            let is_late = begun.elapsed() > PATIENCE;
            if is_still && (is_late || !seen.is_empty() || !runs()) {
                return Ok(());
            }
            if is_late {
                let message = format!(
                    "Unable to execute pull query. The rows of topic {topic} are still being read. Try again."
                );
                return Err(ErrorBody::new(ErrorCode::SERVER_NOT_READY, message));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

fn is_read(topic: &str, ends: &[Bounds], positions: &BTreeMap<String, Offset>) -> bool {
    ends.iter().enumerate().filter(|(_, bounds)| bounds.start < bounds.end).all(|(partition, bounds)| {
        positions.get(&format!("{topic}/{partition}")).is_some_and(|position| *position >= bounds.end)
    })
}
