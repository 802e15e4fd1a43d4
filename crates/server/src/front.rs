//! What every request meets first: who asks, single rows and queries on the hot path, and the router for everything else.
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::extract::Request as AxumRequest;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_LENGTH, EXPECT,
    HeaderValue, ORIGIN,
};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use futures_util::FutureExt as _;
use hyper::body::{Body as _, Incoming};
use tower_service::Service as _;

use crate::call::Call;
use crate::connection::{Connection, Running};
use crate::error::{Code, Error, Result};
use crate::http::{ANSWER_HEADERS, Body, RequestBody, RequestHeaders, Response, RowPath, decode};
use crate::ksql;
use crate::peers::{self, Hop, PART_PATH, SEED_PATH, WATCH_PATH};
use crate::routes::Route;
use crate::rows::{self, Quick};
use crate::security::{Access, Grant, Guard, add_cors, needs};
use crate::state::{Slot, State};
use crate::watch;

/// The service of one connection.
#[derive(Clone)]
pub(crate) struct Front {
    state: Arc<State>,
    router: Router,
    connection: Arc<Connection>,
    side: Side,
}

/// Who is on the other side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Clients,
    /// Another node of the service.
    Peers,
}

impl Front {
    pub(crate) fn new(state: Arc<State>, router: Router, connection: Arc<Connection>, side: Side) -> Self {
        Self { state, router, connection, side }
    }

    fn guard(&self) -> &Guard {
        match self.side {
            Side::Clients => &self.state.guard,
            Side::Peers => self.state.peer_guard.as_ref().unwrap_or(&self.state.guard),
        }
    }

    /// Answers on the spot, if that is possible.
    fn quick(&self, request: &Request<Incoming>) -> Option<(Route, Result<Response>)> {
        let route = match *request.method() {
            Method::GET => Route::GetRow,
            Method::HEAD => Route::HeadRow,
            _ => return None,
        };
        let path = RowPath::read(request.uri().path())?;
        let headers = match RequestHeaders::read(request.headers()) {
            Ok(headers) => headers,
            Err(error) => return Some((route, Err(error))),
        };
        // Answers to pages of other origins carry further headers.
        if headers.origin.is_some() {
            return None;
        }
        if let Err(error) = self.guard().check(request.uri(), &headers, Access::Read) {
            return Some((route, Err(error)));
        }
        match rows::quick(&self.state, path, request.uri(), request.method(), request.headers(), &headers) {
            Quick::Answer(answer) => Some((route, answer)),
            Quick::Long => None,
        }
    }

    /// With the request's place, where the answer is to keep it.
    async fn long(self, request: Request<Incoming>) -> (Route, Response, Option<Slot>) {
        let origin = request.headers().get(ORIGIN).cloned();
        let ((route, answer), slot) = match self.admit(&request) {
            Err(error) if ksql::is_endpoint(request.uri().path()) => {
                ((Route::Other, Ok(ksql::failed(&ksql::error_body(&error)))), None)
            }
            Err(error) => ((Route::Other, Err(error)), None),
            Ok(Admitted::Preflight) => ((Route::Other, Ok(preflight(request.headers()))), None),
            Ok(Admitted::Request(slot, grant)) => {
                let answer = AssertUnwindSafe(self.dispatch(request, grant)).catch_unwind().await;
                (answer.unwrap_or_else(|_| (Route::Other, Err(panicked()))), slot)
            }
        };
        let mut response = answer.unwrap_or_else(Error::response);
        if let Some(origin) = origin.filter(|origin| self.state.guard.allows_origin(origin.as_bytes())) {
            let exposed: Vec<_> = ANSWER_HEADERS.iter().map(|(name, _)| *name).collect();
            let exposed = HeaderValue::try_from(exposed.join(", ")).expect("names of headers are ASCII");
            add_cors(&origin, &exposed, response.headers_mut());
        }
        // Watches are counted by themselves: they would leave no place for anything else.
        (route, response, slot.filter(|_| !route.is_endless()))
    }

    fn admit(&self, request: &Request<Incoming>) -> Result<Admitted> {
        let headers = RequestHeaders::read(request.headers())?;
        let is_preflight = *request.method() == Method::OPTIONS
            && headers.origin.is_some()
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let needed = if is_preflight { Access::Open } else { needs(request.method(), request.uri().path()) };
        let grant = self.guard().check(request.uri(), &headers, needed)?;
        if is_preflight {
            return Ok(Admitted::Preflight);
        }
        // A node with much to do is healthy: whoever asks would stop it else.
        // What another node asks was admitted there: it is not to wait here for what waits there.
        let slot = if needed == Access::Open || self.side == Side::Peers {
            None
        } else {
            Some(self.state.admit_request()?)
        };
        Ok(Admitted::Request(slot, grant))
    }

