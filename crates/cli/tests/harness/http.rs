//! HTTP as a client speaks it: paths go out as they are written.
use std::io::{BufRead as _, BufReader, Read};
use std::time::Duration;

use serde_json::Value;
use ureq::http;
use ureq::{Agent, Body};

use super::PATIENCE;

/// A request under construction: `node.get("/v1/tables").header("Lentic-Timeout", "1s").send()`.
pub struct Request {
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    within: Duration,
}

impl Request {
    pub fn new(method: &str, uri: String) -> Self {
        Self { method: method.to_owned(), uri, headers: Vec::new(), body: None, within: PATIENCE }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// How long the answer may take, to its end.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// A JSON body with its `Content-Type`.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends and reads the whole answer, of any status.
    pub fn send(self) -> Answer {
        self.try_send().expect("an answer")
    }

    /// Like `send`; `Err` where the connection failed.
    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        let response = self.open()?;
        let (parts, body) = response.into_parts();
        let body = body.into_with_config().limit(u64::MAX).read_to_vec()?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Sends and returns the answer's lines as they arrive (of a watch, of NDJSON).
    pub fn lines(self) -> Lines {
        self.try_lines().expect("an answer")
    }

    /// Like `lines`; `Err` where the connection failed.
    pub fn try_lines(self) -> Result<Lines, ureq::Error> {
        let response = self.open()?;
        Ok(Lines {
            status: response.status().as_u16(),
            reader: Box::new(BufReader::new(
                response.into_body().into_with_config().limit(u64::MAX).reader(),
            )),
        })
    }

    fn open(self) -> Result<http::Response<Body>, ureq::Error> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .allow_non_standard_methods(true)
            .timeout_per_call(Some(self.within))
            .build()
            .into();
        let mut request = http::Request::builder().method(self.method.as_str()).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match self.body {
            Some(body) => agent.run(request.body(body).expect("a request")),
            None => agent.run(request.body(()).expect("a request")),
        }
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of an error, from the header; the same as in the body where there is one.
    pub fn error(&self) -> &str {
        let code = self.header("lentic-error").unwrap_or_else(|| panic!("no Lentic-Error: {self:?}"));
        if !self.body.is_empty() {
            let body = self.json();
            assert_eq!(body["error"]["code"], code, "{self:?}");
            assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
            assert!(body["error"]["hint"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        }
        code
    }

    /// Asserts the status and hands itself on.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, String::from_utf8_lossy(&self.body));
        self
    }

    /// Asserts status and code of an error.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.error(), code, "{answer:?}");
        answer
    }
}

/// An answer that is read line by line.
pub struct Lines {
    pub status: u16,
    reader: Box<dyn std::io::BufRead + Send>,
}

/// One Server-Sent Event.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_field_names, reason = "the fields of an event by their names in the stream")]
pub struct Event {
    pub id: Option<String>,
    pub event: String,
    pub data: String,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Lines {
    /// The next line without its end; `None`: the answer is over.
    pub fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
        }
    }

    /// The next Server-Sent Event, comments and heartbeats included (an event of a comment has the name `:`).
    pub fn next_event(&mut self) -> Option<Event> {
        let mut event = Event::default();
        let mut any = false;
        loop {
            let line = self.next_line()?;
            if line.is_empty() {
                if any {
                    return Some(event);
                }
                continue;
            }
            any = true;
            if line.starts_with(':') {
                event.event = ":".to_owned();
            } else if let Some((field, value)) = line.split_once(':') {
                let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
                match field {
                    "id" => event.id = Some(value),
                    "event" => event.event = value,
                    "data" => event.data = value,
                    _ => {}
                }
            }
        }
    }

    /// The next event with this name, others are passed over.
    pub fn next_named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next_event().unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.event == name {
                return event;
            }
        }
    }

    /// Everything that is left.
    pub fn rest(mut self) -> String {
        let mut text = String::new();
        self.reader.read_to_string(&mut text).expect("text");
        text
    }
}

/// A bounded wait used by tests that listen.
pub fn soon() -> Duration {
    Duration::from_secs(5)
}
