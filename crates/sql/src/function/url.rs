//! URLs, as Java's `URI` reads them.
use percent_encoding::percent_decode_str;

use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::operand::text;
use super::{Body, Category, Function};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    let of_url = |name, returns, about, body| {
        Function::new(name, Category::Url, about)
            .overload("input STRING", returns, "", Body::Strict(body))
            .parameter("input", "The URL.")
    };
    vec![
        Function::new("url_decode_param", Category::Url, "Undoes URL_ENCODE_PARAM.")
            .overload(
                "input STRING",
                "STRING",
                "",
                Body::Strict(|a| decode_form(text(a, 0)?).map(Value::from)),
            )
            .parameter("input", "The encoded text."),
        Function::new(
            "url_encode_param",
            Category::Url,
            "Encodes a text so that it may stand in the query of a URL.",
        )
        .overload("input STRING", "STRING", "", Body::Strict(|a| Ok(encode_form(text(a, 0)?).into())))
        .parameter("input", "The text."),
        of_url("url_extract_fragment", "STRING", "What follows `#`, decoded.", |a: &[Value]| {
            Ok(Url::parse(text(a, 0)?).and_then(|url| url.fragment.map(decode)).into())
        }),
        of_url("url_extract_host", "STRING", "The host.", |a| {
            Ok(Url::parse(text(a, 0)?)
                .and_then(|url| url.authority())
                .map(|(host, _)| host.to_owned())
                .into())
        }),
        Function::new(
            "url_extract_parameter",
            Category::Url,
            "The value of a parameter of the query, decoded.",
        )
        .overload(
            "input STRING, paramToFind STRING",
            "STRING",
            "",
            Body::Strict(|a| {
                let wanted = text(a, 1)?;
                let query = Url::parse(text(a, 0)?).and_then(|url| url.query);
                let pairs = query.into_iter().flat_map(|query| query.split('&'));
                let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
                let found = pairs.find(|(name, _)| decode_form(name).as_deref() == Ok(wanted));
                found.map_or(Ok(Value::Null), |(_, value)| decode_form(value).map(Value::from))
            }),
        )
        .parameter("input", "The URL.")
        .parameter("paramToFind", "The parameter's name, decoded."),
        of_url("url_extract_path", "STRING", "The path, decoded; empty if there is none.", |a| {
            Ok(Url::parse(text(a, 0)?).and_then(|url| url.path.map(decode)).into())
        }),
        of_url("url_extract_port", "INTEGER", "The port, if there is one.", |a| {
            Ok(Url::parse(text(a, 0)?).and_then(|url| url.authority()).and_then(|(_, port)| port).into())
        }),
        of_url("url_extract_protocol", "STRING", "What stands before the first colon, like `https`.", |a| {
            Ok(Url::parse(text(a, 0)?).and_then(|url| url.scheme.map(str::to_owned)).into())
        }),
        of_url("url_extract_query", "STRING", "What follows `?`, decoded.", |a| {
            Ok(Url::parse(text(a, 0)?).and_then(|url| url.query.map(decode)).into())
        }),
    ]
}

/// The parts of RFC 2396. An opaque URL (`mailto:a@b`) has no path.
struct Url<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// `None` if a character stands where no URL has it.
    fn parse(text: &'a str) -> Option<Self> {
        // Characters beyond ASCII may stand anywhere, of ASCII not all.
        let legal = |c: char| {
            if c.is_ascii() {
                !c.is_ascii_control() && !" \"<>\\^`{|}".contains(c)
            } else {
                !c.is_whitespace()
            }
        };
        let percent = text.match_indices('%').all(|(at, _)| {
            text.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        });
        if !text.chars().all(legal) || !percent || text.is_empty() {
            return None;
        }
        let (rest, fragment) =
            text.split_once('#').map_or((text, None), |(rest, fragment)| (rest, Some(fragment)));
        if fragment.is_some_and(|fragment| fragment.contains('#')) {
            return None;
        }
        let scheme_end = rest.find([':', '/', '?']).filter(|at| rest.as_bytes()[*at] == b':');
        let (scheme, rest) = scheme_end.map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]));
        if let Some(scheme) = scheme {
            let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
            if !starts
                || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
                || rest.is_empty()
            {
                return None;
            }
            if !rest.starts_with('/') {
                return Some(Self {
                    scheme: Some(scheme),
                    authority: None,
                    path: None,
                    query: None,
                    fragment,
                });
            }
        }
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let at = rest.find('/').unwrap_or(rest.len());
                (Some(&rest[..at]).filter(|authority| !authority.is_empty()), &rest[at..])
            }
            None => (None, rest),
        };
        Some(Self { scheme, authority, path: Some(path), query, fragment })
    }

    /// Host and port, if the authority has that form.
    fn authority(&self) -> Option<(&'a str, Option<i32>)> {
        let authority = self.authority?;
        let host_port = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
        let end = host_port.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match host_port[end..].rsplit_once(':') {
            Some((_, "")) => (&host_port[..host_port.len() - 1], None),
            Some((_, port)) => (&host_port[..host_port.len() - port.len() - 1], Some(port.parse().ok()?)),
            None => (host_port, None),
        };
        let named = host.starts_with('[')
            || host.split('.').all(|label| label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        (named && !host.is_empty()).then_some((host, port))
    }
}

/// Percent-encoded bytes as the text that they are in UTF-8.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// As `application/x-www-form-urlencoded`: a plus is a space.
fn decode_form(text: &str) -> Result<String> {
    let digits = |at: usize| text.as_bytes().get(at + 1..at + 3);
    let whole =
        |(at, _): (usize, &str)| digits(at).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    if !text.match_indices('%').all(whole) {
        return Err(EvaluationError::new(format!("an incomplete escape in '{text}'")));
    }
    Ok(decode(&text.replace('+', " ")))
}

fn encode_form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(percent_encoding::percent_encode_byte(byte)),
        }
    }
    out
}
