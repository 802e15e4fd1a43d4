//! Runs a REST case against a server, whatever it is reached through.
use std::fmt::Write as _;

use lentic_sql::settings::Settings;
use lentic_sql::statement::prepare;
use lentic_types::Timestamp;

use super::protobuf;
use super::{Response, RestCase, RestError, matches, replies_match};
use crate::conformance::codec::TopicCodec;
use crate::conformance::service::KnownTopics;
use crate::conformance::validate::{self, Trace, Verdict};
use crate::conformance::{Case, Json, Record, TestService};
use crate::driver::Logged;

/// A server and the Kafka behind it.
pub trait Endpoint {
    /// Sends a request and waits for the whole reply.
    fn post(&mut self, path: &str, body: &str) -> Result<Reply, String>;

    /// The same, with rows in protocol buffers.
    fn post_for_protobuf(&mut self, path: &str, body: &str) -> Result<Reply, String> {
        let _ = (path, body);
        Err("this endpoint asks for no protocol buffers".to_owned())
    }

    /// Sends a request that goes on until [`Self::finish`]; comes back when the query runs.
    fn begin(&mut self, path: &str, body: &str) -> Result<(), String>;

    /// The whole reply to what was begun.
    fn finish(&mut self) -> Result<Reply, String>;

    /// Writes a record to a topic.
    fn produce(&mut self, topic: &str, record: &Logged) -> Result<(), String>;

    /// Waits until the persistent queries have processed all that was written.
    fn settle(&mut self) -> Result<(), String>;

    /// The first records of a topic, as soon as there are so many, or fewer after a while.
    fn consume(&mut self, topic: &str, count: usize) -> Result<Vec<Logged>, String>;
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// The name of a topic that stands for one that no other case has.
const TOPIC: &str = "test_topic";

/// Runs a case, whose topic `test_topic` is called so.
pub fn run(case: &RestCase, topic: &str, endpoint: &mut dyn Endpoint, trace: &mut Trace) -> Verdict {
    let case = renamed(case, topic);
    let mut run = Run { case: &case, endpoint, trace, replies: Vec::new() };
    match run.go() {
        Ok(verdict) => verdict,
        Err(why) => Verdict::Failed(why),
    }
}

fn renamed(case: &RestCase, topic: &str) -> RestCase {
    let mut case = case.clone();
    let rename = |text: &mut String| *text = text.replace(TOPIC, topic);
    case.case.statements.iter_mut().for_each(rename);
    for record in case.case.inputs.iter_mut().chain(&mut case.case.outputs) {
        rename(&mut record.topic);
    }
    case.case.topics.iter_mut().for_each(|spec| rename(&mut spec.name));
    if let Some(message) = case.error.as_mut().and_then(|error| error.message.as_mut()) {
        rename(message);
    }
    case
}

struct Run<'a> {
    case: &'a RestCase,
    endpoint: &'a mut dyn Endpoint,
    trace: &'a mut Trace,
    /// The elements of each reply, and the statement that it belongs to.
    replies: Vec<(Vec<Json>, String)>,
}

