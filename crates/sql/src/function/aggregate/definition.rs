//! Aggregates as data, and what one has to do.
use std::fmt;

use crate::error::{EvaluationError, Result};
use crate::types::SqlType;
use crate::value::Value;

use super::super::resolve::{Candidate, Match, choose};
use super::{CallError, Parameter, signature};
use crate::function::ArgumentType;

/// An aggregate at one place of a statement. The state between rows is a SQL value of a known type, so that it can be stored
/// like any other.
pub trait Aggregate: Send + Sync {
    /// The type of the state.
    fn state(&self) -> SqlType;

    /// The type of the result.
    fn returns(&self) -> SqlType;

    /// The state before any row.
    fn initial(&self) -> Value;

    /// The state with one row more. `sequence` grows from row to row of a partition, as its offsets do.
    fn add(&self, state: Value, arguments: &[Value], sequence: i64) -> Result<Value>;

    /// Whether it goes by the sequence of rows; else it need not be known.
    fn uses_sequence(&self) -> bool {
        false
    }

    /// Whether rows can be taken back, which an aggregate over a table needs.
    fn can_undo(&self) -> bool {
        false
    }

    /// The state without a row that was added.
    fn undo(&self, _state: Value, _arguments: &[Value]) -> Result<Value> {
        Err(EvaluationError::new("this aggregate cannot take a row back"))
    }

    /// The state of two groups of rows, when two sessions become one; the rows of `left` are earlier in time.
    fn merge(&self, left: Value, right: Value) -> Result<Value>;

    /// The result of a state.
    fn result(&self, state: &Value) -> Result<Value>;
}

/// Bounds that a service sets for aggregates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most elements of COLLECT_LIST (`ksql.functions.collect_list.limit`).
    pub collect_list_limit: usize,
    /// The most elements of COLLECT_SET (`ksql.functions.collect_set.limit`).
    pub collect_set_limit: usize,
}

impl Default for Settings {
    /// As ksqlDB has them.
    fn default() -> Self {
        Self { collect_list_limit: 1000, collect_set_limit: 1000 }
    }
}

/// What an aggregate is made for.
pub struct AggregateSite<'a> {
    /// The types of the arguments after coercion, constants included.
    pub kinds: &'a [Option<SqlType>],
    /// The values of the constant arguments, in order.
    pub constants: &'a [Value],
    /// Bounds.
    pub settings: Settings,
}

type Make = fn(&AggregateSite<'_>) -> Result<Box<dyn Aggregate>, CallError>;

/// An aggregate function with its overloads.
#[derive(Debug)]
pub struct AggregateFunction {
    name: &'static str,
    about: &'static str,
    overloads: Vec<AggregateOverload>,
}

/// One list of parameters.
pub struct AggregateOverload {
    parameters: Vec<Parameter>,
    /// How many parameters at the end have to be literals.
    constants: usize,
    about: &'static str,
    make: Make,
}

impl fmt::Debug for AggregateOverload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateOverload").field("parameters", &self.parameters).finish_non_exhaustive()
    }
}

impl Candidate for AggregateOverload {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

impl AggregateFunction {
    /// An aggregate without overloads yet.
    pub fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, overloads: Vec::new() }
    }

    /// With an overload, of whose parameters the last `constants` take only literals.
    #[must_use]
    pub fn overload(mut self, parameters: &str, constants: usize, about: &'static str, make: Make) -> Self {
        self.overloads.push(AggregateOverload {
            parameters: signature::parameters(parameters),
            constants,
            about,
            make,
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
    pub fn overloads(&self) -> &[AggregateOverload] {
        &self.overloads
    }

    /// Chooses the overload for arguments of these types.
    pub fn resolve(&self, arguments: &[ArgumentType]) -> Result<ResolvedAggregate<'_>, CallError> {
        let (overload, found) = choose(self.name, &self.overloads, arguments)?;
        Ok(ResolvedAggregate { overload, arguments: arguments.to_vec(), found })
    }
}

impl AggregateOverload {
    /// Its parameters.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What it does beyond the function's own text; may be empty.
    pub fn about(&self) -> &'static str {
        self.about
    }
}

/// A call of an aggregate whose overload is known.
#[derive(Debug)]
pub struct ResolvedAggregate<'a> {
    overload: &'a AggregateOverload,
    arguments: Vec<ArgumentType>,
    found: Match,
}

impl ResolvedAggregate<'_> {
    /// The overload.
    pub fn overload(&self) -> &AggregateOverload {
        self.overload
    }

    /// The type that each argument is to be coerced to; `None` for literal NULLs.
    pub fn targets(&self) -> Vec<Option<SqlType>> {
        self.found.targets(&self.overload.parameters, &self.arguments)
    }

    /// From which argument on there must be literals; they are not passed for each row.
    pub fn first_constant(&self) -> usize {
        // A variadic parameter among them may stand for any number of arguments.
        self.found.first_of(self.overload.parameters.len() - self.overload.constants)
    }

    /// The aggregate at one place, with the values of its constants after coercion.
    pub fn bind(&self, constants: &[Value], settings: Settings) -> Result<Box<dyn Aggregate>, CallError> {
        (self.overload.make)(&AggregateSite { kinds: &self.targets(), constants, settings })
    }
}
