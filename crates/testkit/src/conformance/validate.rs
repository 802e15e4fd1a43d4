//! Runs a case of the query-validation corpus as ksqlDB's own test tool does.
use std::fmt;

use lentic_sql::settings::Settings;
use lentic_sql::statement::{Effect, Executed, prepare};
use lentic_types::{Header, Timestamp};

use super::codec::TopicCodec;
use super::pipeline::{RunningQuery, TopicRecords};
use super::service::KnownTopics;
use super::{Actual, Case, ExpectedError, Json, Record, RecordWindow, TestService, difference, post};
use crate::driver::Logged;

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should.
    Passed,
    /// It was refused, as it should, but in other words, which are these.
    OtherWords(String),
    /// Not as it should; why.
    Failed(String),
    /// Something panicked or took too long.
    Crashed(String),
}

/// What happened on the way, for people.
#[derive(Clone, Debug, Default)]
pub struct Trace(Vec<String>);

impl Trace {
    /// One more line.
    pub fn line(&mut self, line: impl Into<String>) {
        self.0.push(line.into());
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Partitions of topics that a case does not describe.
const PARTITIONS: u32 = 4;

/// Runs a case.
pub fn run(case: &Case, trace: &mut Trace) -> Verdict {
    let outcome = Validation::new(case, trace).run();
    match (&case.error, outcome) {
        (None, Ok(())) => Verdict::Passed,
        (None, Err(why)) => Verdict::Failed(why.text),
        (Some(_), Ok(())) => Verdict::Failed("it should have failed".to_owned()),
        (Some(_), Err(why)) if !why.is_expected => Verdict::Failed(why.text),
        (Some(expected), Err(why)) => judge(expected, why.text),
    }
}

/// The message must be a part of what was said.
fn judge(expected: &ExpectedError, said: String) -> Verdict {
    match &expected.message {
        Some(message) if !said.contains(message.as_str()) => Verdict::OtherWords(said),
        _ => Verdict::Passed,
    }
}

/// Why a case stopped.
struct Stop {
    text: String,
    /// Whether this is where a case that must fail may fail.
    is_expected: bool,
}

impl Stop {
    fn unexpected(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_expected: false }
    }

    fn expected(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_expected: true }
    }
}

struct Validation<'a> {
    case: &'a Case,
    trace: &'a mut Trace,
    service: TestService,
    topics: TopicRecords,
    is_exact: bool,
}

impl<'a> Validation<'a> {
    fn new(case: &'a Case, trace: &'a mut Trace) -> Self {
        let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let settings = Settings::new(case.properties.iter().map(|(name, value)| (name.clone(), text(value))));
        let given = case.topics.iter().map(|topic| (topic.name.clone(), topic.partitions.unwrap_or(1)));
        let topics = KnownTopics { given: given.collect(), default: PARTITIONS };
        let is_exact = settings.is_on("use.exact.numeric.comparison", true);
        let service = TestService::new(topics, settings);
        Self { case, trace, service, topics: TopicRecords::new(), is_exact }
    }

    fn run(mut self) -> Result<(), Stop> {
        let mut running = self.statements()?;
        if running.is_empty() && self.case.error.is_none() {
            return Err(Stop::unexpected("there is no persistent query"));
        }
        self.inputs()?;
        for query in &mut running {
            self.feed(query)?;
        }
        for report in self.service.reports() {
            self.trace.line(format!("processing log: {report}"));
        }
        self.outputs()?;
        post::check(&self.case.post, &self.service).map_err(Stop::unexpected)
    }

    /// Executes all statements; the queries that run in the end, in the order in which they came.
    fn statements(&mut self) -> Result<Vec<RunningQuery>, Stop> {
        let script = self.case.statements.join("\n");
        let parsed = prepare(&script, false).map_err(|refusal| Stop::expected(refusal.to_string()))?;
        let mut queries = Vec::new();
        for (index, one) in parsed.iter().enumerate() {
            let executed = self.service.execute(one.piece.text, &one.statement);
            let is_expected = index + 1 == parsed.len();
            let executed = executed.map_err(|refusal| Stop { text: refusal.to_string(), is_expected });
            if let Err(stop) = &executed {
                self.trace.line(format!("refused: {}", stop.text));
            }
            let Executed::Changed(change) = executed? else { continue };
            for effect in change.effects {
                match effect {
                    Effect::Start(query) => queries.push(query),
                    Effect::Replace(query) => {
                        queries.retain(|known: &std::sync::Arc<_>| known.id != query.id);
                        queries.push(query);
                    }
                    _ => {}
                }
            }
        }
        let mut running = Vec::new();
        for query in &queries {
            self.trace.line(format!("query {}: {}", query.id, query.plan.schema));
            self.trace.line(query.plan.topology.describe());
            running.push(RunningQuery::start(query, &self.service).map_err(Stop::unexpected)?);
        }
        Ok(running)
    }

    fn codec(&self, topic: &str) -> Result<TopicCodec, Stop> {
        let source = self.service.source_of(topic);
        let codec = source.map(|source| TopicCodec::of(source, self.is_exact));
        codec.ok_or_else(|| Stop::unexpected(format!("no stream or table is over the topic {topic}")))
    }

    /// All inputs are in their topics before anything runs.
    fn inputs(&mut self) -> Result<(), Stop> {
        for input in &self.case.inputs {
            let codec = self.codec(&input.topic)?;
            let key = codec.write_key(&input.key, input.window.as_ref());
            let value = codec.write_value(&input.value);
            let wrong =
                |error| Stop::unexpected(format!("an input of {} cannot be written: {error}", input.topic));
            let headers = headers(input).map_err(wrong)?;
            let timestamp = Timestamp(input.timestamp.unwrap_or(0));
            let record = Logged::new(key.map_err(wrong)?, value.map_err(wrong)?, timestamp, headers);
            self.topics.entry(input.topic.clone()).or_default().push(record);
        }
        Ok(())
    }

