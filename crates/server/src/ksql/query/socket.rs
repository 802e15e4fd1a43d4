//! `GET /ws/query`: the rows of a query as messages of a WebSocket.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, RawQuery, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use lentic_ksql_api::{ErrorBody, ErrorCode, KsqlRequest, Request as _};

use super::{Asked, Frames, Outlet, Planned, Told, print, push};
use crate::http::{Deadline, decode};
use crate::ksql::property::EXTENSIONS;
use crate::ksql::statement::{CATCH_UP, catch_up, session};
use crate::ksql::{Rights, error_body};
use crate::peers::Gather;
use crate::security::Grant;
use crate::state::State;

/// The longest that one is open (ksqlDB: `ksql.websocket.connection.max.timeout.ms`).
const LONGEST: Duration = Duration::from_hours(1);
/// The longest reason that a close can have, in bytes.
const REASON: usize = 123;

/// Codes of closes (RFC 6455).
mod code {
    pub(super) const NORMAL: u16 = 1000;
    pub(super) const GOING: u16 = 1001;
    pub(super) const NOT_UNDERSTOOD: u16 = 1003;
    pub(super) const FAILED: u16 = 1011;
    pub(super) const TRY_AGAIN: u16 = 1013;
}

/// `GET /ws/query`
pub(crate) async fn web_socket(
    Shared(state): Shared<Arc<State>>,
    grant: Option<Extension<Grant>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let rights = Rights::from(grant.map_or_else(Grant::all, |Extension(grant)| grant));
    upgrade.on_upgrade(move |socket| async move {
        let serving = serve(&state, rights, query.unwrap_or_default(), socket);
        if tokio::time::timeout(LONGEST, serving).await.is_err() {
            tracing::debug!("a query over a WebSocket was open for as long as it may be");
        }
    })
}

async fn serve(state: &Arc<State>, rights: Rights, query: String, mut socket: WebSocket) {
    let begun = begin(state, rights, &query).await;
    let (mut parts, _held) = match begun {
        Ok(begun) => begun,
        Err(error) => return close(socket, code_of(&error), &error.message).await,
    };
    let (mut rest, mut stopping) = (Bytes::new(), state.stopping());
    loop {
        // The messages of a part are lines.
        if let Some(end) = memchr::memchr(b'\n', &rest) {
            let line = rest.split_to(end + 1);
            let line = line.trim_ascii_end();
            if let Some(error) = line.strip_prefix(Frames::ERROR) {
                return close(socket, code::FAILED, &String::from_utf8_lossy(error)).await;
            }
            let text = String::from_utf8_lossy(line).into_owned();
            if socket.send(Message::Text(text.into())).await.is_err() {
                return;
            }
            continue;
        }
        tokio::select! {
            part = parts.next() => match part {
                Some(part) => rest = part,
                None => break,
            },
            _ = stopping.changed() => return close(socket, code::GOING, "the server stops").await,
            // What the client says means nothing but that it goes.
            said = socket.recv() => match said {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(_)) => {}
            },
        }
    }
    close(socket, code::NORMAL, "done").await;
}

/// What keeps the query alive.
type Held = Box<dyn std::any::Any + Send>;

async fn begin(state: &Arc<State>, rights: Rights, query: &str) -> Result<(super::Parts, Held), ErrorBody> {
    let ksql = state.options.ksql.clone();
    let ksql = ksql.ok_or_else(|| ErrorBody::new(ErrorCode::NOT_FOUND, "This program serves no SQL."))?;
    let missing = || ErrorBody::new(ErrorCode::BAD_REQUEST, "Error parsing request: no parameter request");
    let request = query.split('&').find_map(|pair| pair.strip_prefix("request=")).ok_or_else(missing)?;
    let request = KsqlRequest::from_json(&decode(request.replace('+', " ").as_bytes()))?;
    let session = session(&ksql, &request.streams_properties, &request.session_variables)?;
    let (node, planning) = (state.node.clone(), Arc::clone(&ksql));
    let deadline = Deadline::after(CATCH_UP * 2, true);
    let (outlet, parts) = Outlet::new();
    let plan = move || {
        catch_up(&node, request.command_sequence_number)?;
        let extensions = session.settings.is_on(EXTENSIONS, false);
        let (ksql, node, question) = (&planning, &node, None);
        let asked = Asked { ksql, rights: &rights, session: &session, extensions, node, question };
        asked.plan(request.statements()?)
    };
    let planned = state.block(deadline, plan).await.map_err(|error| error_body(&error))??;
    let node = state.node.clone();
    let planned = match planned {
        Planned::Table(pulled) => match pulled.tell(state, Gather::plain(state), Box::new(Frames)).await? {
            Told::Parts(parts) => return Ok((parts, Box::new(()))),
            Told::Whole(rows) => Err(rows),
        },
        planned => Ok(planned),
    };
    let start = move || -> Result<Held, ErrorBody> {
        Ok(match planned {
            Ok(Planned::Stream(streamed)) => {
                Box::new(push::start(&ksql, &node, *streamed, Box::new(Frames), outlet)?)
            }
            Ok(Planned::Print(print)) => Box::new(print::start(&node, &print, true, outlet)?),
            Ok(Planned::Table(_)) => Box::new(()),
            Err(rows) => Box::new(outlet.send(rows)),
        })
    };
    let held = state.block(deadline, start).await.map_err(|error| error_body(&error))??;
    Ok((parts, held))
}

fn code_of(error: &ErrorBody) -> u16 {
    match error.code {
        ErrorCode::COMMAND_QUEUE_CATCHUP_TIMEOUT => code::TRY_AGAIN,
        code if code.status() < 500 => code::NOT_UNDERSTOOD,
        _ => code::FAILED,
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &str) {
    let mut end = reason.len().min(REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let frame = CloseFrame { code, reason: reason[..end].to_owned().into() };
    let _ = socket.send(Message::Close(Some(frame))).await;
}
