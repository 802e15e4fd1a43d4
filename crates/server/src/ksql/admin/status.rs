//! How statements went: `GET /status` and `GET /status/{type}/{entity}/{action}`.
use axum::http::StatusCode;
use lentic_ksql_api::entity::CommandStatus;
use lentic_ksql_api::{ErrorBody, ErrorCode, Statuses};

use crate::call::Call;
use crate::error::Result;
use crate::http::{Response, decode};
use crate::ksql::answer::{failed, json};

/// `GET /status`
pub(crate) async fn statuses(call: Call) -> Result<Response> {
    Ok(match crate::ksql::of(&call) {
        Ok(ksql) => {
            let all = ksql.statuses().into_iter();
            let command_statuses = all.map(|(id, command)| (plain(&id), command.status().status)).collect();
            json(StatusCode::OK, &Statuses { command_statuses })
        }
        Err(error) => failed(&error),
    })
}

/// `GET /status/{type}/{entity}/{action}`
pub(crate) async fn status(call: Call) -> Result<Response> {
    Ok(match one(&call) {
        Ok(status) => json(StatusCode::OK, &status),
        Err(error) => failed(&error),
    })
}

fn one(call: &Call) -> Result<CommandStatus, ErrorBody> {
    let ksql = crate::ksql::of(call)?;
    let path = call.target.path().trim_start_matches("/status/");
    let id = String::from_utf8_lossy(&decode(path.as_bytes())).into_owned();
    let found = ksql.status(&id).or_else(|| {
        // Names may come without their quotes.
        let all = ksql.statuses();
        all.into_iter().find(|(known, _)| plain(known) == id).map(|(_, command)| command)
    });
    found
        .map(|command| command.status())
        .ok_or_else(|| ErrorBody::new(ErrorCode::NOT_FOUND, "Command not found"))
}

/// `stream/FOO/create`
fn plain(id: &str) -> String {
    id.replace('`', "")
}
