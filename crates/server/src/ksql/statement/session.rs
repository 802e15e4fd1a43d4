//! The session of a request: its properties and variables over those of the service.
use lentic_ksql_api::{ErrorBody, Properties};
use lentic_sql::statement::Session;
use serde_json::Value;

use crate::ksql::Ksql;
use crate::ksql::property;

/// A session with these properties and variables.
pub(crate) fn session(
    ksql: &Ksql,
    properties: &Properties,
    variables: &Properties,
) -> Result<Session, ErrorBody> {
    let mut settings = ksql.settings();
    for (name, value) in properties {
        property::check(name)?;
        match text(value) {
            Some(value) => settings.set(name.as_str(), value),
            None => settings.unset(name),
        }
    }
    let mut session = Session::new(settings);
    for (name, value) in variables {
        session.define(name, text(value).unwrap_or_default());
    }
    Ok(session)
}

/// A value as a property's text; none: it is taken back.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
