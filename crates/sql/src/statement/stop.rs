//! `TERMINATE`, `PAUSE` and `RESUME`.
use std::sync::Arc;

use lentic_sql_syntax::ast::QueryTarget;

use super::{Action, Effect, Executed, PersistentQuery, State, Subject};
use crate::Refusal;
use lentic_sql_syntax::nearest;

impl State {
    pub(super) fn terminate(&mut self, target: &QueryTarget) -> Result<Executed, Refusal> {
        let command = (Subject::Terminate, entity(target), Action::Execute);
        if let QueryTarget::One(name) = target
            && let Some((source, plan)) = self.kept_by(&name.text)
        {
            if source.is_read_only() {
                let id = &plan.id;
                let text = format!("Cannot terminate query '{id}' because it is linked to a source table.");
                return Err(Refusal::new(text).at(name.at.0));
            }
            let table = Arc::clone(&source.name);
            let effects = self.forget_rows(&table).into_iter().collect();
            return Ok(Executed::changed(command, "Query terminated.", None, effects));
        }
        let ids = self.targets(target)?;
        for id in &ids {
            self.queries.remove(id);
        }
        let effects = ids.into_iter().map(Effect::Stop).collect();
        Ok(Executed::changed(command, "Query terminated.", None, effects))
    }

    pub(super) fn pause(&mut self, target: &QueryTarget, is_paused: bool) -> Result<Executed, Refusal> {
        let ids = self.paused_targets(target)?;
        for id in &ids {
            if let Some(query) = self.queries.get_mut(id) {
                *query = Arc::new(PersistentQuery { is_paused, ..(**query).clone() });
            }
        }
        let (subject, message, effect): (_, _, fn(Arc<str>) -> Effect) = if is_paused {
            (Subject::Pause, "Query paused.", Effect::Pause)
        } else {
            (Subject::Resume, "Query resumed.", Effect::Resume)
        };
        let effects = ids.into_iter().map(effect).collect();
        Ok(Executed::changed((subject, entity(target), Action::Execute), message, None, effects))
    }

    /// Those that keep the rows of declared tables can stand still, too.
    fn paused_targets(&self, target: &QueryTarget) -> Result<Vec<Arc<str>>, Refusal> {
        let kept = match target {
            QueryTarget::All => self.kept.values().map(|plan| Arc::clone(&plan.id)).collect(),
            QueryTarget::One(name) => match self.kept_by(&name.text) {
                Some((_, plan)) => return Ok(vec![Arc::clone(&plan.id)]),
                None => Vec::new(),
            },
        };
        Ok([self.targets(target)?, kept].concat())
    }

    fn targets(&self, target: &QueryTarget) -> Result<Vec<Arc<str>>, Refusal> {
        let name = match target {
            QueryTarget::All => return Ok(self.queries.keys().cloned().collect()),
            QueryTarget::One(name) => name,
        };
        // Ids are in upper case, however they are written.
        let found = self.queries.get(&*name.text).or_else(|| self.queries.get(&*name.text.to_uppercase()));
        match found {
            Some(query) => Ok(vec![Arc::clone(&query.id)]),
            None => {
                let text = format!("Unknown queryId: {}", name.text);
                Err(Refusal::new(text).at(name.at.0).near(self.near_query(&name.text)))
            }
        }
    }

    /// The query that may have been meant.
    pub(super) fn near_query(&self, wanted: &str) -> Option<&str> {
        let kept = self.kept.values().map(|plan| &*plan.id);
        nearest(wanted, self.queries.keys().map(|id| &**id).chain(kept))
    }
}

fn entity(target: &QueryTarget) -> String {
    match target {
        QueryTarget::All => "ALL".to_owned(),
        QueryTarget::One(name) => name.text.to_uppercase(),
    }
}
