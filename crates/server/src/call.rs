//! A request on its way to a handler: what every handler asks of it.
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum::extract::{FromRequest, RawPathParams, Request};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, Version};
use bytes::Bytes;
use lentic::Demand;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::time::Instant;

use crate::catalog::Entry;
use crate::connection::Connection;
use crate::error::{Code, Error, Result};
use crate::http::{APPLICATION_JSON, Body, Deadline, Query, RequestHeaders, Response, decode, read_body};
use crate::peers::Hop;
use crate::security::Grant;
use crate::state::State;

/// How long somebody is looked for who has a partition that has just left this node.
const MOVING: Duration = Duration::from_secs(3);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A request.
pub(crate) struct Call {
    pub(crate) state: Arc<State>,
    /// The path's parameters: at most one, the name of a table or a topic.
    name: Option<String>,
    query: Option<String>,
    pub(crate) method: Method,
    pub(crate) version: Version,
    /// Path and query as they were sent.
    pub(crate) target: PathAndQuery,
    /// Another node asks: it is answered from what is here.
    pub(crate) is_hop: bool,
    /// A standby's answer is none.
    pub(crate) wants_active: bool,
    pub(crate) headers: HeaderMap,
    /// In a lock that nobody waits for: bodies can't be shared between threads, calls are.
    body: Mutex<AxumBody>,
    pub(crate) demand: Demand,
    pub(crate) deadline: Deadline,
    pub(crate) connection: Option<Arc<Connection>>,
    /// What whoever asks may do.
    pub(crate) grant: Grant,
}

impl Call {
    /// A request whose path was read by somebody else.
    pub(crate) fn new(state: Arc<State>, name: Option<String>, request: Request) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let read = RequestHeaders::read(&parts.headers)?;
        let demand = read.demand()?;
        let deadline = deadline(&state, read.timeout()?)?;
        let wants_active = read.wants_active()?;
        let is_hop = parts.extensions.get::<Hop>().is_some();
        let query = parts.uri.query().map(str::to_owned);
        let target = parts.uri.path_and_query().cloned();
        let target = target.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let connection = parts.extensions.get::<Arc<Connection>>().cloned();
        let grant = parts.extensions.get::<Grant>().cloned().unwrap_or_else(Grant::all);
        Ok(Self {
            state,
            name,
            query,
            method: parts.method,
            version: parts.version,
            target,
            is_hop,
            wants_active,
            headers: parts.headers,
            body: Mutex::new(body),
            demand,
            deadline,
            connection,
            grant,
        })
    }

    /// The query's parameters; unknown ones are refused.
    pub(crate) fn query(&self, known: &[&'static str]) -> Result<Query> {
        Query::read(self.query.as_deref(), known)
    }

    /// The name in the path.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The table that the path names.
    pub(crate) fn table(&self) -> Result<Arc<Entry>> {
        let no_table = || Error::new(Code::TableNotFound, format!("there is no table {}", self.name()));
        self.state.catalog.get(self.name()).ok_or_else(no_table)
    }

    /// The same, stores of queries included, which only nodes ask each other for.
    pub(crate) fn table_or_store(&self) -> Result<Arc<Entry>> {
        self.table().or_else(|error| {
            let store = self.state.node.any_table(self.name());
            store.map(|table| Arc::new(Entry::of_store(table))).ok_or(error)
        })
    }

    /// Answers with a table; once more where its handle was replaced meanwhile, because partitions were added, and again while a
    /// partition moves.
    pub(crate) async fn on<T, F: Future<Output = Result<T>>>(
        &self,
        entry: Arc<Entry>,
        answer: impl Fn(Arc<Entry>) -> F,
    ) -> Result<T> {
        let mut first = answer(Arc::clone(&entry)).await;
        // Partitions come and go with their shards: whoever has it now is asked.
        let until = self.deadline.at().min(Instant::now() + MOVING);
        while matches!(&first, Err(error) if error.code() == Code::PartitionNotKept)
            && !self.is_hop
            && self.state.node.has_others()
            && Instant::now() < until
        {
            tokio::time::sleep(PAUSE).await;
            first = answer(Arc::clone(&entry)).await;
        }
        match first {
            Err(error) if error.code() == Code::TableNotFound && entry.table.is_closed() => {
                let now = self.state.catalog.get(self.name()).filter(|now| !now.table.is_closed());
                answer(now.ok_or(error)?).await
            }
            outcome => outcome,
        }
    }

    /// Refuses a write while the brokers don't answer: it would wait for them, and might end with an unknown outcome.
    pub(crate) fn brokers_answer(&self) -> Result<()> {
        if self.state.config().brokers.is_empty() {
            return Ok(());
        }
        let refuse = |why| Error::new(Code::LogUnavailable, format!("the log can't be reached: {why}"));
        self.state.node.log_health().map_err(refuse)
    }

    /// The accepted media types.
    pub(crate) fn accept(&self) -> Result<Option<Cow<'_, str>>> {
        Ok(RequestHeaders::read(&self.headers)?.accept(&self.headers))
    }

    /// The whole body, up to the limit of this name.
    pub(crate) async fn body(&mut self, name: &str, limit: usize) -> Result<Bytes> {
        let body = self.stream();
        read_body(body, limit, name, self.deadline).await
    }

    /// The body as it comes in.
    pub(crate) fn stream(&mut self) -> AxumBody {
        std::mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// The body as JSON; unknown fields are refused by the types.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let limit = self.state.config().max_body_bytes;
        let body = self.body("max_body_bytes", limit).await?;
        from_json(&body)
    }
}

impl FromRequest<Arc<State>> for Call {
    type Rejection = Error;

    async fn from_request(request: Request, state: &Arc<State>) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let params =
            <RawPathParams as axum::extract::FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let name = params.ok().and_then(|params| {
            let (_, value) = params.iter().next()?;
            Some(String::from_utf8_lossy(&decode(value.as_bytes())).into_owned())
        });
        Self::new(Arc::clone(state), name, Request::from_parts(parts, body))
    }
}

/// The configured time, or the named one within its limit.
pub(crate) fn deadline(state: &State, named: Option<Duration>) -> Result<Deadline> {
    let config = state.config();
    let Some(timeout) = named else {
        return Ok(Deadline::after(Duration::from_millis(config.request_timeout_ms), false));
    };
    if timeout > Duration::from_millis(config.max_request_timeout_ms) {
        let limit = config.max_request_timeout_ms;
        let given = timeout.as_millis();
        return Err(Error::new(
            Code::BadHeader,
            format!("Lentic-Timeout is {given} ms, above max_request_timeout_ms = {limit}"),
        ));
    }
    Ok(Deadline::after(timeout, true))
}

/// Reads a JSON object, with the place of a mistake in the message.
pub(crate) fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T> {
    let read = serde_json::from_slice(json).map(|Object(read)| read);
    read.map_err(|error| Error::new(Code::BadRequest, format!("the body: {error}")))
}

/// A struct written as a JSON object; serde alone would take an array of its fields, too.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// A JSON answer.
pub(crate) fn json(status: axum::http::StatusCode, document: &impl Serialize) -> Result<Response> {
    let mut body =
        serde_json::to_vec(document).map_err(|error| Error::new(Code::Internal, error.to_string()))?;
    body.push(b'\n');
    let mut response = bytes(body, APPLICATION_JSON);
    *response.status_mut() = status;
    Ok(response)
}

/// A 200 with these bytes.
pub(crate) fn bytes(body: impl Into<Bytes>, content_type: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
