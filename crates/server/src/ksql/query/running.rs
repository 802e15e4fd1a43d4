//! The queries whose rows go to clients of this node.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lentic::Transient;

/// Those that run, by id; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<BTreeMap<String, One>>>);

/// One of them.
struct One {
    statement: String,
    /// Whoever the rows go to holds the query: it ends with that, not with this list, which its own sink has a place in.
    transient: Weak<Transient>,
    is_closed: bool,
}

/// One's place among them; dropping it takes it out.
pub(crate) struct Place {
    running: Running,
    id: String,
}

impl Running {
    /// A query begins.
    pub(crate) fn enter(&self, id: &str, statement: &str) -> Place {
        let one = One { statement: statement.to_owned(), transient: Weak::new(), is_closed: false };
        self.all().insert(id.to_owned(), one);
        Place { running: self.clone(), id: id.to_owned() }
    }

    /// Ends a query; false if there is none, or it is ending. Case does not count.
    pub(crate) fn close(&self, id: &str) -> bool {
        let mut all = self.all();
        let found = all.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(id));
        let Some((_, one)) = found else { return false };
        if std::mem::replace(&mut one.is_closed, true) {
            return false;
        }
        if let Some(transient) = one.transient.upgrade() {
            transient.stop();
        }
        true
    }

    /// Their ids and statements, without those that are ending.
    pub(crate) fn list(&self) -> Vec<(String, String)> {
        let all = self.all();
        let open = all.iter().filter(|(_, one)| !one.is_closed);
        open.map(|(id, one)| (id.clone(), one.statement.clone())).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// What ends it, where it is to be ended.
    pub(crate) fn runs_as(&self, transient: &Arc<Transient>) {
        if let Some(one) = self.running.all().get_mut(&self.id) {
            one.transient = Arc::downgrade(transient);
            if one.is_closed {
                transient.stop();
            }
        }
    }

    /// Whether somebody has ended it.
    pub(crate) fn is_closed(&self) -> bool {
        self.running.all().get(&self.id).is_none_or(|one| one.is_closed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.all().remove(&self.id);
    }
}
