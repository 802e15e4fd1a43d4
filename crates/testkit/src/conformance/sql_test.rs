//! The corpus of SQL tests: scripts that insert rows and say which rows must come out.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lentic_sql::Refusal;
use lentic_sql::serde::Deserializer;
use lentic_sql::settings::Settings;
use lentic_sql::statement::{Effect, Executed, InsertedRecord, prepare};
use lentic_sql_syntax::ast::{AssertSource, AssertTombstone, AssertValues, Expr, Name, Statement};
use lentic_sql_syntax::split_tests;
use lentic_types::Timestamp;

use lentic_sql::catalog::{Place, Source};
use lentic_sql::{SqlType, Value};

use super::pipeline::{RunningQuery, TopicRecords};
use super::service::KnownTopics;
use super::{TestService, Trace, Verdict, codec, source_assertion};
use crate::driver::Logged;

/// One test of a file.
#[derive(Clone, Debug)]
pub struct SqlCase {
    /// Its name.
    pub name: String,
    /// Its statements, each as it is written.
    pub statements: Vec<String>,
    /// A part of the message that it must fail with.
    pub expected: Option<String>,
    /// The folder of its file, from which scripts are run.
    folder: PathBuf,
    /// A script that the corpus tells in a comment, since it has no file of it.
    script: Option<String>,
}

/// The tests of a file.
pub fn read_sql(path: &Path) -> Result<Vec<SqlCase>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let tests = split_tests(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let case = |test: lentic_sql_syntax::SqlTest<'_>| SqlCase {
        name: test.name.to_owned(),
        statements: test.statements.iter().map(|piece| piece.text.to_owned()).collect(),
        expected: test.expected_message.or(test.expected_error).map(str::to_owned),
        folder: folder.clone(),
        script: test.statements.iter().find_map(|piece| told_script(&text, piece.at.line as usize)),
    };
    Ok(tests.into_iter().map(case).collect())
}

/// The lines of the comment right above a line that are, as it says, the contents of a script.
fn told_script(text: &str, line: usize) -> Option<String> {
    let above: Vec<_> = text.lines().take(line - 1).collect();
    let begin = above.iter().rposition(|line| line.trim() == "-- contents of script:")?;
    let lines: Option<Vec<_>> = above[begin + 1..].iter().map(|line| line.strip_prefix("--")).collect();
    lines.map(|lines| lines.join("\n"))
}

/// Runs a test.
pub fn run(case: &SqlCase, trace: &mut Trace) -> Verdict {
    let topics = KnownTopics { given: BTreeMap::new(), default: 1 };
    let service = TestService::new(topics, Settings::default());
    let mut test = Running {
        folder: &case.folder,
        told: case.script.as_deref(),
        service,
        queries: Vec::new(),
        topics: TopicRecords::new(),
        asserted: BTreeMap::new(),
        trace,
    };
    let outcome = case.statements.iter().try_for_each(|statement| test.script(statement));
    for report in test.service.reports() {
        trace.line(format!("processing log: {report}"));
    }
    match (&case.expected, outcome) {
        (None, Ok(())) => Verdict::Passed,
        (None, Err(why)) => Verdict::Failed(why),
        (Some(_), Ok(())) => Verdict::Failed("it should have failed".to_owned()),
        (Some(expected), Err(why)) if why.contains(expected.as_str()) => Verdict::Passed,
        (Some(_), Err(why)) => Verdict::OtherWords(why),
    }
}

struct Running<'a> {
    folder: &'a Path,
    told: Option<&'a str>,
    service: TestService,
    queries: Vec<RunningQuery>,
    topics: TopicRecords,
    /// By topic, how many records were asserted.
    asserted: BTreeMap<String, usize>,
    trace: &'a mut Trace,
}

/// How deep records may follow from each other: queries that go round in a circle never end.
const DEEPEST: usize = 32;

