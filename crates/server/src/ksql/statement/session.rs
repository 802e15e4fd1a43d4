//! The session of a request: its properties and variables over those of the service.
use lentic_ksql_api::{ErrorBody, ErrorCode, Properties};
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
    let mut settings = ksql.settings().clone();
    for (name, value) in properties {
        check_property(name)?;
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

/// Whether a request may give a property.
pub(crate) fn check_property(name: &str) -> Result<(), ErrorBody> {
    let refused = |message: String| Err(ErrorBody::new(ErrorCode::BAD_REQUEST, message));
    if !property::is_known(name) {
        return refused(format!(
            "Not recognizable as ksql, streams, consumer, or producer property: '{name}'"
        ));
    }
    if property::is_fixed(name) {
        return refused(format!("Cannot override property '{name}'"));
    }
    Ok(())
}

/// A value as a property's text; none: it is taken back.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
