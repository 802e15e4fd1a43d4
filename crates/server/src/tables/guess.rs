//! `guess`: what a topic looks like.
use std::sync::Arc;

use axum::http::StatusCode;
use lentic::types::TopicName;

use crate::api;
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::Response;

/// Samples a topic: formats, partitioner and cleanup policy, as a table over it would be declared.
#[utoipa::path(get, path = "/v1/topics/{topic}/guess", tag = "Tables",
    params(("topic" = String, Path, description = "The topic")),
    responses((status = 200, description = "What was found", body = api::Guess)))]
pub(crate) async fn guess(call: Call) -> Result<Response> {
    call.query(&[])?;
    let topic =
        TopicName::new(call.name()).map_err(|error| Error::new(Code::TopicNotFound, error.to_string()))?;
    let state = Arc::clone(&call.state);
    let guess = call.state.block(call.deadline, move || state.node.guess(&topic)).await??;
    let format = |found: lentic::GuessedFormat| api::GuessedFormat {
        format: found.format.to_string(),
        share: found.share,
    };
    json(
        StatusCode::OK,
        &api::Guess {
            topic: guess.topic.to_string(),
            partitions: guess.partitions,
            cleanup_policy: guess.cleanup_policy,
            sampled: guess.sampled,
            key: format(guess.key),
            value: format(guess.value),
            partitioner: guess.partitioner.map(|partitioner| partitioner.to_string()),
            warnings: guess.warnings,
        },
    )
}
