//! `ASSERT TOPIC`, `ASSERT SCHEMA`: looked at again until they hold, within their time.
use std::time::{Duration, Instant};

use lentic_ksql_api::entity::{SchemaAsserted, TopicAsserted};
use lentic_ksql_api::{Body, Entity, ErrorBody, ErrorCode};
use lentic_sql::statement::{Asserted, Context, Executed, Session};
use lentic_sql_syntax::ast::Statement;

use super::execute::{Execution, Given};
use crate::ksql::service::LogTopics;

/// Where the statement says nothing (ksqlDB: `ksql.assert.topic.default.timeout.ms`).
const STANDARD: Duration = Duration::from_secs(1);
/// The longest that one is waited for.
const LONGEST: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Blocks.
pub(super) fn wait(
    execution: &Execution<'_>,
    session: &mut Session,
    given: &Given<'_>,
) -> Result<Entity, ErrorBody> {
    let named = match given.statement {
        Statement::AssertTopic(assert) => assert.timeout,
        Statement::AssertSchema(assert) => assert.timeout,
        _ => None,
    };
    let named = named.and_then(|span| u64::try_from(span.millis()?).ok()).map(Duration::from_millis);
    let until = Instant::now() + named.unwrap_or(STANDARD).min(LONGEST);
    loop {
        let topics = LogTopics::new(execution.node);
        let context = Context { planner: execution.ksql.planner().clone(), topics: &topics };
        let mut state = execution.ksql.snapshot().state;
        match state.execute(&context, session, given.text, given.statement) {
            Ok(Executed::Asserted(asserted)) => return Ok(Entity::new(given.shown, body(asserted))),
            // It will not come while this is waited for.
            Err(refusal) if !refusal.needs_registry() && Instant::now() < until => std::thread::sleep(PAUSE),
            Err(refusal) => {
                let error = ErrorBody::new(ErrorCode::ASSERTION_FAILED, refusal.told());
                return Err(error.of_statement(given.shown, Vec::new()));
            }
            Ok(_) => return Err(ErrorBody::new(ErrorCode::SERVER_ERROR, "The statement asserts nothing.")),
        }
    }
}

fn body(asserted: Asserted) -> Body {
    match asserted {
        Asserted::Topic { name, exists } => TopicAsserted { topic_name: name, exists }.into(),
        Asserted::Schema { subject, id, exists } => {
            SchemaAsserted { subject, id: id.and_then(|id| i32::try_from(id).ok()), exists }.into()
        }
    }
}
