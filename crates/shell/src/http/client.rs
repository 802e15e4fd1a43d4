//! Requests.
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic_ksql_api::{
    CloseQuery, Entity, ErrorBody, Info, KsqlRequest, MediaType, Request as _, ResultFormat, ServerInfo,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::{HeaderValue, Response, Uri, request};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, RustlsConnector, TcpConnector};
use ureq::{Agent, Body};

use super::answer::{Answer, Lines};
use super::patience::PatientConnector;
use crate::failure::{Error, Failure};
use crate::interrupt::Interrupt;
use crate::options::Credentials;

/// What is asked for completion, or beside the point, is not waited for longer.
const SHORT: Duration = Duration::from_secs(3);
/// What is not plain in a segment of a path.
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');
/// So much of a page that is no answer is shown.
const SAID: u64 = 2_000;

/// A server, and as whom it is asked. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    server: Arc<str>,
    authorization: Option<HeaderValue>,
    agent: Agent,
    interrupt: Interrupt,
}

impl Client {
    /// A client of `server`. Nothing is asked yet.
    pub(crate) fn new(
        server: &str,
        credentials: Option<&Credentials>,
        ca_file: Option<&Path>,
        interrupt: Interrupt,
    ) -> Result<Self, Error> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .user_agent(concat!("lentic/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = ca_file {
            let tls = TlsConfig::builder().root_certs(certificates(path)?).build();
            config = config.tls_config(tls);
        }
        let server = address(server)?;
        let is_local = ["://127.", "://localhost", "://[::1]"].iter().any(|local| server.contains(local));
        if is_local {
            config = config.proxy(None);
        }
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(PatientConnector(interrupt.clone()))
                .chain(RustlsConnector::default());
        let agent = Agent::with_parts(config.build(), connector, DefaultResolver::default());
        let authorization = credentials.map(header).transpose()?;
        Ok(Self { server: server.into(), authorization, agent, interrupt })
    }

    /// Asks another server from now on.
    pub(crate) fn move_to(&mut self, server: &str) -> Result<(), Error> {
        self.server = address(server)?.into();
        Ok(())
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Executes statements.
    pub(crate) fn execute(&self, request: &KsqlRequest) -> Result<Vec<Entity>, Failure> {
        let answer = self.post("/ksql", MediaType::KsqlV1Json, &request.to_json(), None)?;
        decode(answer)
    }

    /// The same for what only makes typing easier: nobody waits long for it.
    pub(crate) fn look_up(&self, request: &KsqlRequest) -> Result<Vec<Entity>, Failure> {
        decode(self.post("/ksql", MediaType::KsqlV1Json, &request.to_json(), Some(SHORT))?)
    }

    /// The rows of a query.
    pub(crate) fn query(&self, request: &KsqlRequest) -> Result<Answer, Failure> {
        let answer = self.post("/query", MediaType::KsqlV1Json, &request.to_json(), None)?;
        let is_delimited = answer
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(MediaType::Delimited.as_str().as_bytes()));
        let format = if is_delimited { ResultFormat::Delimited } else { ResultFormat::Streamed };
        Ok(Answer::new(answer.into_body(), format, self.interrupt.clone()))
    }

    /// The lines of a PRINT.
    pub(crate) fn print(&self, request: &KsqlRequest) -> Result<Lines, Failure> {
        let answer = self.post("/query", MediaType::KsqlV1Json, &request.to_json(), None)?;
        Ok(Lines::new(answer.into_body(), self.interrupt.clone()))
    }

    /// Closes a query whose rows nobody reads any more. A server that does not know it has closed it by itself.
    pub(crate) fn close_query(&self, query_id: &str) {
        let body = CloseQuery { query_id: query_id.to_owned() }.to_json();
        let _ = self.post("/close-query", MediaType::KsqlV1Json, &body, Some(SHORT));
    }

    /// Who the server is.
    pub(crate) fn info(&self) -> Result<ServerInfo, Failure> {
        decode::<Info>(self.get("/info")?).map(|info| info.server)
    }

    /// Whether there is a property of this name; the error says why not. Who cannot tell, allows it.
    pub(crate) fn allows_property(&self, name: &str) -> Result<(), Failure> {
        let name = utf8_percent_encode(name, IN_A_PATH);
        match self.get(&format!("/is_valid_property/{name}")) {
            Err(Failure::Status { .. } | Failure::Unreadable(_)) => Ok(()),
            other => other.map(drop),
        }
    }