    async fn dispatch(&self, request: Request<Incoming>, grant: Grant) -> (Route, Result<Response>) {
        let (waits, patience) = (request.headers().contains_key(EXPECT), self.state.options.stall);
        let mut request: AxumRequest =
            request.map(|body| axum::body::Body::new(RequestBody::new(body, waits, patience)));
        request.extensions_mut().insert(Arc::clone(&self.connection));
        request.extensions_mut().insert(grant);
        let path = request.uri().path().to_owned();
        if self.side == Side::Peers {
            request.extensions_mut().insert(Hop);
            if path == ksql::HOST_PATH {
                let answer = match Call::new(Arc::clone(&self.state), None, request) {
                    Ok(call) => ksql::answer_host(call).await,
                    Err(error) => Err(error),
                };
                return (Route::Other, answer);
            }
            let asked = [PART_PATH, WATCH_PATH, SEED_PATH].into_iter().find(|asked| path.starts_with(asked));
            if let Some(asked) = asked {
                let name = String::from_utf8_lossy(&decode(&path.as_bytes()[asked.len()..])).into_owned();
                let answer = match Call::new(Arc::clone(&self.state), Some(name), request) {
                    Ok(call) if asked == PART_PATH => peers::answer(call).await,
                    Ok(call) if asked == WATCH_PATH => watch::watch_part(call).await,
                    Ok(call) => peers::give(call).await,
                    Err(error) => Err(error),
                };
                return (Route::Other, answer);
            }
        }
        if let Some(row) = RowPath::read(&path) {
            return self.row(row, request).await;
        }
        if let Some(route) = Route::of_query(request.method(), &path) {
            return (route, self.query(route, request).await);
        }
        let mut router = self.router.clone();
        let response = match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let route = response.extensions().get::<Route>().copied().unwrap_or(Route::Other);
        (route, Ok(response.map(Body::Stream)))
    }

    async fn query(&self, route: Route, request: AxumRequest) -> Result<Response> {
        let call = Call::new(Arc::clone(&self.state), None, request)?;
        match route {
            Route::QueryStream => ksql::query_stream(call).await,
            Route::Query => ksql::query(call).await,
            _ => ksql::sql(call).await,
        }
    }

    async fn row(&self, row: RowPath<'_>, request: AxumRequest) -> (Route, Result<Response>) {
        let route = match *request.method() {
            Method::GET => Route::GetRow,
            Method::HEAD => Route::HeadRow,
            Method::PUT => Route::PutRow,
            Method::DELETE => Route::DeleteRow,
            _ => {
                let allow = HeaderValue::from_static("GET, HEAD, PUT, DELETE");
                return (Route::Other, Err(Error::plain(Code::MethodNotAllowed).header(ALLOW, allow)));
            }
        };
        let call = match Call::new(Arc::clone(&self.state), Some(row.table.to_owned()), request) {
            Ok(call) => call,
            Err(error) => return (route, Err(error)),
        };
        let answer = match route {
            Route::GetRow => rows::get(call, row).await,
            Route::HeadRow => rows::head(call, row).await,
            Route::PutRow => rows::put(call, row).await,
            _ => rows::delete(call, row).await,
        };
        (route, answer)
    }
}

/// A request that the rules let in.
enum Admitted {
    /// Of a page of an allowed origin; it has no token.
    Preflight,
    /// With its place among the concurrent requests, where it needs one, and what whoever asks may do.
    Request(Option<Slot>, Grant),
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let begin = Instant::now();
        let running = Running::begin(&self.connection);
        let quick = catch_unwind(AssertUnwindSafe(|| self.quick(&request)));
        let quick = quick.unwrap_or_else(|_| Some((Route::GetRow, Err(panicked()))));
        if let Some((route, answer)) = quick {
            let mut response = self.state.settled(answer.unwrap_or_else(Error::response));
            if route == Route::HeadRow {
                without_body(&mut response);
            }
            self.state.http.count(route, &response, begin.elapsed());
            drop(running);
            return Answering::Ready(Some(response));
        }
        let front = self.clone();
        Answering::Long(Box::pin(async move {
            let is_head = *request.method() == Method::HEAD;
            let (state, connection) = (Arc::clone(&front.state), Arc::clone(&front.connection));
            let (route, response, slot) = front.long(request).await;
            let mut response = state.settled(response);
            if is_head {
                without_body(&mut response);
            }
            state.http.count(route, &response, begin.elapsed());
            drop(running);
            response.map(|body| body.alive(&connection, slot))
        }))
    }
}

/// An answer at hand, or on its way.
pub(crate) enum Answering {
    Ready(Option<Response>),
    Long(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response, std::convert::Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(response) => {
                Poll::Ready(Ok(response.take().expect("a future is not polled after it was ready")))
            }
            Self::Long(future) => future.as_mut().poll(cx).map(Ok),
        }
    }
}

/// HEAD: the body's length without the body.
fn without_body(response: &mut Response) {
    if !response.headers().contains_key(CONTENT_LENGTH)
        && let Some(length) = response.body().size_hint().exact()
    {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

fn preflight(headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, PUT, POST, PATCH, DELETE"),
    );
    if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// The hook has printed where; the node lives on.
fn panicked() -> Error {
    tracing::error!("a handler panicked");
    Error::plain(Code::Internal)
}
