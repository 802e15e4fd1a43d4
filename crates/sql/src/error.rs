//! Why an expression has no value.
use std::borrow::Cow;
use std::fmt;

/// A value that could not be computed from the row at hand. It is no failure of the query: NULL takes the value's place, and
/// the text goes to the processing log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError(Cow<'static, str>);

/// What evaluating something gives.
pub type Result<T, E = EvaluationError> = std::result::Result<T, E>;

impl EvaluationError {
    /// With what is wrong.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvaluationError {}
