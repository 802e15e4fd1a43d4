//! A node whose queries come from SQL, or as plans that are there already.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use lentic::config::Config;
use lentic::topology::Plan;
use lentic::types::{Offset, PartitionId, Timestamp, TopicName};
use lentic::{Interpreter, NewRecord, Node, QueryChange, QuerySettings, QueryStart, SqlStatement};
use lentic_sql::function::{Registry, World};
use lentic_sql::plan::{Planner, ProcessingLog};
use lentic_sql::settings::Settings;
use lentic_sql::statement::{Context, Effect, Executed, Session, State, Topics};
use lentic_sql_syntax::parse_statement;

const DECLARED: [&str; 2] = [
    "CREATE STREAM flights (carrier STRING KEY, id BIGINT, origin STRING, delay INT, note STRING) \
     WITH (kafka_topic='flights', value_format='JSON');",
    "CREATE TABLE carriers (carrier STRING PRIMARY KEY, name STRING) WITH (kafka_topic='carriers', value_format='JSON');",
];

/// Plans by the names of their queries: what its statements start.
#[derive(Default, Clone)]
pub struct Service {
    plans: Arc<Mutex<BTreeMap<String, Plan>>>,
}

impl Interpreter for Service {
    fn apply(&self, statement: &SqlStatement, _: Offset) -> Vec<QueryChange> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = plans.get(&statement.text).cloned();
        let start =
            |plan| QueryChange::Start(QueryStart { plan, prefix: None, settings: QuerySettings::default() });
        plan.map(start).into_iter().collect()
    }
}

struct Still;

impl World for Still {
    fn now_ms(&self) -> i64 {
        0
    }

    fn random_bits(&self) -> u64 {
        0
    }
}

impl ProcessingLog for Still {
    fn report(&self, _: &str, _: &str, _: &str) {}
}

/// Every topic is there, with four partitions.
struct Four;

impl Topics for Four {
    fn partitions(&self, _: &str) -> Option<u32> {
        Some(4)
    }
}

/// What plans statements.
pub fn planner() -> Planner {
    Planner { registry: Arc::new(Registry::standard()), world: Arc::new(Still), log: Arc::new(Still) }
}

/// A state that knows the sources.
pub fn declared(context: &Context<'_>, session: &mut Session) -> Result<State> {
    let mut state = State::default();
    for text in DECLARED {
        execute(&mut state, context, session, text)?;
    }
    Ok(state)
}

pub fn context() -> Context<'static> {
    Context { planner: planner(), topics: &Four }
}

pub fn session() -> Session {
    Session::new(Settings::new([("auto.offset.reset", "earliest")]))
}

pub fn execute(
    state: &mut State,
    context: &Context<'_>,
    session: &mut Session,
    text: &str,
) -> Result<Executed> {
    let statement = parse_statement(text).map_err(|error| anyhow!("{error}"))?;
    state.execute(context, session, text, &statement).map_err(|error| anyhow!("{text}: {error}"))
}

impl Service {
    pub fn open(&self, dir: &Path) -> Result<Node> {
        let config = Config { data_dir: dir.to_owned(), ..Config::default() };
        Ok(Node::open_with(config, Arc::new(self.clone()))?)
    }

    /// The plan of a statement that starts a query.
    pub fn plan(&self, text: &str) -> Result<Plan> {
        let (context, mut session) = (context(), session());
        let mut state = declared(&context, &mut session)?;
        let Executed::Changed(change) = execute(&mut state, &context, &mut session, text)? else {
            bail!("{text} changes nothing")
        };
        let plan = change.effects.iter().find_map(|effect| match effect {
            Effect::Start(query) => Some(query.plan.topology.clone()),
            _ => None,
        });
        plan.context("no query is started")
    }

    /// Starts a query, and waits until it runs.
    pub fn start(&self, node: &Node, plan: Plan) -> Result<()> {
        let id = plan.name().to_string();
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), plan);
        let statement = SqlStatement { text: id, ..SqlStatement::default() };
        node.execute_sql(|_| Ok::<_, String>(statement.clone())).map_err(|error| anyhow!("{error:?}"))?;
        Ok(())
    }

    /// Writes the records of the stream, and the rows of the table.
    pub fn load(&self, node: &Node, records: u64) -> Result<()> {
        let topics = node.topics();
        for name in ["flights", "carriers", "LATE", "NAMED", "TOTALS", "late", "named", "totals"] {
            topics.create(&TopicName::new(name)?, 4, None, &BTreeMap::new())?;
        }
        let batch = |records: Vec<NewRecord>| -> Result<()> {
            for written in topics.produce_all(records, Duration::from_mins(1)) {
                written?;
            }
            Ok(())
        };
        batch(
            (0..20)
                .map(|carrier| record("carriers", carrier, format!("{{\"NAME\":\"Carrier {carrier}\"}}")))
                .collect::<Result<_>>()?,
        )?;
        let mut number = 0;
        while number < records {
            let end = (number + 10_000).min(records);
            let some = (number..end).map(|id| {
                let (origin, delay) = (id * 7 % 300, id * 31 % 60);
                let value = format!(
                    "{{\"ID\":{id},\"ORIGIN\":\"A{origin}\",\"DELAY\":{delay},\"NOTE\":\"some text that nobody asks for {id}\"}}"
                );
                record("flights", id % 20, value)
            });
            batch(some.collect::<Result<_>>()?)?;
            number = end;
        }
        Ok(())
    }
}

/// Carriers lie where their keys do, in both topics.
fn record(topic: &str, carrier: u64, value: String) -> Result<NewRecord> {
    Ok(NewRecord {
        topic: TopicName::new(topic)?,
        partition: None::<PartitionId>,
        key: Some(format!("C{carrier}").into()),
        value: Some(value.into()),
        timestamp: Timestamp(1_000),
        headers: Vec::new(),
    })
}
