//! Signatures as they are written in the functions' definitions: `list ARRAY<T>, keep (T) => BOOLEAN, rest STRING...`.
use std::sync::Arc;

use crate::types::SqlType;

use super::{Parameter, Shape};

/// Reads the parameters of a definition.
///
/// # Panics
/// On one that is not well-formed, which the first test that touches the registry finds.
pub(super) fn parameters(text: &str) -> Vec<Parameter> {
    let mut reader = Reader(text);
    let mut parameters = Vec::new();
    while !reader.0.trim().is_empty() {
        let name = reader.word();
        let shape = reader.shape();
        let variadic = reader.eat("...");
        parameters.push(Parameter { name: name.into(), shape, variadic, about: "" });
        assert!(reader.eat(",") || reader.0.trim().is_empty(), "a signature goes on with {:?}", reader.0);
    }
    parameters
}

/// Reads one type of a definition.
///
/// # Panics
/// As [`parameters`].
pub(super) fn shape(text: &str) -> Shape {
    let mut reader = Reader(text);
    let shape = reader.shape();
    assert!(reader.0.trim().is_empty(), "a type goes on with {:?}", reader.0);
    shape
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.eat(token), "a signature lacks {token:?} before {:?}", self.0);
    }

    fn word(&mut self) -> &'a str {
        let text = self.0.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        assert!(end > 0, "a signature lacks a word before {text:?}");
        self.0 = &text[end..];
        &text[..end]
    }

    fn shape(&mut self) -> Shape {
        if self.eat("(") {
            let mut parameters = vec![self.shape()];
            while self.eat(",") {
                parameters.push(self.shape());
            }
            self.expect(")");
            self.expect("=>");
            return Shape::Lambda(parameters, Box::new(self.shape()));
        }
        match self.word() {
            "DECIMAL" => Shape::Decimal,
            "ANY" => Shape::Any,
            "INTERVAL" => Shape::Interval,
            "ARRAY" => {
                self.expect("<");
                let element = self.shape();
                self.expect(">");
                Shape::Array(Box::new(element))
            }
            "MAP" => {
                self.expect("<");
                let key = self.shape();
                self.expect(",");
                let value = self.shape();
                self.expect(">");
                Shape::Map(Box::new(key), Box::new(value))
            }
            "STRUCT" => {
                self.expect("<");
                let mut fields: Vec<(Arc<str>, Shape)> = Vec::new();
                while fields.is_empty() || self.eat(",") {
                    fields.push((self.word().into(), self.shape()));
                }
                self.expect(">");
                Shape::Struct(fields)
            }
            word => match (SqlType::named(word), word.chars().next()) {
                (Some(kind), _) => Shape::Plain(kind),
                (None, Some(letter)) if word.len() == 1 => Shape::Generic(letter),
                _ => panic!("a signature names the type {word:?}"),
            },
        }
    }
}

/// Says what the parameter of this name is.
pub(super) fn describe<'a>(
    parameters: impl Iterator<Item = &'a mut Parameter>,
    name: &str,
    about: &'static str,
) {
    for parameter in parameters.filter(|parameter| *parameter.name == *name) {
        parameter.about = about;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        let text =
            "list ARRAY<T>, pairs MAP<STRING, STRUCT<K INT, V T>>, keep (T, U) => BOOLEAN, rest STRING...";
        let printed: Vec<String> = parameters(text).iter().map(ToString::to_string).collect();
        let expected = [
            "ARRAY<T> list",
            "MAP<VARCHAR, STRUCT<K INT, V T>> pairs",
            "LAMBDA (T, U) => BOOLEAN keep",
            "VARCHAR... rest",
        ];
        assert_eq!(printed, expected);
        assert!(parameters("").is_empty());
    }
}
