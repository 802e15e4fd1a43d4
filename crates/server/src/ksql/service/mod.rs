//! What a node knows of the service's SQL: the state that the statements of the log come to, and how each of them went.
mod apply;
mod change;
mod classifier;
mod entry;
mod incompatible;
mod journal;
mod processing;
mod settings;
mod topics;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lentic::types::Offset;
use lentic_sql::function::Registry;
use lentic_sql::plan::Planner;
use lentic_sql::settings::Settings;
use lentic_sql::statement::State;

pub(crate) use change::{ChangeError, Changed, wanted_topics};
pub(crate) use classifier::{PREFIX as CLASSIFIERS, check as check_classifier};
pub(crate) use incompatible::Incompatible;
pub(crate) use journal::Command;
pub(crate) use settings::query_settings;
pub(crate) use topics::LogTopics;

use super::query::{Plans, Running};
use journal::Journal;

/// SQL of a service on one node: give it to [`lentic::Node::open_with`] and to the server ([`crate::Options`]).
///
/// ```no_run
/// let ksql = lentic_server::Ksql::new("orders", [("auto.offset.reset", "earliest")]);
/// let node = lentic::Node::open_with(lentic::config::Config::default(), ksql.clone())?;
/// let options = lentic_server::Options { ksql: Some(ksql), ..Default::default() };
/// # Ok::<(), lentic::NodeError>(())
/// ```
pub struct Ksql {
    /// `ksql.service.id`
    service: String,
    /// Properties of all sessions, unless they say otherwise.
    settings: Settings,
    planner: Planner,
    known: Mutex<Known>,
    pub(crate) plans: Plans,
    /// Queries that keep the rows of declared tables, and have read all that their topics had.
    whole: Mutex<BTreeSet<String>>,
    /// Queries whose rows go to clients.
    pub(crate) running: Running,
    /// The processing log.
    lines: Arc<processing::Lines>,
}

/// What the statements so far come to.
#[derive(Default)]
struct Known {
    state: Arc<State>,
    /// Behind the last statement of the log that was applied.
    position: Offset,
    journal: Journal,
    incompatible: Vec<Incompatible>,
}

/// What the statements up to a position come to: a copy to try statements on.
pub(crate) struct Snapshot {
    pub(crate) state: State,
    pub(crate) position: Offset,
}

impl Ksql {
    /// Of the service of this id (`ksql.service.id`, part of the names of queries' own topics), with these properties
    /// (`ksql.*`, `auto.offset.reset`) for all statements that don't set them.
    pub fn new<K: Into<String>, V: Into<String>>(
        service: impl Into<String>,
        settings: impl IntoIterator<Item = (K, V)>,
    ) -> Arc<Self> {
        Self::with_functions(Registry::standard(), service, settings)
    }

    /// As a node's configuration says: its `service_id`, unless `ksql` names a `ksql.service.id`.
    ///
    /// # Errors
    /// A property that is none, with what is wrong.
    pub fn of(config: &lentic::config::Config) -> Result<Arc<Self>, String> {
        let mut settings = BTreeMap::new();
        for written in &config.ksql {
            let Some((name, value)) =
                written.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
            else {
                return Err(format!("ksql: {written:?} is no name=value"));
            };
            if !super::property::is_known(name) {
                return Err(format!(
                    "ksql: there is no property {name}; use ksqlDB's, as in ksql.streams.auto.offset.reset=earliest"
                ));
            }
            if name.starts_with(classifier::PREFIX) {
                classifier::check(name, value).map_err(|error| format!("ksql: {error}"))?;
            }
            settings.insert(name.to_owned(), value.to_owned());
        }
        let service = settings.remove("ksql.service.id").unwrap_or_else(|| config.service_id.clone());
        Ok(Self::new(service, settings))
    }

    /// The same with functions of the program's own.
    pub fn with_functions<K: Into<String>, V: Into<String>>(
        functions: impl Into<Arc<Registry>>,
        service: impl Into<String>,
        settings: impl IntoIterator<Item = (K, V)>,
    ) -> Arc<Self> {
        let (world, lines) = (Arc::new(world::Outside::default()), Arc::new(processing::Lines::default()));
        let log = Arc::new(processing::OfValues(Arc::clone(&lines), Arc::clone(&world)));
        Arc::new(Self {
            service: service.into(),
            settings: Settings::new(settings),
            planner: Planner { registry: functions.into(), world, log },
            known: Mutex::default(),
            plans: Plans::default(),
            whole: Mutex::default(),
            running: Running::default(),
            lines,
        })
    }

    /// `ksql.service.id`
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// What holds unless a session says otherwise: this node's, and over them those of the whole service.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = self.settings.clone();
        for (name, value) in self.known().state.system() {
            settings.set(name.as_str(), value.as_str());
        }
        settings
    }

    pub(crate) fn planner(&self) -> &Planner {
        &self.planner
    }

    /// The state as it is now.
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.known().state)
    }

    /// Whether a state is still the one as it is.
    pub(crate) fn is_at(&self, state: &Arc<State>) -> bool {
        Arc::ptr_eq(&self.known().state, state)
    }

    /// A copy of the state as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let known = self.known();
        let mut state = State::clone(&known.state);
        state.set_next_query(known.position.0);
        Snapshot { state, position: known.position }
    }

    /// How the statement of this offset went.
    pub(crate) fn outcome(&self, offset: Offset) -> Option<Command> {
        self.known().journal.at(offset).cloned()
    }

    /// How the last statement with this command id went.
    pub(crate) fn status(&self, command: &str) -> Option<Command> {
        self.known().journal.of(command)
    }

    /// The last statements by their command ids.
    pub(crate) fn statuses(&self) -> BTreeMap<String, Command> {
        self.known().journal.all()
    }

    /// What of the log this release can't go on with.
    pub(crate) fn incompatible(&self) -> Vec<Incompatible> {
        self.known().incompatible.clone()
    }

    /// The consumer group, and the beginning of the names of a query's own topics, as in ksqlDB.
    pub(crate) fn prefix(&self, query: &str) -> String {
        format!("_confluent-ksql-{}query_{query}", self.service)
    }

    /// Whether a query is known to have read all that its topic had.
    pub(crate) fn is_whole(&self, query: &str) -> bool {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).contains(query)
    }

    pub(crate) fn set_whole(&self, query: &str) {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).insert(query.to_owned());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Ksql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ksql").field("service", &self.service).finish_non_exhaustive()
    }
}
