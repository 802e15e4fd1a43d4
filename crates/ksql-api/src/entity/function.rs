//! Functions.
use serde::{Deserialize, Serialize};

/// `LIST FUNCTIONS`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionList {
    /// The functions.
    pub functions: Vec<Function>,
}

/// A function in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// `SCALAR`, `AGGREGATE` or `TABLE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about: `STRING`, `DATE / TIME`, ...
    #[serde(skip_serializing_if = "String::is_empty")]
    pub category: String,
}

/// `DESCRIBE FUNCTION`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionDescription {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Who made it.
    pub author: String,
    /// Its version.
    pub version: String,
    /// Where it came from: `internal`.
    pub path: String,
    /// What it takes and gives.
    pub functions: Vec<FunctionVariant>,
    /// `SCALAR`, `AGGREGATE` or `TABLE`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// One way of calling a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FunctionVariant {
    /// What it takes.
    pub arguments: Vec<Argument>,
    /// The type of what it gives.
    pub return_type: String,
    /// What it does.
    pub description: String,
}

/// What a function takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it means.
    pub description: String,
    /// Whether there may be any number of it.
    pub is_variadic: bool,
}