    fn get(&self, path: &str) -> Result<Response<Body>, Failure> {
        let request = self.request("GET", path, MediaType::Json).body(());
        let request = request.map_err(|error| Failure::Unreadable(error.to_string()))?;
        let request = self.agent.configure_request(request).timeout_global(Some(SHORT)).build();
        self.checked(self.agent.run(request))
    }

    fn post(
        &self,
        path: &str,
        accept: MediaType,
        body: &[u8],
        within: Option<Duration>,
    ) -> Result<Response<Body>, Failure> {
        let request = self
            .request("POST", path, accept)
            .header("content-type", MediaType::KsqlV1Json.as_str())
            // Rows are to come one by one, and not when a block of a compressor is full.
            .header("accept-encoding", "identity")
            .body(body);
        let request = request.map_err(|error| Failure::Unreadable(error.to_string()))?;
        let request = self.agent.configure_request(request).timeout_global(within).build();
        self.checked(self.agent.run(request))
    }

    fn request(&self, method: &str, path: &str, accept: MediaType) -> request::Builder {
        let uri = format!("{}{path}", self.server);
        let request = request::Builder::new().method(method).uri(uri).header("accept", accept.as_str());
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }

    /// An answer that is none of an error.
    fn checked(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Failure> {
        let answer = answer.map_err(|error| self.unanswered(error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.into_body().into_with_config().limit(1 << 24).read_to_vec().unwrap_or_default();
        if let Some(error) = ErrorBody::from_json(&body) {
            return Err(Failure::Refused(error));
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(SAID as usize)]).trim().to_owned();
        Err(Failure::Status { status: status.as_u16(), text })
    }

    fn unanswered(&self, error: ureq::Error) -> Failure {
        if let Some(reason) = self.interrupt.reason() {
            return Failure::Ended(reason);
        }
        let server = &self.server;
        Failure::Unreachable(match error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                format!("no server answers at {server}; `server URL` goes to another")
            }
            ureq::Error::HostNotFound => format!("{server}: unknown host; `server URL` goes to another"),
            ureq::Error::ConnectionFailed => format!("{server}: no connection"),
            ureq::Error::Timeout(which) => format!("{server}: no answer in time ({which})"),
            error => format!("{server}: {error}"),
        })
    }
}

fn decode<T: serde::de::DeserializeOwned>(answer: Response<Body>) -> Result<T, Failure> {
    let body = answer.into_body().into_with_config().limit(u64::MAX).read_to_vec();
    let body = body.map_err(|error| Failure::Unreadable(format!("the answer broke off: {error}")))?;
    serde_json::from_slice(&body).map_err(|error| {
        Failure::Unreadable(format!(
            "the answer is not ksqlDB's ({error}); is this the address of its REST API?"
        ))
    })
}

/// The address of a server, with its scheme and without a last slash.
fn address(server: &str) -> Result<String, Error> {
    let (scheme, rest) = server.trim().split_once("://").unwrap_or(("http", server.trim()));
    let address = format!("{scheme}://{}", rest.trim_end_matches('/'));
    let is_address = address.parse::<Uri>().is_ok_and(|uri| {
        uri.host().is_some_and(|host| !host.is_empty()) && matches!(uri.scheme_str(), Some("http" | "https"))
    });
    if is_address { Ok(address) } else { Err(Error::Address(server.to_owned())) }
}

fn header(credentials: &Credentials) -> Result<HeaderValue, Error> {
    let text = match credentials {
        Credentials::Basic { user, password } => {
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
        }
        Credentials::Token(token) => format!("Bearer {token}"),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::Credentials)?;
    value.set_sensitive(true);
    Ok(value)
}

fn certificates(path: &Path) -> Result<RootCerts, Error> {
    let fault = |reason: String| Error::Certificates { path: path.display().to_string(), reason };
    let pem = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| fault(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(fault("it has none".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (given, expected) in [
            ("http://h:8088/", Some("http://h:8088")),
            ("https://h/ksql/", Some("https://h/ksql")),
            (" h:8088 ", Some("http://h:8088")),
            ("localhost", Some("http://localhost")),
            ("", None),
            ("ftp://h", None),
            ("http://", None),
            ("a b", None),
        ] {
            assert_eq!(address(given).ok().as_deref(), expected, "{given}");
        }
    }
}
