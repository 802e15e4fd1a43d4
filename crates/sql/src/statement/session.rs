//! What holds for the statements that follow in a session or a request.
use std::borrow::Cow;
use std::collections::BTreeMap;

use lentic_sql_syntax::SyntaxError;
use lentic_sql_syntax::ast::{Define, Setting};

use super::{Action, Executed, State, Subject};
use crate::Refusal;
use crate::settings::Settings;

impl State {
    /// Which properties may be given, and with which values, is the caller's to know.
    pub(super) fn alter_system(&mut self, setting: &Setting) -> Executed {
        let Setting { name, value } = setting;
        self.system.insert(name.clone(), value.clone());
        let message = format!("System property {name} was set to {value}.");
        Executed::changed((Subject::Cluster, name.clone(), Action::Alter), message, None, Vec::new())
    }
}

/// Properties and variables.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What `SET` changes.
    pub settings: Settings,
    /// What `DEFINE` changes, by name in upper case.
    variables: BTreeMap<String, String>,
}

impl Session {
    /// With these properties and no variables.
    pub fn new(settings: Settings) -> Self {
        Self { settings, variables: BTreeMap::new() }
    }

    /// The variables, by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Gives a variable its value; case does not count in its name.
    pub fn define(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_uppercase(), value.into());
    }

    /// A statement's text with the variables replaced, unless `ksql.variable.substitution.enable` is off.
    pub fn substitute<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, SyntaxError> {
        if !self.settings.is_on("ksql.variable.substitution.enable", true) {
            return Ok(Cow::Borrowed(text));
        }
        lentic_sql_syntax::substitute(text, |name| self.variables.get(name).map(String::as_str))
    }

    pub(super) fn set(&mut self, setting: &Setting) {
        self.settings.set(setting.name.as_str(), setting.value.as_str());
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.settings.unset(name);
    }

    pub(super) fn define_as(&mut self, define: &Define) {
        self.define(&define.name, define.value.as_str());
    }

    pub(super) fn undefine(&mut self, name: &str) -> Result<(), Refusal> {
        match self.variables.remove(&name.to_uppercase()) {
            Some(_) => Ok(()),
            None => Err(Refusal::new(format!("Cannot undefine variable '{name}' which was never defined"))),
        }
    }
}
