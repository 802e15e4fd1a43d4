//! What SQL is refused with, in the words of `/v1`.
use lentic_ksql_api::{ErrorBody, ErrorCode};

use crate::error::{Code, Error};

/// The same error with a code of this API.
pub(super) fn told(error: ErrorBody) -> Error {
    let code = match error.code {
        ErrorCode::MAX_PUSH_QUERIES_EXCEEDED | ErrorCode::TOO_MANY_REQUESTS => Code::Overloaded,
        ErrorCode::SERVER_NOT_READY | ErrorCode::COMMAND_QUEUE_CATCHUP_TIMEOUT => Code::CatchingUp,
        ErrorCode::SERVER_SHUTTING_DOWN => Code::Stopping,
        code => match code.status() {
            401 => Code::Unauthorized,
            403 => Code::Forbidden,
            417 => Code::AssertionFailed,
            400..500 => Code::BadStatement,
            503 => Code::NoActive,
            _ => Code::Internal,
        },
    };
    let told = Error::new(code, error.message);
    match error.statement {
        Some(statement) => {
            let done = serde_json::to_value(&statement.entities).unwrap_or_default();
            told.field("statement", statement.text).field("results", done)
        }
        None => told,
    }
}
