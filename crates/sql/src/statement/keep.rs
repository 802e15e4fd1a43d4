//! The rows of declared tables, kept so that they can be read.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Name, SourceKind};

use super::source::{command, find};
use super::{Action, Context, Effect, Executed, QueryDescription, QuerySummary, State};
use crate::Refusal;
use crate::catalog::{Origin, Source};
use crate::plan::{Planner, QueryPlan, View};
use crate::settings::Settings;

impl State {
    /// How the rows of a table are read: the id of the query that keeps them, and the way to them there. `None`: nobody keeps
    /// them, or without `extensions` they are not to be read, as in ksqlDB.
    pub fn view(&self, table: &str, extensions: bool) -> Option<(Arc<str>, Arc<View>)> {
        let made = self.queries.values().find(|query| query.creates(table)).map(|query| &query.plan);
        let kept = || {
            let is_readable = extensions || self.catalog.source(table)?.is_read_only();
            self.kept.get(table).filter(|_| is_readable)
        };
        let plan = made.or_else(kept)?;
        Some((Arc::clone(&plan.id), Arc::clone(plan.view.as_ref()?)))
    }

    /// How the rows of a table would be read once they are kept. `None`: they can't be, or they are already.
    pub fn view_to_be(&self, planner: &Planner, table: &str) -> Option<(Arc<str>, Arc<View>)> {
        let source = self.catalog.source(table).filter(|source| is_keepable(source))?;
        if self.kept.contains_key(table) {
            return None;
        }
        let plan = planner.keep("kept", source).ok()?;
        Some((Arc::clone(&plan.id), plan.view?))
    }

    /// Has the rows of a declared table kept from here on: what a pull query of the table does that comes first.
    pub(super) fn keep_table(&mut self, context: &Context<'_>, name: &Name) -> Result<Executed, Refusal> {
        let source = Arc::clone(find(&self.catalog, name)?);
        if !is_keepable(&source) {
            return Err(Refusal::new("A query answers with rows: send it to an endpoint that streams them."));
        }
        if self.kept.contains_key(&source.name) {
            return Ok(Executed::Skipped(format!("The rows of {} are kept already.", source.name)));
        }
        let plan = self.keep_rows(context, &source)?;
        let message = format!("Created query with ID {}", plan.id);
        let command = command(SourceKind::Table, name, Action::Execute);
        Ok(Executed::changed(command, message, Some(Arc::clone(&plan.id)), vec![Effect::Materialize(plan)]))
    }

    /// The query that keeps the rows of a declared table, and the topic that it reads.
    pub fn keeper(&self, table: &str) -> Option<(Arc<str>, &str)> {
        let (source, plan) = (self.catalog.source(table)?, self.kept.get(table)?);
        Some((Arc::clone(&plan.id), source.properties.topic.as_deref()?))
    }

    pub(super) fn keep_rows(
        &mut self,
        context: &Context<'_>,
        source: &Arc<Source>,
    ) -> Result<Arc<QueryPlan>, Refusal> {
        let id = format!("CST_{}_{}", source.name, self.take_number());
        let plan = Arc::new(context.planner.keep(&id, source)?);
        self.kept.insert(Arc::clone(&source.name), Arc::clone(&plan));
        Ok(plan)
    }

    /// The rows of a table are not kept any longer; another query of them keeps them again.
    pub(super) fn forget_rows(&mut self, table: &str) -> Option<Effect> {
        self.kept.remove(table).map(|plan| Effect::Forget(Arc::clone(&plan.id)))
    }

    /// What keeps the rows of a declared table, in a list.
    pub(super) fn kept_summary(&self, table: &str) -> Option<QuerySummary> {
        let (source, plan) = (self.catalog.source(table)?, self.kept.get(table)?);
        Some(QuerySummary { statement: Arc::clone(&source.statement), plan: Arc::clone(plan) })
    }

    /// And with all that is known of it.
    pub(super) fn kept_description(&self, table: &str) -> Option<QueryDescription> {
        let (source, plan) = (self.catalog.source(table)?, self.kept.get(table)?);
        let planned = QueryDescription::planned(plan, &source.statement, &Settings::default());
        Some(QueryDescription { id: Arc::clone(&plan.id), is_persistent: true, ..planned })
    }

    /// The declared table whose rows the query of this id keeps.
    pub(super) fn kept_by(&self, id: &str) -> Option<(&Arc<Source>, &Arc<QueryPlan>)> {
        let (table, plan) = self.kept.iter().find(|(_, plan)| plan.id.eq_ignore_ascii_case(id))?;
        Some((self.catalog.source(table)?, plan))
    }
}

/// Whether a table was declared over a topic: the rows of others are those of their queries.
fn is_keepable(source: &Source) -> bool {
    source.kind == SourceKind::Table && matches!(source.origin, Origin::Declared { .. })
}
