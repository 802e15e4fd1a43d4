//! A service of ksqlDB's test tools: statements change it, and nothing is behind it.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lentic_sql::catalog::Source;
use lentic_sql::function::World;
use lentic_sql::plan::{Planner, ProcessingLog};
use lentic_sql::settings::Settings;
use lentic_sql::statement::{Constants, Context, Executed, Session, State, Topics};
use lentic_sql::{Refusal, SqlType, Value};
use lentic_sql_syntax::ast::{Expr, Statement};

use super::functions;

/// A service with the functions of the test cases.
pub struct TestService {
    /// What it knows.
    pub state: State,
    /// Its one session.
    pub session: Session,
    /// Topics that are there with this many partitions.
    topics: KnownTopics,
    planner: Planner,
    /// The first stream or table that each topic had.
    sources: BTreeMap<String, Arc<Source>>,
    log: Arc<Reports>,
}

/// Whatever is asked for is there.
pub struct KnownTopics {
    /// Of topics that were named.
    pub given: BTreeMap<String, u32>,
    /// Of all others.
    pub default: u32,
}

impl Topics for KnownTopics {
    fn partitions(&self, topic: &str) -> Option<u32> {
        Some(self.given.get(topic).copied().unwrap_or(self.default))
    }
}

/// A clock that stands still, long after 1970, and chance that is none.
#[derive(Default)]
struct Frozen(AtomicU64);

impl World for Frozen {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }

    fn random_bits(&self) -> u64 {
        // Each number once (SplitMix64's step).
        self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }
}

/// What went to the processing log.
#[derive(Default)]
struct Reports(std::sync::Mutex<Vec<String>>);

impl ProcessingLog for Reports {
    fn report(&self, query: &str, step: &str, text: &str) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(format!("{query} {step}: {text}"));
        }
    }
}

impl TestService {
    /// Over these topics, with these properties.
    pub fn new(topics: KnownTopics, settings: Settings) -> Self {
        let log = Arc::new(Reports::default());
        let registry = functions::registry();
        let planner = Planner {
            registry,
            world: Arc::new(Frozen::default()),
            log: Arc::clone(&log) as Arc<dyn ProcessingLog>,
        };
        let session = Session::new(settings);
        Self { state: State::default(), session, topics, planner, sources: BTreeMap::new(), log }
    }

    /// Executes one statement.
    pub fn execute(&mut self, text: &str, statement: &Statement) -> Result<Executed, Refusal> {
        let context = Context { planner: self.planner.clone(), topics: &self.topics };
        let executed = self.state.execute(&context, &mut self.session, text, statement)?;
        for source in self.state.catalog().sources() {
            if let Some(topic) = &source.properties.topic {
                self.sources.entry(topic.clone()).or_insert_with(|| Arc::clone(source));
            }
        }
        Ok(executed)
    }

    /// The first stream or table that was over a topic.
    pub fn source_of(&self, topic: &str) -> Option<&Arc<Source>> {
        self.sources.get(topic)
    }

    /// The value of an expression where this type is wanted.
    pub fn constant(&self, expr: &Expr, kind: &SqlType) -> Result<Value, Refusal> {
        Constants { planner: &self.planner, catalog: self.state.catalog() }.value(expr, kind)
    }

    /// How many partitions a topic has.
    pub fn partitions(&self, topic: &str) -> Option<u32> {
        self.topics.given.get(topic).copied()
    }

    /// What went to the processing log so far.
    pub fn reports(&self) -> Vec<String> {
        self.log.0.lock().map(|lines| lines.clone()).unwrap_or_default()
    }
}
