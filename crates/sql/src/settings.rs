//! The properties that decide what a statement means: ksqlDB's, by their names.
use std::collections::BTreeMap;

use crate::catalog::Defaults;
use crate::function;

/// Switches on what ksqlDB does not have, on the endpoints that are its own.
pub const EXTENSIONS: &str = "lentic.sql.extensions";

/// What the properties of a service, of a session and of a request come to.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// As they were given: a later one hides an earlier one.
    given: BTreeMap<String, String>,
}

impl Settings {
    /// With these properties, by name.
    pub fn new<K: Into<String>, V: Into<String>>(given: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { given: given.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// What was given for a property.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// All that was given.
    pub fn given(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    /// Gives a property, `SET`.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.given.insert(name.into(), value.into());
    }

    /// Takes one back, `UNSET`.
    pub fn unset(&mut self, name: &str) {
        self.given.remove(name);
    }

    /// A switch.
    pub fn is_on(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// What stands in for the properties that a `WITH` leaves out.
    pub fn defaults(&self) -> Defaults {
        let standard = Defaults::default();
        let format = |name| self.get(name).filter(|value| !value.is_empty()).map(str::to_uppercase);
        Defaults {
            key_format: format("ksql.persistence.default.format.key").unwrap_or(standard.key_format),
            value_format: format("ksql.persistence.default.format.value"),
            wraps_single_values: self
                .is_on("ksql.persistence.wrap.single.values", standard.wraps_single_values),
        }
    }

    /// The bounds of aggregates.
    pub fn aggregates(&self) -> function::Settings {
        let standard = function::Settings::default();
        let limit = |name, default| self.get(name).and_then(|value| value.parse().ok()).unwrap_or(default);
        function::Settings {
            collect_list_limit: limit("ksql.functions.collect_list.limit", standard.collect_list_limit),
            collect_set_limit: limit("ksql.functions.collect_set.limit", standard.collect_set_limit),
        }
    }
}
