//! Entity tags: quoted tokens. A `W/` in front, as proxies add it, is ignored.
use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use lentic::types::Token;

use crate::error::{Code, Error, Result};

/// The tag of a token.
pub(crate) fn of(token: &Token) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{token}\"")).expect("names of topics are ASCII")
}

/// An `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`.
    Any,
    /// What stands between the quotes.
    List(Vec<String>),
}

impl Tags {
    /// All lines of the header together; an error where they are no list of quoted tags.
    pub(crate) fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>> {
        let mut tags = Vec::new();
        let mut any = false;
        let mut present = false;
        for value in headers.get_all(name) {
            present = true;
            let text = value.to_str().unwrap_or("\u{fffd}").trim();
            if text == "*" {
                any = true;
            } else if !list(text, &mut tags) {
                return Err(Error::new(
                    Code::BadHeader,
                    format!("{name} is neither * nor a list of quoted ETags: {text}"),
                ));
            }
        }
        if any && !tags.is_empty() {
            return Err(Error::new(Code::BadHeader, format!("{name} has both * and ETags")));
        }
        Ok(present.then_some(if any { Self::Any } else { Self::List(tags) }))
    }

    /// Whether a row with this token (without quotes) matches.
    pub(crate) fn matches(&self, token: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(|tag| tag.as_bytes() == token),
        }
    }

    /// The tags that are tokens; what is none was never a row's tag and matches nothing.
    pub(crate) fn tokens(&self) -> Vec<Token> {
        match self {
            Self::Any => Vec::new(),
            Self::List(tags) => tags.iter().filter_map(|tag| tag.parse().ok()).collect(),
        }
    }
}

/// Appends the tags of a list; false where it is none.
fn list(mut text: &str, tags: &mut Vec<String>) -> bool {
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return true;
        }
        let Some(rest) = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"') else { return false };
        let Some((tag, rest)) = rest.split_once('"') else { return false };
        tags.push(tag.to_owned());
        text = rest.trim_start_matches([' ', '\t']);
        if !text.is_empty() && !text.starts_with(',') {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;

    use super::*;

    fn read(values: &[&str]) -> Result<Option<Tags>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        Tags::read(&headers, &IF_MATCH)
    }

    #[test]
    fn lists() {
        let tags = |tags: &[&str]| Some(Tags::List(tags.iter().map(|&t| t.to_owned()).collect()));
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&["*"]).unwrap(), Some(Tags::Any));
        assert_eq!(read(&["\"a\""]).unwrap(), tags(&["a"]));
        assert_eq!(read(&["W/\"a\""]).unwrap(), tags(&["a"]));
        assert_eq!(read(&[" \"a,b\" , W/\"c\",", "\"d\""]).unwrap(), tags(&["a,b", "c", "d"]));
        for bad in ["a", "\"a", "\"a\" \"b\"", "w/\"a\"", "\"a\", b"] {
            assert!(read(&[bad]).is_err(), "{bad}");
        }
        assert!(read(&["*", "\"a\""]).is_err());
    }

    #[test]
    fn matching() {
        let tags = read(&["W/\"t/0@1.00ff\", \"other\""]).unwrap().unwrap();
        assert!(tags.matches(b"t/0@1.00ff"));
        assert!(!tags.matches(b"t/0@2.00ff"));
        assert_eq!(tags.tokens().len(), 1);
    }
}
