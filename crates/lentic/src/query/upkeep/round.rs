//! One round: for each query the steps that bring it to where it is wanted.
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use lentic_engine::log::{self, Topic};

use super::{Doomed, Entry, Run, Wanted};
use crate::node::Shared;
use crate::query::start::Launch;
use crate::query::{FailureKind, Query, QueryError};
use crate::table::Owner;
use crate::{RawTable, TableError};

/// Other nodes have to hear that a query has ended before its topics go.
const GRACE: Duration = Duration::from_secs(5);

/// Until a topic that could not be deleted is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// What a query needs next.
enum Step {
    /// Its tasks end, and its rows and topics go.
    End(Query, bool),
    /// Its tasks end; its stores stay for what follows.
    Halt(Query),
    /// It starts; the query before it kept its stores.
    Start(Arc<Wanted>, bool, Option<Query>),
    Pause(Query, bool),
}

impl Entry {
    fn step(&self, time: Instant) -> Option<Step> {
        let is_due = self.restart_at.is_none_or(|at| at <= time);
        match (&self.wanted, &self.run) {
            (None, None) => None,
            (None, Some(run)) => Some(Step::End(run.query.clone(), run.is_halted)),
            (Some(wanted), Some(run)) if wanted.created != run.wanted.created => {
                Some(Step::End(run.query.clone(), run.is_halted))
            }
            (Some(wanted), Some(run)) if !run.is_halted => {
                let is_other = !Arc::ptr_eq(wanted, &run.wanted);
                if is_other || (self.restart_at.is_some() && is_due) {
                    return Some(Step::Halt(run.query.clone()));
                }
                let is_so = run.query.is_paused() == self.is_paused;
                (!is_so).then(|| Step::Pause(run.query.clone(), self.is_paused))
            }
            (Some(wanted), run) => is_due.then(|| {
                let before = run.as_ref().map(|run| run.query.clone());
                Step::Start(Arc::clone(wanted), self.is_paused, before)
            }),
        }
    }
}

impl Shared {
    /// Brings all queries to where they are wanted, as far as that can be done now.
    pub(super) fn keep_queries_up(self: &Arc<Self>) {
        let names: Vec<_> = self.upkeep.entries().keys().cloned().collect();
        for name in names {
            while !self.is_stopping() && self.keep_up(&name) {}
        }
        self.delete_doomed();
    }

    /// One step; whether there may be another.
    fn keep_up(self: &Arc<Self>, name: &str) -> bool {
        let mut entries = self.upkeep.entries();
        let Some(entry) = entries.get(name) else { return false };
        if entry.wanted.is_none() && entry.run.is_none() {
            entries.remove(name);
            drop(entries);
            self.remove_remains(name);
            return false;
        }
        let Some(step) = entry.step(Instant::now()) else { return false };
        drop(entries);
        match step {
            Step::End(query, is_halted) => {
                if !is_halted {
                    self.stop(&query);
                }
                if let Err(error) = self.remove(&query) {
                    tracing::warn!(
                        query = name,
                        "it has ended, and its rows stay until the next start: {error}"
                    );
                }
                self.change_run(name, |entry| entry.run = None);
            }
            Step::Halt(query) => {
                self.stop(&query);
                self.change_run(name, |entry| {
                    entry.restart_at = None;
                    if let Some(run) = &mut entry.run {
                        run.is_halted = true;
                    }
                });
            }
            Step::Pause(query, is_paused) => self.pause(&query, is_paused),
            Step::Start(wanted, is_paused, before) => {
                return self.start_wanted(name, wanted, is_paused, before);
            }
        }
        true
    }

    fn change_run(&self, name: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.upkeep.entries().get_mut(name) {
            change(entry);
        }
        self.upkeep.changed.notify_all();
    }

    fn start_wanted(
        self: &Arc<Self>,
        name: &str,
        wanted: Arc<Wanted>,
        is_paused: bool,
        before: Option<Query>,
    ) -> bool {
        self.change_run(name, |entry| {
            entry.restart_at = None;
            entry.back_off.begin(Instant::now());
        });
        let launch = Launch {
            plan: wanted.plan.clone(),
            prefix: wanted.prefix.clone(),
            settings: wanted.settings.clone(),
            created: wanted.created,
            former: wanted.former.clone(),
            is_paused,
            is_of_program: false,
        };
        let prefix = launch.prefix.clone().unwrap_or_else(|| self.prefix_of(&launch.plan));
        let room = self.make_room(&format!("{prefix}-")).map_err(QueryError::from);
        match room.and_then(|()| self.launch(launch)) {
            Ok(query) => {
                if let Some(before) = before {
                    self.remove_stores_not_of(&before, &query);
                }
                self.change_run(name, |entry| {
                    entry.run = Some(Run { query, wanted, is_halted: false });
                });
                true
            }
            Err(QueryError::Closed) => false,
            Err(error) => {
                self.query_failed(name, FailureKind::of_start(&error), error.to_string());
                false
            }
        }
    }

