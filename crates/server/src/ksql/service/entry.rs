//! A statement as it stands in the log, with what it came to when it was given: a later release has to come to the same.
use std::collections::BTreeMap;

use lentic::SqlStatement;
use lentic_sql::plan::QueryPlan;
use lentic_sql::settings::Settings;
use lentic_sql::statement::{Effect, Session};

/// The columns of the query's result.
const SCHEMA: &str = "schema";
/// Its topology, as it is printed.
const TOPOLOGY: &str = "topology";

/// The entry of a statement that was tried, with what it changed.
pub(super) fn entry(text: &str, session: &Session, effects: &[Effect]) -> SqlStatement {
    let names = planned(effects).map(names).unwrap_or_default();
    SqlStatement { text: text.to_owned(), settings: session.settings.given().clone(), names }
}

/// The session that a statement was given in; its variables are in the text already.
pub(super) fn session(statement: &SqlStatement) -> Session {
    Session::new(Settings::new(statement.settings.clone()))
}

/// What is other than it was when the statement was given, line by line; nothing if all is the same.
pub(super) fn difference(statement: &SqlStatement, effects: &[Effect]) -> Vec<String> {
    let Some(query) = planned(effects) else { return Vec::new() };
    let now = names(query);
    let mut lines = Vec::new();
    for (name, was) in &statement.names {
        let is = now.get(name).map_or("", String::as_str);
        if was != is {
            let gone = was.lines().filter(|line| !is.lines().any(|other| other == *line));
            lines.extend(gone.map(|line| format!("- {line}")));
            let new = is.lines().filter(|line| !was.lines().any(|other| other == *line));
            lines.extend(new.map(|line| format!("+ {line}")));
        }
    }
    lines
}

/// The plan of the query that a statement starts.
fn planned(effects: &[Effect]) -> Option<&QueryPlan> {
    effects.iter().find_map(|effect| match effect {
        Effect::Start(query) | Effect::Replace(query) => Some(&*query.plan),
        Effect::Materialize(plan) => Some(&**plan),
        _ => None,
    })
}

fn names(plan: &QueryPlan) -> BTreeMap<String, String> {
    let pairs = [(SCHEMA, plan.schema.to_string()), (TOPOLOGY, plan.topology.describe())];
    pairs.map(|(name, text)| (name.to_owned(), text)).into()
}
