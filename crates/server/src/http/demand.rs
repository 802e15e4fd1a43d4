//! The request's headers, read in one pass.
use std::borrow::Cow;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, HeaderValue};
use lentic::Demand;
use lentic::config::parse_millis;
use lentic::types::Token;

use crate::error::{Code, Error, Result};

/// The headers that mean something here, borrowed.
#[derive(Debug, Default)]
pub(crate) struct RequestHeaders<'a> {
    pub(crate) host: Option<&'a [u8]>,
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) authorization: Option<&'a [u8]>,
    accept: Option<&'a HeaderValue>,
    /// Whether there are several lines of it: one list.
    accepts_more: bool,
    pub(crate) content_type: Option<&'a HeaderValue>,
    /// Whether there is an If-Match, or If-None-Match, header.
    pub(crate) if_match: bool,
    pub(crate) if_none_match: bool,
    pub(crate) last_event_id: Option<&'a HeaderValue>,
    at_least: Option<&'a HeaderValue>,
    max_staleness: Option<&'a HeaderValue>,
    timeout: Option<&'a HeaderValue>,
    consistency: Option<&'a HeaderValue>,
}

impl<'a> RequestHeaders<'a> {
    /// Refuses unknown Lentic-* headers and doubled ones that may stand once.
    pub(crate) fn read(headers: &'a HeaderMap) -> Result<Self> {
        let mut read = Self::default();
        for (name, value) in headers {
            let name = name.as_str();
            match name {
                "host" => once(name, &mut read.host, value.as_bytes())?,
                "origin" => once(name, &mut read.origin, value.as_bytes())?,
                "authorization" => once(name, &mut read.authorization, value.as_bytes())?,
                "accept" => read.accepts_more |= read.accept.replace(value).is_some(),
                "content-type" => once(name, &mut read.content_type, value)?,
                // A second line of these is read where it matters.
                "if-match" => read.if_match = true,
                "if-none-match" => read.if_none_match = true,
                "last-event-id" => once(name, &mut read.last_event_id, value)?,
                "lentic-at-least" => once(name, &mut read.at_least, value)?,
                "lentic-max-staleness" => once(name, &mut read.max_staleness, value)?,
                "lentic-consistency" => once(name, &mut read.consistency, value)?,
                "lentic-timeout" => once(name, &mut read.timeout, value)?,
                _ if name.starts_with("lentic-") => {
                    return Err(Error::new(
                        Code::UnknownHeader,
                        format!("there is no request header {name}"),
                    ));
                }
                _ => {}
            }
        }
        Ok(read)
    }

    /// The accepted media types; `headers` are those that were read.
    pub(crate) fn accept(&self, headers: &HeaderMap) -> Option<Cow<'a, str>> {
        if !self.accepts_more {
            return self.accept?.to_str().ok().map(Cow::Borrowed);
        }
        let lines: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok()).collect();
        Some(Cow::Owned(lines.join(",")))
    }

    /// Whether the read is plain and has no timeout of its own.
    pub(crate) fn is_plain(&self) -> bool {
        self.at_least.is_none()
            && self.max_staleness.is_none()
            && self.timeout.is_none()
            && self.consistency.is_none()
    }

    /// What the reader demands.
    pub(crate) fn demand(&self) -> Result<Demand> {
        let mut demand = Demand::default();
        if let Some(value) = self.at_least {
            for token in text("Lentic-At-Least", value)?.split(',').map(str::trim).filter(|t| !t.is_empty()) {
                let token = token.parse::<Token>();
                demand.at_least.push(token.map_err(|error| Error::new(Code::BadToken, error.to_string()))?);
            }
        }
        if let Some(value) = self.max_staleness {
            demand.max_staleness = Some(duration("Lentic-Max-Staleness", value)?);
        }
        Ok(demand)
    }

    /// `Lentic-Consistency: active`: a standby's answer is none.
    pub(crate) fn wants_active(&self) -> Result<bool> {
        match self.consistency.map(|value| text("Lentic-Consistency", value)).transpose()? {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("active") => Ok(true),
            Some(value) => {
                let message = format!("Lentic-Consistency is {value:?}: the only value is active");
                Err(Error::new(Code::BadHeader, message))
            }
        }
    }

    /// `Lentic-Timeout`.
    pub(crate) fn timeout(&self) -> Result<Option<Duration>> {
        self.timeout.map(|value| duration("Lentic-Timeout", value)).transpose()
    }
}

fn once<'a, T: ?Sized>(name: &str, slot: &mut Option<&'a T>, value: &'a T) -> Result<()> {
    if slot.replace(value).is_some() {
        return Err(Error::new(Code::BadHeader, format!("the header {name} stands twice")));
    }
    Ok(())
}

fn text<'a>(name: &str, value: &'a HeaderValue) -> Result<&'a str> {
    value.to_str().map_err(|_| Error::new(Code::BadHeader, format!("{name} is not ASCII text")))
}

fn duration(name: &str, value: &HeaderValue) -> Result<Duration> {
    let millis = parse_millis(text(name, value)?)
        .map_err(|problem| Error::new(Code::BadHeader, format!("{name}: {problem}")))?;
    Ok(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn demands() {
        let map = headers(&[
            ("host", "localhost:1"),
            ("lentic-at-least", "t/0@4.00ff, u.v/12@0.abcd"),
            ("lentic-max-staleness", "5s"),
            ("lentic-timeout", "500ms"),
        ]);
        let read = RequestHeaders::read(&map).unwrap();
        assert!(!read.is_plain());
        let demand = read.demand().unwrap();
        let tokens: Vec<_> = demand.at_least.iter().map(Token::to_string).collect();
        assert_eq!(tokens, ["t/0@4.00ff", "u.v/12@0.abcd"]);
        assert_eq!(demand.max_staleness, Some(Duration::from_secs(5)));
        assert_eq!(read.timeout().unwrap(), Some(Duration::from_millis(500)));
    }

    #[test]
    fn refusals() {
        let cases: [(&[(&str, &str)], Code); 6] = [
            (&[("lentic-atleast", "t/0@4.00ff")], Code::UnknownHeader),
            (&[("lentic-token", "t/0@4.00ff")], Code::UnknownHeader),
            (&[("lentic-timeout", "1s"), ("lentic-timeout", "2s")], Code::BadHeader),
            (&[("lentic-timeout", "soon")], Code::BadHeader),
            (&[("lentic-max-staleness", "-1s")], Code::BadHeader),
            (&[("lentic-at-least", "t/0@4")], Code::BadToken),
        ];
        for (pairs, code) in cases {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.append(
                    HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                );
            }
            let error = RequestHeaders::read(&map)
                .and_then(|read| read.demand().and_then(|_| read.timeout()))
                .expect_err("refused");
            assert_eq!(error.code(), code, "{pairs:?}");
        }
    }
}
