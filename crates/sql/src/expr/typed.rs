//! An expression whose type is known, while it is not yet known what it will be coerced to.
use std::sync::Arc;

use super::node::Node;
use crate::cast::Cast;
use crate::coercion::{Element, Mode, coerce};
use crate::error::{EvaluationError, Result};
use crate::types::SqlType;
use crate::value::Value;

/// An expression with its type.
#[derive(Debug)]
pub(super) struct Typed {
    /// `None` is NULL, which has no type of its own.
    pub kind: Option<SqlType>,
    pub form: Form,
}

/// Literals, and what is made of them, coerce more freely than other expressions.
#[derive(Debug)]
pub(super) enum Form {
    /// A literal, which may be NULL.
    Literal(Value),
    Array(Vec<Typed>),
    Map(Vec<(Typed, Typed)>),
    /// Field by field, as its type has them.
    Struct(Vec<Typed>),
    Node(Node),
}

impl Typed {
    pub fn null() -> Self {
        Self { kind: None, form: Form::Literal(Value::Null) }
    }

    pub fn literal(value: Value, kind: SqlType) -> Self {
        Self { kind: Some(kind), form: Form::Literal(value) }
    }

    pub fn node(node: Node, kind: SqlType) -> Self {
        Self { kind: Some(kind), form: Form::Node(node) }
    }

    /// A condition.
    pub fn boolean(node: Node) -> Self {
        Self::node(node, SqlType::Boolean)
    }

    pub fn is_literal(&self) -> bool {
        matches!(self.form, Form::Literal(_))
    }

    /// As ksqlDB's messages name the type.
    pub fn kind_text(&self) -> String {
        self.kind.as_ref().map_or_else(|| "null".to_owned(), ToString::to_string)
    }

    /// The text, if it is a literal one.
    pub fn literal_text(&self) -> Option<&Arc<str>> {
        if let Form::Literal(Value::String(text)) = &self.form { Some(text) } else { None }
    }

    /// As an element of a list that takes one type.
    pub fn element(&self) -> Element<'_> {
        match (&self.kind, &self.form) {
            (None, _) => Element::Null,
            (_, Form::Literal(Value::String(text))) => Element::Text(text),
            (Some(kind), Form::Literal(_)) => Element::Literal(kind),
            (Some(kind), _) => Element::Typed(kind),
        }
    }

    /// What is evaluated, in its own type.
    pub fn into_node(self) -> Result<Node> {
        match self.kind.clone() {
            Some(kind) => self.coerced(&kind),
            None => Ok(Node::Constant(Value::Null)),
        }
    }

    /// What is evaluated, in another type. Literals take it at once, and fail if they cannot.
    pub fn coerced(self, to: &SqlType) -> Result<Node> {
        let Some(kind) = self.kind else { return Ok(Node::Constant(Value::Null)) };
        Ok(match (self.form, to) {
            (Form::Literal(value), to) => Node::Constant(coerce(&value, &kind, to, Mode::Lax)?),
            (Form::Array(items), SqlType::Array(to)) => {
                let items = items.into_iter().map(|item| item.coerced(to));
                Node::Array(items.collect::<Result<_>>()?).folded()
            }
            (Form::Map(entries), SqlType::Map(to_key, to_value)) => {
                let entries = entries.into_iter();
                let entries =
                    entries.map(|(key, value)| Ok((key.coerced(to_key)?, value.coerced(to_value)?)));
                Node::Map(entries.collect::<Result<_>>()?).folded()
            }
            (Form::Struct(values), SqlType::Struct(to)) => {
                let SqlType::Struct(own) = &kind else { return Err(no_coercion(&kind, &kind)) };
                let mut values: Vec<Option<Self>> = values.into_iter().map(Some).collect();
                let fields = to.fields().iter().map(|field| {
                    let found = own.position(&field.name).and_then(|at| values.get_mut(at)?.take());
                    found.map_or(Ok(Node::Constant(Value::Null)), |value| value.coerced(&field.kind))
                });
                Node::Struct(fields.collect::<Result<_>>()?).folded()
            }
            (Form::Node(node), to) if kind == *to => node,
            (Form::Node(node), to) => cast(node, &kind, to)?,
            (form, to) => cast(Self { kind: Some(kind.clone()), form }.into_node()?, &kind, to)?,
        })
    }

    /// The same for an argument of a function: a literal that cannot take the type fails with every row, not with the
    /// statement.
    pub fn into_argument(self, to: &SqlType) -> Result<Node> {
        match (self.form, self.kind) {
            (Form::Literal(value), Some(kind)) => match coerce(&value, &kind, to, Mode::Lax) {
                Ok(value) => Ok(Node::Constant(value)),
                Err(_) => cast(Node::Constant(value), &kind, to),
            },
            (form, kind) => Self { kind, form }.coerced(to),
        }
    }
}

fn cast(node: Node, from: &SqlType, to: &SqlType) -> Result<Node> {
    let cast = Cast::new(from, to).map_err(|_| no_coercion(from, to))?;
    Ok(Node::Cast(Box::new(cast), Box::new(node)).folded())
}

fn no_coercion(from: &SqlType, to: &SqlType) -> EvaluationError {
    EvaluationError::new(format!("{from} cannot be coerced to {to}"))
}
