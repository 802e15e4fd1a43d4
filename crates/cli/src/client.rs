//! HTTP to a running node.
use std::io::{self, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde::de::DeserializeOwned;
use ureq::http::{Request, Response, StatusCode, request};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Agent, AsSendBody, Body, SendBody};

use crate::failure::{Exit, Failure};

/// Which node, and as whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Node")]
pub struct Connection {
    /// Address of the node
    #[arg(long, env = "LENTIC_URL", default_value = "http://127.0.0.1:8088", value_name = "URL")]
    url: String,
    /// Bearer token; better in LENTIC_TOKEN, flags are visible to other users of the machine
    #[arg(long, env = "LENTIC_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
}

/// A node answers within its `max_request_timeout_ms`, a minute by default.
const ANSWER: Duration = Duration::from_secs(75);
/// Watches get a heartbeat more often than this.
const SILENCE: Duration = Duration::from_mins(1);

pub struct Client {
    url: String,
    token: Option<String>,
    agent: Agent,
    /// Set when the node stopped reading a body.
    cut: Arc<AtomicBool>,
}

type Bounds<B> = ureq::config::ConfigBuilder<ureq::typestate::HttpCrateScope<B>>;

/// An answer; its body is not read yet.
pub type Answer = Response<Body>;

impl Client {
    pub fn new(connection: Connection) -> Result<Self, Failure> {
        let url = connection.url.trim_end_matches('/').to_owned();
        let valid =
            url.parse::<ureq::http::Uri>().is_ok_and(|uri| uri.host().is_some() && uri.scheme().is_some());
        if !valid {
            return Err(Failure::usage(format!("{url:?} is no address of a node: use http://HOST:PORT")));
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .user_agent(concat!("lentic/", env!("CARGO_PKG_VERSION")));
        if ["http://127.", "http://localhost", "http://[::1]"].iter().any(|local| url.starts_with(local)) {
            config = config.proxy(None);
        }
        let cut = Arc::new(AtomicBool::new(false));
        let connector = DefaultConnector::default().chain(PatientConnector(Arc::clone(&cut)));
        let agent = Agent::with_parts(config.build(), connector, DefaultResolver::default());
        Ok(Self { url, token: connection.token, agent, cut })
    }

    /// A request for a path with its query.
    pub fn request(&self, method: &str, path: &str) -> request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request without a body.
    pub fn ask(&self, request: request::Builder) -> Result<Answer, Failure> {
        self.run(request.body(()), |c| c.timeout_global(Some(ANSWER)))
    }

    /// Sends a request with a body.
    pub fn send(&self, request: request::Builder, body: Vec<u8>) -> Result<Answer, Failure> {
        self.run(request.body(body), |c| c.timeout_global(Some(ANSWER)))
    }

    /// Sends a body that is still being produced; the answer, of any status, may come before its end, which `body`
    /// then learns from [`Client::stopped_reading`].
    pub fn stream(&self, request: request::Builder, body: &mut dyn io::Read) -> Result<Answer, Failure> {
        self.sent(request.body(SendBody::from_reader(body)), |c| c)
    }

    /// Asks for an answer that may go on for ever. Its lines come as they arrive; a minute of silence is an error.
    pub fn listen(&self, request: request::Builder) -> Result<BufReader<impl io::Read + use<>>, Failure> {
        let answer = self.run(request.body(()), |c| c.timeout_per_read(Some(SILENCE)))?;
        Ok(BufReader::new(answer.into_body().into_with_config().limit(u64::MAX).reader()))
    }

    /// Whether the node closed its side while a body was being sent.
    pub fn stopped_reading(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cut)
    }

    /// The answer of a GET, decoded.
    pub fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        decode(&body(self.ask(self.request("GET", path))?)?)
    }

    fn run<B: AsSendBody>(
        &self,
        request: Result<Request<B>, ureq::http::Error>,
        bounds: impl FnOnce(Bounds<B>) -> Bounds<B>,
    ) -> Result<Answer, Failure> {
        let answer = self.sent(request, bounds)?;
        if answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let code = header(&answer, "lentic-error");
        Err(Failure::from_answer(status, code.as_deref(), &body(answer).unwrap_or_default()))
    }

    fn sent<B: AsSendBody>(
        &self,
        request: Result<Request<B>, ureq::http::Error>,
        bounds: impl FnOnce(Bounds<B>) -> Bounds<B>,
    ) -> Result<Answer, Failure> {
        let request = request.map_err(|error| Failure::usage(error.to_string()))?;
        self.cut.store(false, Ordering::Relaxed);
        let request = bounds(self.agent.configure_request(request)).build();
        self.agent.run(request).map_err(|error| self.unanswered(error))
    }

    fn unanswered(&self, error: ureq::Error) -> Failure {
        let unavailable = |code: &str, message: String| Failure::new(Exit::Unavailable, code, message);
        match error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                unavailable("node_unreachable", format!("no node answers at {}", self.url))
                    .hint("start one with `lentic serve`, or name another with --url or LENTIC_URL")
            }
            ureq::Error::Io(error) => unavailable("node_unreachable", format!("{}: {error}", self.url)),
            ureq::Error::HostNotFound => {
                unavailable("node_unreachable", format!("{}: unknown host", self.url))
            }
            ureq::Error::ConnectionFailed => {
                unavailable("node_unreachable", format!("{}: no connection", self.url))
            }
            ureq::Error::Timeout(which) => {
                unavailable("timeout", format!("{}: no answer in time ({which})", self.url))
            }
            error => Failure::failed("http", format!("{}: {error}", self.url)),
        }
    }
}

/// A header of an answer, as text.
pub fn header(answer: &Answer, name: &str) -> Option<String> {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The whole body.
pub fn body(answer: Answer) -> Result<Vec<u8>, Failure> {
    let read = answer.into_body().into_with_config().limit(u64::MAX).read_to_vec();
    read.map_err(|error| {
        Failure::new(Exit::Unavailable, "answer_cut", format!("the answer broke off: {error}"))
    })
}

/// A JSON body.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::failed("answer_unreadable", format!("the answer is not the expected JSON: {error}"))
            .hint("is this the address of a Lentic node, of about this version?")
    })
}

/// A node that refuses a line of a long body answers and closes while the rest is still being sent. The failed
/// write is no news then: the answer is, so it is read all the same.
#[derive(Debug)]
struct PatientConnector(Arc<AtomicBool>);

impl<In: Transport> Connector<In> for PatientConnector {
    type Out = Patient<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| Patient { inner, cut: Arc::clone(&self.0) }))
    }
}

#[derive(Debug)]
struct Patient<T> {
    inner: T,
    cut: Arc<AtomicBool>,
}

impl<T: Transport> Transport for Patient<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.cut.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.inner.transmit_output(amount, timeout) {
            Err(ureq::Error::Io(error))
                if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) =>
            {
                self.cut.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => other,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        !self.cut.load(Ordering::Relaxed) && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
