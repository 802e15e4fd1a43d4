//! Plans of queries by key, kept for those that ask the same of another key.
use std::collections::HashMap;
use std::hash::{Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use lentic::Node;
use lentic_ksql_api::ErrorBody;
use lentic_sql::plan::pull::TablePull;
use lentic_sql::statement::State;
use lentic_sql_syntax::Cut;
use rustc_hash::{FxBuildHasher, FxHasher};

use super::{Columns, Pulled};
use crate::catalog::Entry;
use crate::ksql::{Ksql, Rights};
use crate::security::Access;

/// So many plans are kept; with more kinds of queries than that all are planned anew now and then.
const MOST: usize = 1_000;

/// A text of which nothing but itself decides what it means: its properties and variables are those of the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    text: &'a str,
    dialect: Dialect,
}

impl<'a> Question<'a> {
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text: text.trim(), dialect }
    }
}

/// Whose rules a text follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    /// ksqlDB's, and what a service's properties add to them.
    Ksqldb,
    /// Those of `/v1/sql`.
    Extended,
}

/// Plans of a state.
#[derive(Default)]
pub(crate) struct Plans {
    /// By a hash of the text around the key.
    kept: RwLock<HashMap<u64, Arc<Prepared>, FxBuildHasher>>,
    used: AtomicU64,
}

/// A plan that holds for each key.
pub(crate) struct Prepared {
    dialect: Dialect,
    before: Box<str>,
    after: Box<str>,
    /// What it was planned for: with any other state it says nothing.
    state: Arc<State>,
    /// The name that who asks must have the right to read.
    source: Box<str>,
    pub(super) pull: Arc<TablePull>,
    pub(super) columns: Columns,
    pub(super) store: Arc<Entry>,
}

impl Plans {
    /// How often one was used again.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn get(&self, hash: u64) -> Option<Arc<Prepared>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned()
    }

    fn put(&self, hash: u64, prepared: Prepared) {
        let mut plans = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= MOST || plans.values().any(|other| !Arc::ptr_eq(&other.state, &prepared.state)) {
            plans.clear();
        }
        plans.insert(hash, Arc::new(prepared));
    }
}

impl Prepared {
    fn is_of(&self, dialect: Dialect, cut: &Cut<'_>) -> bool {
        self.dialect == dialect && *self.before == *cut.before && *self.after == *cut.after
    }
}

/// A question with the plan that answers it, and its key's bytes.
pub(crate) struct Known {
    pub(super) prepared: Arc<Prepared>,
    pub(super) key: Vec<u8>,
}

impl Known {
    /// The same as if it had just been planned.
    pub(crate) fn into_pulled(self, id: String) -> Pulled {
        let Prepared { pull, columns, .. } = &*self.prepared;
        Pulled { id, pull: Arc::clone(pull), columns: columns.clone(), key: Some(self.key) }
    }
}

impl Ksql {
    /// The plan for a question, if one like it was planned for the state as it is. An error: who asks may not read it.
    pub(crate) fn prepared(
        &self,
        question: Question<'_>,
        rights: &Rights,
    ) -> Result<Option<Known>, ErrorBody> {
        let Some(cut) = Cut::of(question.text) else { return Ok(None) };
        let Some(prepared) = self.plans.get(hash(question.dialect, &cut)) else { return Ok(None) };
        if !prepared.is_of(question.dialect, &cut) || !self.is_at(&prepared.state) {
            return Ok(None);
        }
        rights.may(Access::Read, &prepared.source)?;
        let Some(key) = prepared.pull.key_of(&cut) else { return Ok(None) };
        if prepared.store.table.is_closed() {
            return Ok(None);
        }
        self.plans.used.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Known { prepared, key }))
    }

    /// Keeps a plan, if it holds for other keys, too. `planned` is the text that it was made of: the question's, ended.
    pub(super) fn keep_plan(
        &self,
        question: Question<'_>,
        planned: &str,
        (state, source): (&Arc<State>, &str),
        pulled: &Pulled,
        node: &Node,
    ) {
        // What stands where is known of the planned text: the asked one is to begin with the same.
        let Some(cut) = Cut::of(question.text) else { return };
        if !planned.starts_with(question.text) || !pulled.pull.is_open_at(&cut) {
            return;
        }
        let Some(store) = node.store(pulled.pull.query(), pulled.pull.store()) else { return };
        let prepared = Prepared {
            dialect: question.dialect,
            before: cut.before.into(),
            after: cut.after.into(),
            state: Arc::clone(state),
            source: source.into(),
            pull: Arc::clone(&pulled.pull),
            columns: pulled.columns.clone(),
            store: Arc::new(Entry::of_store(store)),
        };
        self.plans.put(hash(question.dialect, &cut), prepared);
    }
}

fn hash(dialect: Dialect, cut: &Cut<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    (dialect, cut.before, cut.after).hash(&mut hasher);
    hasher.finish()
}