impl Running<'_> {
    fn script(&mut self, text: &str) -> Result<(), String> {
        for parsed in prepare(text, false).map_err(|refusal| refusal.to_string())? {
            self.trace.line(parsed.piece.text);
            self.statement(parsed.piece.text, &parsed.statement)
                .inspect_err(|why| self.trace.line(format!("  stops: {why}")))?;
        }
        Ok(())
    }

    fn statement(&mut self, text: &str, statement: &Statement) -> Result<(), String> {
        match statement {
            Statement::AssertValues(assert) => return self.values(assert),
            Statement::AssertTombstone(assert) => return self.tombstone(assert),
            Statement::AssertSource(assert) => return self.source(assert),
            Statement::RunScript(name) => {
                let path = self.folder.join(name.trim_start_matches('/'));
                let text =
                    std::fs::read_to_string(&path).or_else(|error| self.told.map(str::to_owned).ok_or(error));
                return self.script(&text.map_err(|error| format!("{}: {error}", path.display()))?);
            }
            _ => {}
        }
        let executed = self.service.execute(text, statement).map_err(|refusal| refusal.to_string())?;
        match executed {
            Executed::Insert(record) => self.insert(*record),
            Executed::Changed(change) => change.effects.iter().try_for_each(|effect| self.effect(effect)),
            _ => Ok(()),
        }
    }

    fn effect(&mut self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Start(query) => {
                self.trace.line(query.plan.topology.describe());
                self.queries.push(RunningQuery::start(query, &self.service)?);
            }
            Effect::Replace(query) => {
                self.trace.line(query.plan.topology.describe());
                let known = self.queries.iter_mut().find(|known| known.id == query.id);
                known.ok_or("the query that is replaced does not run")?.replace(query, &self.service)?;
            }
            Effect::Stop(id) => self.queries.retain(|known| known.id != *id),
            _ => {}
        }
        Ok(())
    }

    fn insert(&mut self, record: InsertedRecord) -> Result<(), String> {
        let logged = Logged::new(record.key, record.value, Timestamp(record.timestamp), Vec::new());
        self.append(record.topic, logged, 0)
    }

    /// A record comes into a topic, and everything that follows from it, the first query's results first.
    fn append(&mut self, topic: String, record: Logged, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("records of {topic} go round in a circle"));
        }
        self.topics.entry(topic.clone()).or_default().push(record.clone());
        for index in 0..self.queries.len() {
            if !self.queries[index].reads.contains(&topic) {
                continue;
            }
            for (topic, record) in self.queries[index].pipe(&topic, &record)? {
                self.append(topic, record, depth + 1)?;
            }
        }
        Ok(())
    }

    /// The next record of a source that was not asserted yet.
    fn next(&mut self, name: &Name) -> Result<(std::sync::Arc<Source>, Logged), String> {
        let source = self.service.state.catalog().source(&name.text).cloned();
        let source = source.ok_or_else(|| format!("Source {} does not exist.", name.text))?;
        let topic = source.properties.topic.clone().unwrap_or_default();
        let records = self.topics.get(&topic).map(Vec::as_slice).unwrap_or_default();
        let next = self.asserted.entry(topic).or_default();
        let record = records.get(*next).cloned();
        *next += 1;
        let read = *next - 1;
        let record = record.ok_or_else(|| {
            format!("Expected another record, but all {read} records of {} have been read.", name.text)
        })?;
        Ok((source, record))
    }

    fn values(&mut self, assert: &AssertValues) -> Result<(), String> {
        let (source, record) = self.next(&assert.source)?;
        let actual = row(&source, &record)?;
        let columns = if assert.columns.is_empty() {
            source.schema.columns().iter().map(|column| column.name.to_string()).collect()
        } else {
            names(&assert.columns)
        };
        self.compare(&source, &actual, &columns, &assert.values)
    }

    fn tombstone(&mut self, assert: &AssertTombstone) -> Result<(), String> {
        let (source, record) = self.next(&assert.source)?;
        let actual = row(&source, &record)?;
        if record.value.is_some() {
            return Err(format!("Expected record does not match actual: {actual:?} is no tombstone"));
        }
        let columns = if assert.columns.is_empty() {
            source.schema.key().map(|column| column.name.to_string()).collect()
        } else {
            names(&assert.columns)
        };
        self.compare(&source, &actual, &columns, &assert.key)
    }

    fn compare(
        &self,
        source: &Source,
        actual: &BTreeMap<String, Value>,
        columns: &[String],
        expected: &[Expr],
    ) -> Result<(), String> {
        if columns.len() != expected.len() {
            return Err(format!("{} columns, but {} values", columns.len(), expected.len()));
        }
        for (column, expr) in columns.iter().zip(expected) {
            let kind = match source.schema.find(column) {
                _ if column == "ROWTIME" => SqlType::Bigint,
                Some(found) => found.kind.clone(),
                None => return Err(format!("{} has no column {column}", source.name)),
            };
            let told = |refusal: Refusal| refusal.to_string();
            let wanted = self.service.constant(expr, &kind).map_err(told)?;
            let found = actual.get(column).cloned().unwrap_or_default();
            if wanted != found {
                return Err(format!(
                    "Expected record does not match actual. Column {column}: {found:?}, not {wanted:?} in {actual:?}"
                ));
            }
        }
        Ok(())
    }

    fn source(&mut self, assert: &AssertSource) -> Result<(), String> {
        let found = self.service.state.catalog().source(&assert.name.text);
        let found = found.ok_or_else(|| format!("Source {} does not exist.", assert.name.text))?;
        source_assertion::check(assert, found, self.service.state.catalog())
    }
}

fn names(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.text.clone()).collect()
}

/// The columns of a record by name, with its time. The windows of windowed keys are left out.
fn row(source: &Source, record: &Logged) -> Result<BTreeMap<String, Value>, String> {
    let formats = &source.formats;
    let mut key = record.key.as_deref();
    if let (Some(bytes), Some(window)) = (key, source.properties.window) {
        key = Some(codec::split_window(bytes, window).ok_or("a windowed key is too short")?.0);
    }
    let mut row = BTreeMap::from([("ROWTIME".to_owned(), Value::Bigint(record.timestamp.0))]);
    for (format, columns, bytes, place) in [
        (&formats.key, &formats.key_columns, key, Place::Key),
        (&formats.value, &formats.value_columns, record.value.as_deref(), Place::Value),
    ] {
        let mut values = Vec::new();
        let read = Deserializer::new(format, columns).map_err(|error| error.to_string())?;
        read.deserialize(bytes, &mut values).map_err(|error| format!("{place:?}: {error}"))?;
        let fields = columns.columns.iter().zip(values);
        row.extend(fields.map(|(column, value)| (column.name.to_string(), value)));
    }
    Ok(row)
}
