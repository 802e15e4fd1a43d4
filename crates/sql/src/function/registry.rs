//! The functions by name.
use std::collections::BTreeMap;
use std::fmt;

use super::{AggregateFunction, Function, TableFunction, aggregate, table};
use lentic_sql_syntax::nearest;

/// All functions that statements may name. Names are found in any case.
#[derive(Debug, Default)]
pub struct Registry {
    scalars: BTreeMap<String, Function>,
    aggregates: BTreeMap<String, AggregateFunction>,
    tables: BTreeMap<String, TableFunction>,
}

/// A name that no function has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFunction {
    /// The name, as it was written.
    pub name: String,
    /// A name that there is and that looks like it.
    pub near: Option<String>,
}

impl fmt::Display for UnknownFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Can't find any functions with the name '{}'", self.name)?;
        self.near.as_ref().map_or(Ok(()), |near| write!(f, ". Did you mean '{near}'?"))
    }
}

impl std::error::Error for UnknownFunction {}

impl Registry {
    /// With all of ksqlDB's functions.
    pub fn standard() -> Self {
        let mut registry = Self::default();
        for function in super::standard() {
            registry.add_scalar(function);
        }
        for function in aggregate::functions() {
            registry.add_aggregate(function);
        }
        for function in table::functions() {
            registry.add_table(function);
        }
        registry
    }

    /// Adds a scalar function; one of the same name is replaced.
    pub fn add_scalar(&mut self, function: Function) {
        self.scalars.insert(function.name().to_ascii_uppercase(), function);
    }

    /// The scalar function of this name.
    pub fn scalar(&self, name: &str) -> Result<&Function, UnknownFunction> {
        self.scalars.get(&name.to_ascii_uppercase()).ok_or_else(|| self.unknown(name))
    }

    /// All scalar functions, by name.
    pub fn scalars(&self) -> impl Iterator<Item = &Function> {
        self.scalars.values()
    }

    /// Adds an aggregate; one of the same name is replaced.
    pub fn add_aggregate(&mut self, function: AggregateFunction) {
        self.aggregates.insert(function.name().to_ascii_uppercase(), function);
    }

    /// The aggregate of this name.
    pub fn aggregate(&self, name: &str) -> Result<&AggregateFunction, UnknownFunction> {
        self.aggregates.get(&name.to_ascii_uppercase()).ok_or_else(|| self.unknown(name))
    }

    /// Whether there is an aggregate of this name.
    pub fn is_aggregate(&self, name: &str) -> bool {
        self.aggregates.contains_key(&name.to_ascii_uppercase())
    }

    /// All aggregates, by name.
    pub fn aggregates(&self) -> impl Iterator<Item = &AggregateFunction> {
        self.aggregates.values()
    }

    /// Adds a table function; one of the same name is replaced.
    pub fn add_table(&mut self, function: TableFunction) {
        self.tables.insert(function.name().to_ascii_uppercase(), function);
    }

    /// The table function of this name.
    pub fn table(&self, name: &str) -> Result<&TableFunction, UnknownFunction> {
        self.tables.get(&name.to_ascii_uppercase()).ok_or_else(|| self.unknown(name))
    }

    /// Whether there is a table function of this name.
    pub fn is_table(&self, name: &str) -> bool {
        self.tables.contains_key(&name.to_ascii_uppercase())
    }

    /// All table functions, by name.
    pub fn tables(&self) -> impl Iterator<Item = &TableFunction> {
        self.tables.values()
    }

    /// The error for a name that is of no kind of function.
    pub fn unknown(&self, name: &str) -> UnknownFunction {
        UnknownFunction { name: name.to_owned(), near: nearest(name, self.names()).map(str::to_owned) }
    }

    /// The names of all functions, in upper case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.scalars.keys().chain(self.aggregates.keys()).chain(self.tables.keys()).map(String::as_str)
    }
}
