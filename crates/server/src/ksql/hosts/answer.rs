//! What this node answers another one about queries.
use axum::http::StatusCode;
use lentic::types::Offset;

use super::ask::IN_FORCE;
use super::{Question, Report, lag};
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::{Deadline, Response};

/// Answers another node.
pub(crate) async fn answer(mut call: Call) -> Result<Response> {
    let ksql = crate::ksql::of(&call).map_err(|error| Error::new(Code::NotFound, error.message))?;
    let question = {
        let body = call.body("max_body_bytes", usize::MAX).await?;
        let bad = |error: serde_json::Error| Error::new(Code::BadRequest, error.to_string());
        serde_json::from_slice(&body).map_err(bad)?
    };
    let node = call.state.node.clone();
    match question {
        Question::Queries => json(StatusCode::OK, &Report::here(&ksql, &node)),
        Question::State => json(StatusCode::OK, &lag::here(&ksql, &node)),
        Question::Close(query) => json(StatusCode::OK, &ksql.running.close(&query)),
        Question::InForce { offset, query } => {
            let wait = move || {
                node.wait_sql(Offset(offset), IN_FORCE)
                    && query.is_none_or(|query| node.wait_query(&query, IN_FORCE))
            };
            let is_in_force = call.state.block(Deadline::after(IN_FORCE * 2, true), wait).await?;
            json(StatusCode::OK, &is_in_force)
        }
    }
}
