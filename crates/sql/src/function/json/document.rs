//! JSON documents, read level by level: what is not asked for is only skipped over.
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::value::Value;
use crate::value::decimal::parse_decimal;

/// A value in a document, as it is written there.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(&'a str);

/// The value of a whole text; `None` if it is no JSON.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    serde_json::from_str::<IgnoredAny>(text).ok().map(|_| Node(text))
}

impl<'a> Node<'a> {
    /// As it is written.
    pub(super) fn raw(self) -> &'a str {
        self.0
    }

    /// The fields of an object, each name once: the last value counts, at the place of the first.
    pub(super) fn fields(self) -> Option<Vec<(String, Node<'a>)>> {
        serde_json::from_str(self.0).ok().map(|Fields(fields)| fields)
    }

    /// The elements of an array.
    pub(super) fn elements(self) -> Option<Vec<Node<'a>>> {
        serde_json::from_str(self.0).ok().map(|Elements(elements)| elements)
    }

    /// The text of a string.
    pub(super) fn string(self) -> Option<String> {
        serde_json::from_str(self.0).ok()
    }

    /// The value as text: a string's own, NULL for `null`, JSON for all others.
    pub(super) fn text(self) -> Option<String> {
        match self.0.as_bytes().first() {
            Some(b'"') => self.string(),
            Some(b'n') => None,
            _ => Some(compact(self.0)),
        }
    }

    /// Whether it is this value. Numbers keep to their kind: those without a point or an exponent are whole.
    pub(super) fn is(self, wanted: &Value) -> bool {
        let whole = !self.0.contains(['.', 'e', 'E']);
        match wanted {
            Value::Null => self.0 == "null",
            Value::Boolean(truth) => self.0 == if *truth { "true" } else { "false" },
            Value::Integer(number) => whole && self.0.parse() == Ok(*number),
            Value::Bigint(number) => whole && self.0.parse() == Ok(*number),
            Value::Double(number) => !whole && self.0.parse() == Ok(*number),
            Value::Decimal(number) => !whole && parse_decimal(self.0).is_some_and(|found| found == **number),
            Value::String(text) => self.0.starts_with('"') && self.string().as_deref() == Some(text),
            _ => false,
        }
    }
}

/// Concatenates by the rules of PostgreSQL's `||` for JSON.
pub(super) fn concatenate(roots: &[Node<'_>]) -> String {
    let objects: Option<Vec<_>> = roots.iter().map(|root| root.fields()).collect();
    if let Some(objects) = objects {
        let mut all: Vec<(String, Node<'_>)> = Vec::new();
        for (name, node) in objects.into_iter().flatten() {
            put(&mut all, name, node);
        }
        let fields: Vec<String> =
            all.iter().map(|(name, node)| format!("{}:{}", quote(name), compact(node.raw()))).collect();
        return format!("{{{}}}", fields.join(","));
    }
    let elements = roots.iter().flat_map(|root| root.elements().unwrap_or_else(|| vec![*root]));
    let elements: Vec<String> = elements.map(|node| compact(node.raw())).collect();
    format!("[{}]", elements.join(","))
}

fn put<'a>(fields: &mut Vec<(String, Node<'a>)>, name: String, node: Node<'a>) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = node,
        None => fields.push((name, node)),
    }
}

/// The text in quotes, escaped where JSON wants it.
pub(super) fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Without the white space that is outside of strings.
pub(super) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in json.chars() {
        if !quoted && matches!(c, ' ' | '\t' | '\r' | '\n') {
            continue;
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        out.push(c);
    }
    out
}

struct Fields<'a>(Vec<(String, Node<'a>)>);

struct Elements<'a>(Vec<Node<'a>>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    put(&mut fields, name, Node(raw.get()));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Elements<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Elements<'de>, A::Error> {
                let mut elements = Vec::new();
                while let Some(raw) = seq.next_element::<&'de RawValue>()? {
                    elements.push(Node(raw.get()));
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}
