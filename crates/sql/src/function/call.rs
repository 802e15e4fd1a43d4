//! A function at one place of a statement, ready to be called for every row.
use std::fmt;
use std::sync::Arc;

use crate::error::{EvaluationError, Result};
use crate::types::SqlType;
use crate::value::Value;

use super::{Body, IntervalUnit, World};

/// What a lambda is to the function that calls it.
pub type Lambda<'a> = dyn Fn(&[Value]) -> Result<Value> + 'a;

/// What a function with something prepared is called through.
pub type Evaluator = Box<dyn Fn(&[Value]) -> Result<Value> + Send + Sync>;

/// An argument, as far as it is known before there is a row.
#[derive(Clone, Debug, Default)]
pub struct Argument {
    /// Its type after coercion; `None` for a literal NULL, a lambda or a unit.
    pub kind: Option<SqlType>,
    /// Its value after coercion, if it is a constant.
    pub constant: Option<Value>,
    /// The unit, if it is one.
    pub unit: Option<IntervalUnit>,
}

/// The place of a call.
pub struct Site<'a> {
    /// The arguments, lambdas left out.
    pub arguments: &'a [Argument],
    /// The type of the result.
    pub returns: &'a SqlType,
    /// Clock and chance.
    pub world: &'a Arc<dyn World>,
}

/// A function at its place. Arguments come in the types that [`super::Resolved::targets`] names; a unit's place holds NULL.
pub struct Call {
    body: Prepared,
    strict: bool,
    /// Which argument is a unit, and so NULL without meaning it.
    unit: Option<usize>,
    returns: SqlType,
}

enum Prepared {
    Plain(fn(&[Value]) -> Result<Value>),
    Bound(Evaluator),
    Lambda(fn(&[Value], &[&Lambda<'_>]) -> Result<Value>),
    /// What could not be prepared, a malformed pattern say, is an error for every row.
    Failed(EvaluationError),
}

impl Call {
    pub(super) fn new(body: &Body, site: &Site<'_>) -> Self {
        let prepared = match body {
            Body::Strict(function) | Body::Lenient(function) => Prepared::Plain(*function),
            Body::BoundStrict(bind) | Body::Bound(bind) => {
                bind(site).map_or_else(Prepared::Failed, Prepared::Bound)
            }
            Body::Lambda(function) => Prepared::Lambda(*function),
        };
        let strict = matches!(body, Body::Strict(_) | Body::BoundStrict(_));
        let unit = site.arguments.iter().position(|argument| argument.unit.is_some());
        Self { body: prepared, strict, unit, returns: site.returns.clone() }
    }

    /// The type of the result.
    pub fn returns(&self) -> &SqlType {
        &self.returns
    }

    /// The result for these arguments.
    pub fn evaluate(&self, arguments: &[Value]) -> Result<Value> {
        self.evaluate_with(arguments, &[])
    }

    /// The result for these arguments and lambdas, which stand apart from them, in their order.
    pub fn evaluate_with(&self, arguments: &[Value], lambdas: &[&Lambda<'_>]) -> Result<Value> {
        if self.strict
            && arguments.iter().enumerate().any(|(at, value)| value.is_null() && self.unit != Some(at))
        {
            return Ok(Value::Null);
        }
        match &self.body {
            Prepared::Plain(function) => function(arguments),
            Prepared::Bound(evaluator) => evaluator(arguments),
            Prepared::Lambda(function) => function(arguments, lambdas),
            Prepared::Failed(error) => Err(error.clone()),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call -> {}", self.returns)
    }
}