impl Run<'_> {
    fn go(&mut self) -> Result<Verdict, String> {
        let statements = &self.case.case.statements;
        let is_query = |text: &String| text.trim_start().starts_with("SELECT ");
        let first_query = statements.iter().position(is_query).unwrap_or(statements.len());
        let (admin, queries) = statements.split_at(first_query);
        if !admin.is_empty() {
            let script = admin.join("\n");
            let reply = self.post("/ksql", &script)?;
            if reply.status != 200 {
                return Ok(self.judge(&reply, admin));
            }
            let Json::Array(elements) = Json::parse(&reply.body).map_err(|error| error.to_string())? else {
                return Err(format!("the reply is no list: {}", reply.body));
            };
            self.replies.extend(elements.into_iter().map(|element| (vec![element], script.clone())));
        }
        if !self.case.waits_for_push_query {
            self.inputs()?;
            if !queries.is_empty() {
                self.endpoint.settle()?;
            }
        }
        for query in queries {
            let reply = if self.case.waits_for_push_query {
                let body = self.body(query);
                self.endpoint.begin("/query", &body)?;
                self.inputs()?;
                self.endpoint.finish()?
            } else {
                self.post("/query", query)?
            };
            if reply.status != 200 {
                return Ok(self.judge(&reply, std::slice::from_ref(query)));
            }
            let Json::Array(elements) = Json::parse(&reply.body).map_err(|error| error.to_string())? else {
                return Err(format!("the reply is no list: {}", reply.body));
            };
            self.replies.push((elements, query.clone()));
        }
        if self.case.asks_for_protobuf {
            for query in queries {
                let body = self.body(query).replacen("\"ksql\"", "\"sql\"", 1).replacen(
                    "\"streamsProperties\"",
                    "\"properties\"",
                    1,
                );
                let reply = self.endpoint.post_for_protobuf("/query-stream", &body)?;
                self.trace.line(format!("POST /query-stream {body}\n  {} {}", reply.status, reply.body));
                let Ok(Json::Array(elements)) = Json::parse(&reply.body) else {
                    return Err(format!("the reply is no list: {} {}", reply.status, reply.body));
                };
                self.replies.push((elements, query.clone()));
            }
        }
        if self.case.error.is_some() {
            return Ok(Verdict::Failed("it should have failed".to_owned()));
        }
        self.responses()?;
        self.outputs()?;
        Ok(Verdict::Passed)
    }

    fn post(&mut self, path: &str, text: &str) -> Result<Reply, String> {
        let body = self.body(text);
        self.trace.line(format!("POST {path} {body}"));
        let reply = self.endpoint.post(path, &body)?;
        self.trace.line(format!("  {} {}", reply.status, reply.body));
        Ok(reply)
    }

    fn body(&self, text: &str) -> String {
        let mut properties = String::new();
        for (index, (name, value)) in self.case.case.properties.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(properties, "{comma}{}:{value}", Json::String(name.clone()));
        }
        let text = Json::String(text.to_owned());
        format!("{{\"ksql\":{text},\"streamsProperties\":{{{properties}}}}}")
    }

    /// Whether an error is the expected one.
    fn judge(&mut self, reply: &Reply, statements: &[String]) -> Verdict {
        let said = format!("{} {}", reply.status, reply.body);
        let Some(RestError { kind, message, status }) = &self.case.error else {
            return Verdict::Failed(said);
        };
        let body = Json::parse(&reply.body).unwrap_or_default();
        let text = |name: &str| body.field(name).and_then(Json::as_str).unwrap_or_default();
        let has_kind = match kind.as_deref().and_then(|kind| kind.rsplit('.').next()) {
            Some("KsqlStatementErrorMessage") => text("@type") == "statement_error",
            Some("KsqlErrorMessage") => text("@type") == "generic_error",
            _ => true,
        };
        let has_status = status.is_none_or(|status| status == reply.status);
        let has_words = message.as_ref().is_none_or(|message| text("message").contains(message.as_str()));
        let statement = statements.last().map_or("", |statement| statement.trim_end_matches(';'));
        let has_statement = text("@type") != "statement_error"
            || statement.trim_start().starts_with("INSERT")
            || text("statementText").contains(statement);
        if has_kind && has_status && has_words && has_statement {
            Verdict::Passed
        } else {
            Verdict::OtherWords(said)
        }
    }

    fn responses(&self) -> Result<(), String> {
        if self.replies.len() < self.case.responses.len() {
            return Err(format!("{} replies, not {}", self.replies.len(), self.case.responses.len()));
        }
        for (index, (expected, (actual, statement))) in
            self.case.responses.iter().zip(&self.replies).enumerate()
        {
            let found = match expected {
                Response::Admin(expected) => actual
                    .first()
                    .map_or(Some("nothing".to_owned()), |actual| matches(expected, actual, statement)),
                Response::Query(expected) => {
                    replies_match(expected, actual, statement, self.case.verifies_order)
                }
                Response::Protobuf(expected) => {
                    let actual = protobuf::as_text(actual)?;
                    replies_match(expected, &actual, statement, self.case.verifies_order)
                }
            };
            if let Some(found) = found {
                return Err(format!("reply {index}: {found}"));
            }
        }
        Ok(())
    }

    /// What the records of each topic look like is known from the statements, which a service without a server executes.
    fn local(&self) -> Result<TestService, String> {
        let Case { statements, properties, .. } = &self.case.case;
        let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let settings = Settings::new(properties.iter().map(|(name, value)| (name.clone(), text(value))));
        let topics = KnownTopics { given: std::collections::BTreeMap::new(), default: 1 };
        let mut service = TestService::new(topics, settings);
        let script = statements.join("\n");
        for parsed in prepare(&script, false).map_err(|refusal| refusal.to_string())? {
            // What is refused here does not matter unless a topic is missing afterwards.
            let _ = service.execute(parsed.piece.text, &parsed.statement);
        }
        Ok(service)
    }

    fn codec(service: &TestService, topic: &str) -> Result<TopicCodec, String> {
        let source = service.source_of(topic);
        let codec = source.map(|source| TopicCodec::of(source, true));
        codec.ok_or_else(|| format!("no stream or table is over the topic {topic}"))
    }

    fn inputs(&mut self) -> Result<(), String> {
        if self.case.case.inputs.is_empty() {
            return Ok(());
        }
        let service = self.local()?;
        for input in &self.case.case.inputs {
            let codec = Self::codec(&service, &input.topic)?;
            let key = codec.write_key(&input.key, input.window.as_ref())?;
            let value = codec.write_value(&input.value)?;
            let timestamp = Timestamp(input.timestamp.unwrap_or(0));
            let record = Logged::new(key, value, timestamp, validate::headers(input)?);
            self.endpoint.produce(&input.topic, &record)?;
        }
        Ok(())
    }

    fn outputs(&mut self) -> Result<(), String> {
        let outputs = &self.case.case.outputs;
        if outputs.is_empty() {
            return Ok(());
        }
        let service = self.local()?;
        let mut topics: Vec<&str> = outputs.iter().map(|output| output.topic.as_str()).collect();
        topics.sort_unstable();
        topics.dedup();
        for topic in topics {
            let expected: Vec<&Record> = outputs.iter().filter(|output| output.topic == topic).collect();
            let codec = Self::codec(&service, topic)?;
            let actual = self.endpoint.consume(topic, expected.len())?;
            if actual.len() < expected.len() {
                return Err(format!("{topic}: {} records, not {}", actual.len(), expected.len()));
            }
            for (index, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
                let read = validate::ReadRecord::of(actual, &codec)?;
                if let Some(found) = validate::compare(expected, &read, false) {
                    return Err(format!("{topic}, record {index}: {found}"));
                }
            }
        }
        Ok(())
    }
}
