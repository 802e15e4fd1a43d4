//! What an expression is evaluated over.
use crate::error::EvaluationError;
use crate::value::Value;

/// A row, the parameters of the lambdas around the expression, and a place for errors that do not end the evaluation.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub row: &'a [Value],
    pub parameters: Option<&'a Parameters<'a>>,
    pub report: &'a dyn Fn(EvaluationError),
}

/// The arguments of a lambda, and those of the lambdas around it.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a> {
    pub values: &'a [Value],
    pub outer: Option<&'a Parameters<'a>>,
}

/// What is read where a row or a lambda's arguments end.
pub(super) static NULL: Value = Value::Null;

impl<'a> Frame<'a> {
    /// The value of a column.
    pub fn column(&self, index: usize) -> &'a Value {
        self.row.get(index).unwrap_or(&NULL)
    }

    /// The value of a parameter of the lambda that is `depth` lambdas further out.
    pub fn parameter(&self, depth: usize, index: usize) -> &'a Value {
        let mut parameters = self.parameters;
        for _ in 0..depth {
            parameters = parameters.and_then(|inner| inner.outer);
        }
        parameters.and_then(|found| found.values.get(index)).unwrap_or(&NULL)
    }
}
