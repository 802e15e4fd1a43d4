//! Query parameters, strictly: an unknown or doubled one is an error, never ignored.
use std::str::FromStr;

use super::decode;
use crate::error::{Code, Error, Result};

/// The parameters of a request, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(&'static str, Vec<u8>)>,
}

impl Query {
    /// Reads `a=1&b=2`; `+` is a space. Only `known` parameters are taken, each once.
    pub(crate) fn read(query: Option<&str>, known: &[&'static str]) -> Result<Self> {
        let mut pairs: Vec<(&'static str, Vec<u8>)> = Vec::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = known.iter().find(|k| k.as_bytes() == form_decode(name)) else {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let name = String::from_utf8_lossy(&form_decode(name)).into_owned();
                return Err(Error::new(
                    Code::UnknownParameter,
                    format!("there is no parameter {name:?} here; known: {known}"),
                ));
            };
            if pairs.iter().any(|(other, _)| other == name) {
                return Err(Error::new(Code::UnknownParameter, format!("the parameter {name} stands twice")));
            }
            pairs.push((name, form_decode(value)));
        }
        Ok(Self { pairs })
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        self.bytes(name).map(|bytes| str::from_utf8(bytes).map_err(|_| bad(name, "is not UTF-8"))).transpose()
    }

    /// A parameter that is read by `FromStr`, such as a number.
    pub(crate) fn parse<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>> {
        self.text(name)?
            .map(|text| text.parse().map_err(|error| bad(name, &format!("is {text:?}: {error}"))))
            .transpose()
    }

    /// One of a few words; the first is the default.
    pub(crate) fn choice<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T> {
        let Some(text) = self.text(name)? else { return Ok(words[0].1) };
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            bad(name, &format!("is {text:?}: use {}", words.join(" or ")))
        })
    }
}

fn bad(name: &str, problem: &str) -> Error {
    Error::new(Code::BadParameter, format!("the parameter {name} {problem}"))
}

fn form_decode(text: &str) -> Vec<u8> {
    if text.contains('+') {
        return decode(text.replace('+', " ").as_bytes()).into_owned();
    }
    decode(text.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading() {
        let query = Query::read(Some("from=a%20b+c&limit=7&prefix=%ff&"), &["from", "limit", "prefix", "to"])
            .unwrap();
        assert_eq!(query.text("from").unwrap(), Some("a b c"));
        assert_eq!(query.parse::<usize>("limit").unwrap(), Some(7));
        assert_eq!(query.bytes("prefix"), Some(&b"\xff"[..]));
        assert!(query.text("prefix").is_err());
        assert_eq!(query.bytes("to"), None);
    }

    #[test]
    fn refusals() {
        for (query, code) in [
            ("limt=7", Code::UnknownParameter),
            ("limit=7&limit=7", Code::UnknownParameter),
            ("limit=7&%6Cimit=8", Code::UnknownParameter),
        ] {
            assert_eq!(Query::read(Some(query), &["limit"]).unwrap_err().code(), code, "{query}");
        }
        let query = Query::read(Some("limit=-7&order=up"), &["limit", "order"]).unwrap();
        assert_eq!(query.parse::<usize>("limit").unwrap_err().code(), Code::BadParameter);
        assert!(query.choice("order", &[("asc", 1), ("desc", 2)]).is_err());
    }
}