    /// The rows of a query that has ended go, and in a while its topics.
    fn remove(&self, query: &Query) -> Result<(), TableError> {
        self.doom(query.inner.topics.own());
        let catalog = self.catalog();
        for table in query.inner.tables.values().chain(&query.inner.globals.0) {
            self.remove_store(&catalog, table)?;
        }
        Ok(())
    }

    /// A query that could never be started may have opened some of its stores.
    fn remove_remains(&self, name: &str) {
        let is_its = |table: &RawTable| {
            let is_part = matches!(table.owner(), Owner::Part { query, .. } if **query == *name);
            is_part && table.is_internal()
        };
        let catalog = self.catalog();
        for table in self.tables_here().iter().filter(|table| is_its(table)) {
            let topic = table.inner.topic.load();
            self.doom([&**topic].into_iter());
            if let Err(error) = self.remove_store(&catalog, table) {
                tracing::warn!(query = name, "rows of it stay until the next start: {error}");
            }
        }
    }

    /// Topics are deleted, where there are other nodes in a while.
    fn doom<'a>(&self, topics: impl Iterator<Item = &'a Topic>) {
        let at = if self.cluster.is_alone() { Instant::now() } else { Instant::now() + GRACE };
        let doomed = topics.map(|topic| Doomed { name: topic.name.clone(), id: topic.id, at });
        self.upkeep.doomed.lock().unwrap_or_else(PoisonError::into_inner).extend(doomed);
    }

    /// Stores that the next plan has no use for.
    fn remove_stores_not_of(&self, before: &Query, query: &Query) {
        let catalog = self.catalog();
        let inner = &query.inner;
        let kept: Vec<_> =
            inner.tables.values().chain(&inner.globals.0).map(|table| table.spec().name).collect();
        for table in before.inner.tables.values().chain(&before.inner.globals.0) {
            if !kept.contains(&table.spec().name)
                && let Err(error) = self.remove_store(&catalog, table)
            {
                tracing::warn!("rows of a store that is no more stay until the next start: {error}");
            }
        }
        let kept: Vec<_> = query.inner.topics.own().map(|topic| topic.name.clone()).collect();
        self.doom(before.inner.topics.own().filter(|topic| !kept.contains(&topic.name)));
    }

    fn delete_doomed(&self) {
        let time = Instant::now();
        self.delete_topics(|topic| topic.at <= time);
    }

    /// A query begins whose own topics are named like those of one that has ended: these go first. `Err`: one of them can't.
    fn make_room(&self, prefix: &str) -> Result<(), log::Error> {
        let is_in_the_way = |topic: &Doomed| topic.name.as_str().starts_with(prefix);
        self.delete_topics(is_in_the_way);
        let doomed = self.upkeep.doomed.lock().unwrap_or_else(PoisonError::into_inner);
        match doomed.iter().find(|topic| is_in_the_way(topic)) {
            Some(topic) => {
                let text =
                    format!("the topic {} of the query that it replaces can't be deleted yet", topic.name);
                Err(log::Error::Unavailable(text))
            }
            None => Ok(()),
        }
    }

    fn delete_topics(&self, is_due: impl Fn(&Doomed) -> bool) {
        let mut doomed = self.upkeep.doomed.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<_> = doomed.extract_if(.., |topic| is_due(topic)).collect();
        drop(doomed);
        for topic in due {
            // One of the same name that another query has made since is not meant.
            let outcome = match self.log.topic(&topic.name) {
                Ok(Some(found)) if found.id == topic.id => self.log.delete_topic(&topic.name),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => {}
                Err(error @ (log::Error::Refused(_) | log::Error::Closed)) => {
                    tracing::warn!(topic = %topic.name, "a topic of a query that has ended stays: {error}");
                }
                Err(error) => {
                    tracing::debug!(topic = %topic.name, "it is deleted later: {error}");
                    let later = Doomed { at: Instant::now() + RETRY, ..topic };
                    self.upkeep.doomed.lock().unwrap_or_else(PoisonError::into_inner).push(later);
                }
            }
        }
    }
}
