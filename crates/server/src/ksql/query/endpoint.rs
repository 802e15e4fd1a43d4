//! `POST /query` and `POST /query-stream`: one query, and its rows in the format that the client accepts.
use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use lentic_ksql_api::{
    ErrorBody, ErrorCode, KsqlRequest, MediaType, Properties, QueryStreamArgs, Request as _, ResultFormat,
};

use super::{Asked, Dialect, Outlet, Planned, Question, Rows, print, push};
use crate::call::Call;
use crate::error::Result;
use crate::http::{Body, Deadline, Response};
use crate::ksql::property::EXTENSIONS;
use crate::ksql::statement::{CATCH_UP, catch_up, session};
use crate::ksql::{Ksql, Rights, error_body, failed};

/// A request, whichever endpoint it came to.
struct Request {
    text: String,
    properties: Properties,
    variables: Properties,
    number: Option<i64>,
    format: ResultFormat,
    /// `POST /query`, which tells the formats of printed records first.
    is_old: bool,
}

/// `POST /query`
pub(crate) async fn query(mut call: Call) -> Result<Response> {
    let accept = call.accept()?.map(std::borrow::Cow::into_owned);
    let Some(format) = ResultFormat::of_query(accept.as_deref()) else { return Ok(not_acceptable()) };
    Ok(match old_request(&mut call, format).await {
        Ok((ksql, request)) => answer(&call, ksql, request).await,
        Err(error) => failed(&error),
    })
}

/// `POST /query-stream`
pub(crate) async fn query_stream(mut call: Call) -> Result<Response> {
    let accept = call.accept()?.map(std::borrow::Cow::into_owned);
    let Some(format) = ResultFormat::of_query_stream(accept.as_deref()) else { return Ok(not_acceptable()) };
    Ok(match new_request(&mut call, format).await {
        Ok((ksql, request)) => answer(&call, ksql, request).await,
        Err(error) => failed(&error),
    })
}

async fn old_request(call: &mut Call, format: ResultFormat) -> Result<(Arc<Ksql>, Request), ErrorBody> {
    let ksql = crate::ksql::of(call)?;
    let request = KsqlRequest::from_json(&crate::ksql::body(call).await?)?;
    let text = request.statements()?.to_owned();
    let KsqlRequest { streams_properties: properties, session_variables: variables, .. } = request;
    let number = request.command_sequence_number;
    Ok((ksql, Request { text, properties, variables, number, format, is_old: true }))
}

async fn new_request(call: &mut Call, format: ResultFormat) -> Result<(Arc<Ksql>, Request), ErrorBody> {
    let ksql = crate::ksql::of(call)?;
    let request = QueryStreamArgs::from_json(&crate::ksql::body(call).await?)?;
    let QueryStreamArgs { sql: text, properties, session_variables: variables, .. } = request;
    Ok((ksql, Request { text, properties, variables, number: None, format, is_old: false }))
}

async fn answer(call: &Call, ksql: Arc<Ksql>, request: Request) -> Response {
    rows(call, ksql, request).await.unwrap_or_else(|error| failed(&error))
}

async fn rows(call: &Call, ksql: Arc<Ksql>, request: Request) -> Result<Response, ErrorBody> {
    let Request { text, properties, variables, number, format, is_old } = request;
    let (node, rights) = (call.state.node.clone(), Rights::of(call));
    let is_plain = properties.is_empty() && variables.is_empty() && number.is_none();
    let question = is_plain.then(|| Question::new(&text, Dialect::Ksqldb));
    if let Some(question) = question
        && let Some(told) = ksql.answer_known(call, &rights, question, Box::new(Rows::new(format))).await?
    {
        return Ok(streaming(told.into_body(&call.state), format.media_type()));
    }
    let session = session(&ksql, &properties, &variables)?;
    let (planning, planner_node) = (Arc::clone(&ksql), node.clone());
    let deadline = Deadline::after(CATCH_UP * 2, true);
    let plan = move || {
        catch_up(&planner_node, number)?;
        let extensions = session.settings.is_on(EXTENSIONS, false);
        let question = is_plain.then(|| Question::new(&text, Dialect::Ksqldb));
        let (ksql, node) = (&planning, &planner_node);
        Asked { ksql, rights: &rights, session: &session, extensions, node, question }.plan(&text)
    };
    let planned = call.state.block(deadline, plan).await.map_err(|error| error_body(&error))??;
    let (outlet, parts) = Outlet::new();
    match planned {
        Planned::Table(pulled) => {
            let told = pulled.tell(&call.state, call.gather(), Box::new(Rows::new(format))).await?;
            Ok(streaming(told.into_body(&call.state), format.media_type()))
        }
        Planned::Stream(streamed) => {
            let answer = Box::new(Rows::new(format));
            let start = move || push::start(&ksql, &node, *streamed, answer, outlet);
            let push = call.state.block(deadline, start).await.map_err(|error| error_body(&error))??;
            Ok(streaming(parts.into_body(&call.state, push), format.media_type()))
        }
        Planned::Print(print) => {
            if !is_old && format != ResultFormat::Delimited {
                return Ok(not_acceptable());
            }
            let begin = move || print::start(&node, &print, is_old, outlet);
            let printing = call.state.block(deadline, begin).await.map_err(|error| error_body(&error))??;
            Ok(streaming(parts.into_body(&call.state, printing), MediaType::Delimited))
        }
    }
}

fn streaming(body: Body, media: MediaType) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.as_str()));
    response
}

fn not_acceptable() -> Response {
    let message = "This can't be answered as any of the accepted media types.";
    failed(&ErrorBody::new(ErrorCode(40_600), message))
}
