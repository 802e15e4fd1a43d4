//! A text of SQL, alone or in JSON with what holds for it.
use std::borrow::Cow;

use axum::http::header::CONTENT_TYPE;
use lentic_ksql_api::Properties;
use lentic_sql::statement::prepare;
use lentic_sql_syntax::ast::Statement;
use serde::Deserialize;

use crate::call::{Call, from_json};
use crate::error::{Code, Error, Result};

/// What is to be executed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) sql: String,
    #[serde(default)]
    pub(super) properties: Properties,
    #[serde(default)]
    pub(super) variables: Properties,
}

impl Request {
    pub(super) async fn read(call: &mut Call) -> Result<Self> {
        let limit = call.state.config().max_body_bytes;
        let body = call.body("max_body_bytes", limit).await?;
        let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let request = if kind.trim_start().starts_with("application/json") {
            from_json(&body)?
        } else {
            let text = str::from_utf8(&body);
            let text =
                text.map_err(|error| Error::new(Code::BadRequest, format!("the body is no UTF-8: {error}")))?;
            Self { sql: text.to_owned(), ..Self::default() }
        };
        if request.sql.trim().is_empty() {
            return Err(Error::new(Code::BadRequest, "there is no statement").hint("Send SQL in the body."));
        }
        Ok(request)
    }
}

/// A text, whose last statement may go without its semicolon, with it.
pub(super) fn ended(text: &str) -> Cow<'_, str> {
    // Behind a comment it would be one of the comment's letters.
    let ended = || Cow::Owned(format!("{text}\n;"));
    // What variables stand for is not known here: without them the text tells nothing.
    let is_closed = text.trim_end().ends_with(';');
    match (prepare(text, true), text.contains("${")) {
        (Err(_), true) if !is_closed => ended(),
        (Err(_), false) if prepare(&ended(), true).is_ok() => ended(),
        _ => Cow::Borrowed(text),
    }
}

/// Whether a text is one statement that is answered with rows.
pub(super) fn is_query(text: &str) -> bool {
    let Ok(statements) = prepare(text, true) else { return false };
    let is_query = |statement: &Statement| matches!(statement, Statement::Query(_) | Statement::Print(_));
    matches!(statements.as_slice(), [one] if is_query(&one.statement))
}

/// Whether there is a query among several statements.
pub(super) fn has_query(text: &str) -> bool {
    let is_query = |statement: &Statement| matches!(statement, Statement::Query(_) | Statement::Print(_));
    prepare(text, true).is_ok_and(|all| all.len() > 1 && all.iter().any(|one| is_query(&one.statement)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_semicolon_may_be_left_out() {
        for (sql, expected) in [
            ("SELECT 1 FROM t;", "SELECT 1 FROM t;"),
            ("SELECT 1 FROM t", "SELECT 1 FROM t\n;"),
            ("SELECT 1 FROM t -- all", "SELECT 1 FROM t -- all\n;"),
            ("LIST STREAMS; LIST TABLES", "LIST STREAMS; LIST TABLES\n;"),
            ("LIST STREAMS; -- all", "LIST STREAMS; -- all"),
            ("SELECT FROM", "SELECT FROM"),
            ("SELECT 1 FROM ${t}", "SELECT 1 FROM ${t}\n;"),
            ("SELECT 1 FROM ${t};", "SELECT 1 FROM ${t};"),
        ] {
            assert_eq!(ended(sql), expected);
        }
    }
}
