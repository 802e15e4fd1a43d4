//! An interpreter of a small language: each statement is a verb and the name of a query.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lentic::topology::{Plan, Topology};
use lentic::types::Offset;
use lentic::{Interpreter, QueryChange, QueryNotice, QuerySettings, QueryStart, SqlStatement};

/// Understands `count Q` (counts the words of `lines`), `recount Q` (the same plan with one more result), `fail Q` (fails on
/// lines while [`FAILS`]), `count-of Q T` (those of the topic T), `end Q`, `pause Q`, `resume Q`.
#[derive(Default)]
pub(crate) struct Script {
    /// What was applied.
    pub(crate) applied: Mutex<Vec<(Offset, String)>>,
    pub(crate) noticed: Mutex<Vec<String>>,
}

/// Whether the queries of `fail` do so.
pub(crate) static FAILS: AtomicBool = AtomicBool::new(true);

impl Script {
    pub(crate) fn shared() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.applied.lock().expect("applied").iter().map(|(_, text)| text.clone()).collect()
    }
}

impl Interpreter for Script {
    fn apply(&self, statement: &SqlStatement, offset: Offset) -> Vec<QueryChange> {
        self.applied.lock().expect("applied").push((offset, statement.text.clone()));
        let (verb, query) = statement.text.split_once(' ').expect("a verb and a name");
        vec![match verb {
            "count" => QueryChange::Start(start(counted(query, false))),
            "count-of" => {
                let (query, lines) = query.split_once(' ').expect("a name and a topic");
                QueryChange::Start(start(counted_of(query, lines, false)))
            }
            "recount" => QueryChange::Replace(start(counted(query, true))),
            "fail" => QueryChange::Start(start(failing(query))),
            "end" => QueryChange::Stop(query.to_owned()),
            "pause" => QueryChange::Pause(query.to_owned()),
            "resume" => QueryChange::Resume(query.to_owned()),
            _ => return Vec::new(),
        }]
    }

    fn noticed(&self, query: &str, notice: &QueryNotice<'_>) {
        self.noticed.lock().expect("noticed").push(format!("{query}: {notice:?}"));
    }
}

pub(crate) fn statement(text: &str) -> SqlStatement {
    SqlStatement { text: text.to_owned(), ..SqlStatement::default() }
}

fn start(plan: Plan) -> QueryStart {
    let retry_initial = Duration::from_millis(300);
    let settings = QuerySettings { retry_initial, ..QuerySettings::default() };
    QueryStart { plan, prefix: None, settings }
}

/// Counts words.
pub(crate) fn counted(query: &str, is_told: bool) -> Plan {
    counted_of(query, "lines", is_told)
}

fn counted_of(query: &str, lines: &str, is_told: bool) -> Plan {
    let topology = Topology::new(query);
    let counts = topology
        .stream::<String, String>(lines)
        .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .group_by(|_, word| word.clone())
        .count("counts");
    if is_told {
        counts.to_stream().map_values(i64::to_string).to("told");
    }
    topology.build().expect("a plan")
}

fn failing(query: &str) -> Plan {
    let topology = Topology::new(query);
    topology
        .stream::<String, String>("lines")
        .try_map_values(
            |line| if FAILS.load(Ordering::Acquire) { Err("it has to fail") } else { Ok(line.clone()) },
        )
        .group_by_key()
        .count("counts");
    topology.build().expect("a plan")
}
