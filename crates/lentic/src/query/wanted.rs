//! What the statements of SQL say of a query.
use std::collections::BTreeMap;

use lentic_topology::Plan;
use lentic_types::Offset;

use super::{QueryError, QueryRecord, QuerySettings};
use crate::sql::QueryStart;

/// A query that is to run.
pub(super) struct Wanted {
    /// Its parts are named as they were when it began, so that their tasks go on where they were.
    pub(super) plan: Plan,
    pub(super) prefix: Option<String>,
    pub(super) settings: QuerySettings,
    /// The offset of the statement that created it.
    pub(super) created: Offset,
    /// By part: the names under which its tasks left positions, its own first.
    pub(super) former: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    /// One that begins.
    pub(super) fn new(start: QueryStart, created: Offset) -> Self {
        let QueryStart { plan, prefix, settings } = start;
        let former = own_names(&plan);
        Self { plan, prefix, settings, created, former }
    }

    /// One that goes on as another plan. The same on every node, whatever topics there are: only plans are compared.
    pub(super) fn replaced(&self, start: QueryStart) -> Result<Self, QueryError> {
        let (plan, former) = self.continued(&start.plan)?;
        let QueryStart { prefix, settings, .. } = start;
        let prefix = prefix.or_else(|| self.prefix.clone());
        Ok(Self { plan, prefix, settings, created: self.created, former })
    }

    /// The plan with the names of its parts as they go on. `Err`: state would be lost.
    pub(super) fn continued(&self, next: &Plan) -> Result<(Plan, BTreeMap<String, Vec<String>>), QueryError> {
        let none = BTreeMap::new();
        super::start::continued(&QueryRecord::of(&self.plan, &none), next, &none)
    }
}

/// Each part's own name alone.
fn own_names(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let names = plan.subtopologies().iter().map(|part| part.name.to_string());
    names.map(|name| (name.clone(), vec![name])).collect()
}