    /// Inputs of a query's topics in their order, or else what is in its topics by now.
    fn feed(&mut self, running: &mut RunningQuery) -> Result<(), Stop> {
        let mut next: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        let mut records = Vec::new();
        for input in &self.case.inputs {
            let index = next.entry(&input.topic).or_default();
            if running.reads.contains(&input.topic) {
                let record = self.topics.get(&input.topic).and_then(|topic| topic.get(*index));
                records.extend(record.map(|record| (input.topic.clone(), record.clone())));
            }
            *index += 1;
        }
        for topic in running.reads.iter().filter(|topic| !next.contains_key(topic.as_str())) {
            let all = self.topics.get(topic).into_iter().flatten();
            records.extend(all.map(|record| (topic.clone(), record.clone())));
        }
        for (topic, record) in records {
            // What the case expects to go wrong may go wrong here, too.
            for (topic, record) in running.pipe(&topic, &record).map_err(Stop::expected)? {
                self.topics.entry(topic).or_default().push(record);
            }
        }
        Ok(())
    }

    /// Every topic that occurs among the outputs holds exactly those.
    fn outputs(&mut self) -> Result<(), Stop> {
        let mut topics: Vec<&str> = self.case.outputs.iter().map(|output| output.topic.as_str()).collect();
        topics.sort_unstable();
        topics.dedup();
        let mut first = None;
        for topic in topics {
            if let Err(why) = self.output(topic) {
                first.get_or_insert(why);
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn output(&mut self, topic: &str) -> Result<(), Stop> {
        let expected: Vec<&Record> =
            self.case.outputs.iter().filter(|output| output.topic == topic).collect();
        let records = self.topics.remove(topic).unwrap_or_default();
        let codec = self.codec(topic)?;
        for record in &expected {
            self.trace.line(format!("{topic} expected: {}", shown(record)));
        }
        let mut actual = Vec::new();
        for record in &records {
            let read = ReadRecord::of(record, &codec);
            self.trace.line(match &read {
                Ok(read) => format!("{topic}   actual: {read}"),
                Err(error) => format!("{topic}   actual: cannot be read: {error}"),
            });
            actual.push(read);
        }
        for (index, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
            let found = match actual {
                Ok(actual) => compare(expected, actual, self.case.inputs.is_empty()),
                Err(error) => Some(error.clone()),
            };
            if let Some(found) = found {
                return Err(Stop::unexpected(format!("{topic}, record {index}: {found}")));
            }
        }
        if expected.len() != actual.len() {
            let text = format!("{topic}: {} records, not {}", actual.len(), expected.len());
            return Err(Stop::unexpected(text));
        }
        Ok(())
    }
}

/// The first difference. `is_free`: the time of a record that must have the time 0 may be another one.
pub(super) fn compare(expected: &Record, actual: &ReadRecord, is_free: bool) -> Option<String> {
    if expected.window != actual.window {
        return Some(format!("the window {:?}, not {:?}", actual.window, expected.window));
    }
    if let Some(found) = difference(&expected.key, &actual.key) {
        return Some(format!("key {found}"));
    }
    if let Some(found) = difference(&expected.value, &actual.value) {
        return Some(format!("value {found}"));
    }
    let wanted = match headers(expected) {
        Ok(wanted) => wanted,
        Err(error) => return Some(error),
    };
    if wanted != actual.headers {
        return Some(format!("the headers {:?}, not {wanted:?}", actual.headers));
    }
    let timestamp = expected.timestamp?;
    (timestamp != actual.timestamp && !(timestamp == 0 && is_free))
        .then(|| format!("the timestamp {}, not {timestamp}", actual.timestamp))
}

/// A record that was read.
pub(super) struct ReadRecord {
    key: Actual,
    window: Option<RecordWindow>,
    value: Actual,
    timestamp: i64,
    headers: Vec<Header>,
}

impl ReadRecord {
    pub(super) fn of(record: &Logged, codec: &TopicCodec) -> Result<Self, String> {
        let (key, window) = codec.read_key(record.key.as_deref())?;
        let value = codec.read_value(record.value.as_deref())?;
        Ok(Self { key, window, value, timestamp: record.timestamp.0, headers: record.headers.clone() })
    }
}

impl fmt::Display for ReadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.value)?;
        write!(f, " @{}", self.timestamp)?;
        if let Some(window) = &self.window {
            write!(f, " {}..{} {}", window.start, window.end, window.kind)?;
        }
        if self.headers.is_empty() { Ok(()) } else { write!(f, " {:?}", self.headers) }
    }
}

/// A record of a case on one line.
pub fn shown(record: &Record) -> String {
    let time = record.timestamp.map_or_else(|| "any".to_owned(), |time| time.to_string());
    let mut text = format!("{} {} @{time}", record.key, record.value);
    if let Some(window) = &record.window {
        text = format!("{text} {}..{} {}", window.start, window.end, window.kind);
    }
    if !record.headers.is_empty() {
        text = format!("{text} {:?}", record.headers);
    }
    text
}

/// The headers of a record of a case.
pub(super) fn headers(record: &Record) -> Result<Vec<Header>, String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let one = |header: &std::collections::BTreeMap<String, Json>| {
        let name = header.get("KEY").and_then(Json::as_str).unwrap_or_default().to_owned();
        let value = match header.get("VALUE").and_then(Json::as_str) {
            Some(text) => Some(STANDARD.decode(text).map_err(|error| format!("{text}: {error}"))?.into()),
            None => None,
        };
        Ok(Header { name, value })
    };
    record.headers.iter().map(one).collect()
}
