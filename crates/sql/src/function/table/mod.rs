//! Table functions: functions that make several rows of one.
mod cube;
mod explode;

use std::fmt;

use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::resolve::{Candidate, Match, choose};
use super::{ArgumentType, CallError, Parameter, operand, signature};

/// A table function with its overloads.
#[derive(Debug)]
pub struct TableFunction {
    name: &'static str,
    about: &'static str,
    overloads: Vec<TableOverload>,
}

/// One list of parameters.
pub struct TableOverload {
    parameters: Vec<Parameter>,
    about: &'static str,
    returns: fn(&SqlType) -> Option<SqlType>,
    body: fn(&[Value]) -> Result<Vec<Value>>,
}

impl fmt::Debug for TableOverload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableOverload").field("parameters", &self.parameters).finish_non_exhaustive()
    }
}

impl Candidate for TableOverload {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

/// All table functions.
pub(super) fn functions() -> Vec<TableFunction> {
    vec![cube::function(), explode::function()]
}

impl TableFunction {
    /// A table function without overloads yet.
    pub fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, overloads: Vec::new() }
    }

    /// With an overload; `returns` makes the type of a row's value of the first argument's type.
    #[must_use]
    pub fn overload(
        mut self,
        parameters: &str,
        about: &'static str,
        returns: fn(&SqlType) -> Option<SqlType>,
        body: fn(&[Value]) -> Result<Vec<Value>>,
    ) -> Self {
        self.overloads.push(TableOverload {
            parameters: signature::parameters(parameters),
            about,
            returns,
            body,
        });
        self
    }

    /// With what the parameter of this name is.
    #[must_use]
    pub fn parameter(mut self, name: &str, about: &'static str) -> Self {
        let all = self.overloads.iter_mut().flat_map(|overload| &mut overload.parameters);
        signature::describe(all, name, about);
        self
    }

    /// Its name, as messages print it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it does.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Its overloads.
    pub fn overloads(&self) -> &[TableOverload] {
        &self.overloads
    }

    /// Chooses the overload for arguments of these types.
    pub fn resolve(&self, arguments: &[ArgumentType]) -> Result<ResolvedTable<'_>, CallError> {
        let (overload, found) = choose(self.name, &self.overloads, arguments)?;
        Ok(ResolvedTable { overload, arguments: arguments.to_vec(), found })
    }
}

impl TableOverload {
    /// Its parameters.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What it does beyond the function's own text; may be empty.
    pub fn about(&self) -> &'static str {
        self.about
    }
}

/// A call of a table function whose overload is known.
#[derive(Debug)]
pub struct ResolvedTable<'a> {
    overload: &'a TableOverload,
    arguments: Vec<ArgumentType>,
    found: Match,
}

impl ResolvedTable<'_> {
    /// The type that each argument is to be coerced to; `None` for literal NULLs.
    pub fn targets(&self) -> Vec<Option<SqlType>> {
        self.found.targets(&self.overload.parameters, &self.arguments)
    }

    /// The type of the value in each row.
    pub fn returns(&self) -> Result<SqlType, CallError> {
        let first = self.targets().into_iter().next().flatten();
        let returns = first.and_then(|kind| (self.overload.returns)(&kind));
        returns.ok_or_else(|| CallError::new(super::resolve::UNTYPED_NULL))
    }

    /// The values, one a row, for these arguments.
    pub fn rows(&self, arguments: &[Value]) -> Result<Vec<Value>> {
        (self.overload.body)(arguments)
    }

    /// What [`Self::rows`] calls, for those who keep it.
    pub fn body(&self) -> fn(&[Value]) -> Result<Vec<Value>> {
        self.overload.body
    }
}
