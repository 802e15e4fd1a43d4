//! What is kept of an expression.
use std::cell::RefCell;
use std::fmt;

use super::frame::Frame;
use super::node::Node;
use crate::error::{EvaluationError, Result};
use crate::types::SqlType;
use crate::value::Value;

/// An expression, ready to be evaluated for every row.
#[derive(Debug)]
pub struct Compiled {
    node: Node,
    kind: Option<SqlType>,
    text: String,
}

impl Compiled {
    pub(super) fn new(node: Node, kind: Option<SqlType>, text: String) -> Self {
        Self { node, kind, text }
    }

    /// The type of its values; `None` if it is NULL and nothing else.
    pub fn kind(&self) -> Option<&SqlType> {
        self.kind.as_ref()
    }

    /// As messages print it: without sources, with parentheses around every operation.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value, if that is known before there is a row.
    pub fn constant(&self) -> Option<&Value> {
        self.node.constant()
    }

    /// The place in the row, if it is a column and nothing else.
    pub fn column(&self) -> Option<usize> {
        if let Node::Column(index) = self.node { Some(index) } else { None }
    }

    /// The value for a row. What cannot be computed is NULL, be it the whole, an argument of a function, or a part of an ARRAY,
    /// MAP or STRUCT; the reason is reported.
    pub fn evaluate(&self, row: &[Value], report: &mut dyn FnMut(EvaluationError)) -> Value {
        if let Some(value) = self.place(row) {
            return value.clone();
        }
        with_frame(row, report, |frame| self.node.part(frame))
    }

    /// The value for a row, where it lies there, or in the expression, already.
    pub(crate) fn place<'a>(&'a self, row: &'a [Value]) -> Option<&'a Value> {
        match &self.node {
            Node::Column(index) => row.get(*index),
            node => node.constant(),
        }
    }

    /// Whether a condition is true for a row: not if it is NULL or cannot be computed, which is reported.
    pub fn holds(&self, row: &[Value], report: &mut dyn FnMut(EvaluationError)) -> bool {
        with_frame(row, report, |frame| match self.node.test(frame) {
            Ok(truth) => truth == Some(true),
            Err(error) => {
                (frame.report)(error);
                false
            }
        })
    }

    /// The value for a row, or why there is none. Errors that leave a NULL inside the value are not told.
    pub fn eval(&self, row: &[Value]) -> Result<Value> {
        self.node.eval(&Frame { row, parameters: None, report: &|_| {} })
    }
}

/// The text.
impl fmt::Display for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn with_frame<T>(
    row: &[Value],
    report: &mut dyn FnMut(EvaluationError),
    evaluate: impl FnOnce(&Frame<'_>) -> T,
) -> T {
    let report = RefCell::new(report);
    // A reporter that evaluates would find the cell taken; it cannot, since it has no way to this frame.
    let report = |error| {
        if let Ok(mut report) = report.try_borrow_mut() {
            report(error);
        }
    };
    evaluate(&Frame { row, parameters: None, report: &report })
}

/// Queries are planned on one thread and run on others.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Compiled>();
};
