//! `POST /v1/sql`: statements in the body, with everything that goes beyond ksqlDB; the answer in the format that is accepted.
mod error;
mod format;
mod request;
mod script;

use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, HeaderValue};

use super::property::EXTENSIONS;
use super::query::{Asked, Dialect, Outlet, Planned, Question, print, push};
use super::statement::session;
use super::{Ksql, Rights};
use crate::api;
use crate::call::Call;
use crate::error::{Code, Error, Result};
use crate::http::{Body, Deadline, Response};

use error::told;
use format::Format;
use request::{Request, ended, has_query, is_query};

/// How long planning, and beginning, may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Executes SQL.
///
/// The body is the text, or with `Content-Type: application/json` an object with `sql`, `properties` and `variables`. One query
/// is answered with its rows: as a JSON document, as lines of JSON objects (`application/x-ndjson`), as `text/csv`, or as a table
/// of text (`text/plain`). A query with `EMIT CHANGES` goes on until its LIMIT is reached or the connection is closed; without an
/// `Accept` it is answered in lines. Other statements are answered with what ksqlDB answers them, in an array. Statements are
/// checked together before the first of them takes effect.
#[utoipa::path(post, path = "/v1/sql", tag = "SQL",
    request_body(content((String = "text/plain"), (api::Sql = "application/json"))),
    responses((status = 200, description = "Rows, or what became of the statements",
        content((api::SqlRows = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"), (String = "text/plain")))))]
pub(crate) async fn sql(mut call: Call) -> Result<Response> {
    call.query(&[])?;
    let format = Format::accepted(call.accept()?.as_deref())?;
    let ksql = super::of(&call).map_err(|error| Error::new(Code::NotFound, error.message))?;
    let request = Request::read(&mut call).await?;
    let rights = Rights::of(&call);
    let is_plain = request.properties.is_empty() && request.variables.is_empty();
    if is_plain {
        let (question, rows) =
            (Question::new(&request.sql, Dialect::Extended), format.unwrap_or(Format::Document));
        let known = ksql.answer_known(&call, &rights, question, rows.answer()).await;
        if let Some(answer) = known.map_err(told)? {
            return Ok(streaming(answer.into_body(&call.state), rows.media_type()));
        }
    }
    let mut session = session(&ksql, &request.properties, &request.variables).map_err(told)?;
    session.settings.set(EXTENSIONS, "true");
    // What stands for variables may be what makes it a query.
    let known = session.substitute(&request.sql).unwrap_or(std::borrow::Cow::Borrowed(&request.sql));
    let text = ended(&known).into_owned();
    if !is_query(&text) {
        if has_query(&text) {
            let message =
                "a query is asked alone: send one SELECT or PRINT in a call, and other statements in another";
            return Err(Error::new(Code::BadStatement, message));
        }
        return script::answer(call, ksql, ended(&request.sql).into_owned(), session, format).await;
    }
    let (planning, node) = (Arc::clone(&ksql), call.state.node.clone());
    let deadline = Deadline::after(PATIENCE, true);
    let plan = move || {
        let question = is_plain.then(|| Question::new(&request.sql, Dialect::Extended));
        let (ksql, node) = (&planning, &node);
        Asked { ksql, rights: &rights, session: &session, extensions: true, node, question }.plan(&text)
    };
    let planned = call.state.block(deadline, plan).await?.map_err(told)?;
    rows(&call, ksql, planned, format, deadline).await
}

async fn rows(
    call: &Call,
    ksql: Arc<Ksql>,
    planned: Planned,
    format: Option<Format>,
    deadline: Deadline,
) -> Result<Response> {
    let node = call.state.node.clone();
    let (outlet, parts) = Outlet::new();
    match planned {
        Planned::Table(pulled) => {
            let format = format.unwrap_or(Format::Document);
            let told = pulled.tell(&call.state, call.gather(), format.answer()).await.map_err(told)?;
            Ok(streaming(told.into_body(&call.state), format.media_type()))
        }
        Planned::Stream(streamed) => {
            let format =
                format.unwrap_or(if streamed.is_endless() { Format::Lines } else { Format::Document });
            let start = move || push::start(&ksql, &node, *streamed, format.answer(), outlet);
            let push = call.state.block(deadline, start).await?.map_err(told)?;
            Ok(streaming(parts.into_body(&call.state, push), format.media_type()))
        }
        Planned::Print(print) => {
            let start = move || print::start(&node, &print, false, outlet);
            let printing = call.state.block(deadline, start).await?.map_err(told)?;
            Ok(streaming(parts.into_body(&call.state, printing), Format::Text.media_type()))
        }
    }
}

fn streaming(body: Body, media: &'static str) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
