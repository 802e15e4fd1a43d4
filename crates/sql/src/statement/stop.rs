//! `TERMINATE`, `PAUSE` and `RESUME`.
use std::sync::Arc;

use lentic_sql_syntax::ast::QueryTarget;

use super::{Action, Effect, Executed, PersistentQuery, State, Subject};
use crate::Refusal;

impl State {
    pub(super) fn terminate(&mut self, target: &QueryTarget) -> Result<Executed, Refusal> {
        let ids = self.targets(target)?;
        for id in &ids {
            self.queries.remove(id);
        }
        let effects = ids.into_iter().map(Effect::Stop).collect();
        let command = (Subject::Terminate, entity(target), Action::Execute);
        Ok(Executed::changed(command, "Query terminated.", None, effects))
    }

    pub(super) fn pause(&mut self, target: &QueryTarget, is_paused: bool) -> Result<Executed, Refusal> {
        let ids = self.targets(target)?;
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

    fn targets(&self, target: &QueryTarget) -> Result<Vec<Arc<str>>, Refusal> {
        let name = match target {
            QueryTarget::All => return Ok(self.queries.keys().cloned().collect()),
            QueryTarget::One(name) => name,
        };
        // Ids are in upper case, however they are written.
        let found = self.queries.get(&*name.text).or_else(|| self.queries.get(&*name.text.to_uppercase()));
        match found {
            Some(query) => Ok(vec![Arc::clone(&query.id)]),
            None => Err(Refusal::new(format!("Unknown queryId: {}", name.text)).at(name.at.0)),
        }
    }
}

fn entity(target: &QueryTarget) -> String {
    match target {
        QueryTarget::All => "ALL".to_owned(),
        QueryTarget::One(name) => name.text.to_uppercase(),
    }
}
