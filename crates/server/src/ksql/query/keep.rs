//! Tables that were declared over a topic: the first query has their rows kept, and waits until they are all there.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lentic::log::{self, Bounds};
use lentic::types::{Offset, PartitionId, TopicName};
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
/// Where a query has not moved for so long, a look at the topic tells whether there is anything left: what a transaction leaves
/// behind at its end is no record, and no position is ever behind it.
const STILL: Duration = Duration::from_millis(250);
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
        let topics = node.topics();
        let mut left = Left::new(&topics.bounds(&name).map_err(|error| failed(&error))?);
        let (begun, mut since, mut still) = (Instant::now(), Instant::now(), STILL);
        loop {
            // It is about to begin.
            let positions = node.query_positions(query).unwrap_or_default();
            let position = |id: PartitionId| positions.get(&format!("{topic}/{id}")).copied();
            if left.advance(position) {
                since = Instant::now();
            } else if since.elapsed() > still && !left.0.is_empty() {
                match topics.holding_records(&name, &left.0, PATIENCE.saturating_sub(begun.elapsed())) {
                    Ok(holding) => left.0.retain(|id, _| holding.contains(id)),
                    Err(error @ log::Error::NoSuchTopic(_)) => return Err(failed(&error)),
                    Err(error) => tracing::debug!("whether {topic} is read to its end is not known: {error}"),
                }
                (since, still) = (Instant::now(), still * 2);
            }
            if left.0.is_empty() {
                self.set_whole(query);
                return Ok(());
            }
            let state = node.query_status(query).map(|status| status.state);
            // Whoever paused it wants it as it was then.
            if state == Some(QueryState::Paused) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE || state == Some(QueryState::Error) {
                let state = state.map_or("not known here yet", QueryState::as_str);
                let message = format!(
                    "Unable to execute pull query. The rows of topic {topic} are still being read by {query}, which is \
                     {state}. Try again."
                );
                return Err(ErrorBody::new(ErrorCode::SERVER_NOT_READY, message));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// What is still to be read of each partition: from the first offset on, below the second.
struct Left(BTreeMap<PartitionId, (Offset, Offset)>);

impl Left {
    fn new(bounds: &[Bounds]) -> Self {
        let numbered = (0..).map(PartitionId).zip(bounds);
        Self(
            numbered
                .filter(|(_, bounds)| bounds.start < bounds.end)
                .map(|(id, bounds)| (id, (bounds.start, bounds.end)))
                .collect(),
        )
    }

    /// Takes out what is below the positions. Whether there was any.
    fn advance(&mut self, position: impl Fn(PartitionId) -> Option<Offset>) -> bool {
        let mut has_moved = false;
        self.0.retain(|id, (from, to)| {
            if let Some(position) = position(*id).filter(|position| position > from) {
                (*from, has_moved) = (position, true);
            }
            from < to
        });
        has_moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read_from_the_position_on() {
        let bounds =
            [(0, 5), (3, 3), (2, 4)].map(|(start, end)| Bounds { start: Offset(start), end: Offset(end) });
        let mut left = Left::new(&bounds);
        assert_eq!(left.0.len(), 2);
        assert!(!left.advance(|_| None));
        assert!(left.advance(|id| (id.0 == 2).then_some(Offset(3))));
        assert_eq!(left.0[&PartitionId(2)], (Offset(3), Offset(4)));
        assert!(!left.advance(|id| (id.0 == 2).then_some(Offset(3))));
        assert!(left.advance(|_| Some(Offset(9))));
        assert!(left.0.is_empty());
    }
}
