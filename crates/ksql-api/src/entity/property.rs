//! Properties and variables.
use serde::{Deserialize, Serialize};

/// `LIST PROPERTIES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PropertyList {
    /// All of them.
    pub properties: Vec<Setting>,
    /// The names of those that the request set.
    pub overwritten_properties: Vec<String>,
    /// The names of those that nobody set.
    pub default_properties: Vec<String>,
}

/// A property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Whose it is: `KSQL`, `KAFKA`, ...
    pub scope: String,
    /// Its value; none if it has none.
    pub value: Option<String>,
    /// Whether `SET` or `ALTER SYSTEM` may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub editable: Option<bool>,
    /// `SERVER` or `QUERY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
}

/// `LIST VARIABLES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariableList {
    /// The variables.
    pub variables: Vec<Variable>,
}

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
