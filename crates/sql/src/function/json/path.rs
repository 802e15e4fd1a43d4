//! Paths into JSON documents: `$.orders[0]['unit price']`. They lead to one value: no wildcards, no filters.
use crate::error::{EvaluationError, Result};

use super::document::Node;

/// A path, ready to be followed.
pub(super) struct JsonPath(Vec<Step>);

enum Step {
    Field(String),
    Place(usize),
}

impl JsonPath {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let error = || EvaluationError::new(format!("Invalid path format: '{text}'"));
        let mut rest = text.trim().strip_prefix('$').ok_or_else(error)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step = if let Some(name) = rest.strip_prefix('.') {
                let end = name.find(['.', '[']).unwrap_or(name.len());
                rest = &name[end..];
                Step::Field(name[..end].to_owned())
            } else {
                let inner = rest.strip_prefix('[').ok_or_else(error)?;
                let quoted = inner.strip_prefix(['\'', '"']);
                let (step, after) = match quoted {
                    Some(name) => {
                        let (name, after) = name.split_once(&inner[..1]).ok_or_else(error)?;
                        (Step::Field(name.to_owned()), after.strip_prefix(']').ok_or_else(error)?)
                    }
                    None => {
                        let (place, after) = inner.split_once(']').ok_or_else(error)?;
                        (Step::Place(place.trim().parse().map_err(|_| error())?), after)
                    }
                };
                rest = after;
                step
            };
            if matches!(&step, Step::Field(name) if name.is_empty()) {
                return Err(error());
            }
            steps.push(step);
        }
        Ok(Self(steps))
    }

    /// What it leads to.
    pub(super) fn follow<'a>(&self, root: Node<'a>) -> Option<Node<'a>> {
        self.0.iter().try_fold(root, |node, step| match step {
            Step::Field(name) => {
                node.fields()?.into_iter().find(|(known, _)| known == name).map(|(_, node)| node)
            }
            Step::Place(place) => node.elements()?.get(*place).copied(),
        })
    }
}
