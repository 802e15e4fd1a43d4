//! Who may ask: tokens, and protection of a node on the loopback interface against web pages.
mod grant;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use axum::http::header::{HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, Uri};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Code, Error, Result};
use crate::http::{RequestHeaders, decode};

use grant::read_tokens;
pub(crate) use grant::{Access, BadTokens, Grant};

/// The rules of a node.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Each once. Empty: no tokens are asked for.
    tokens: Vec<(Grant, Vec<u8>)>,
    /// Whether `Host` must name this machine.
    loopback: bool,
    origins: Vec<String>,
}

impl Guard {
    /// `tokens` is the text of the token file, `listen` the address that is served on.
    pub(crate) fn new(
        tokens: Option<&str>,
        listen: SocketAddr,
        origins: &[String],
    ) -> Result<Self, BadTokens> {
        Ok(Self {
            tokens: tokens.map(read_tokens).transpose()?.unwrap_or_default(),
            loopback: listen.ip().is_loopback(),
            origins: origins.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect(),
        })
    }

    /// What whoever asks may do, which is at least what the request needs. One without `Origin` and from this machine needs no
    /// look at all.
    pub(crate) fn check(&self, uri: &Uri, headers: &RequestHeaders<'_>, needs: Access) -> Result<Grant> {
        let host = headers.host.or_else(|| uri.authority().map(|authority| authority.as_str().as_bytes()));
        if let Some(host) = host
            && self.loopback
            && !is_loopback(host)
            && !self.origins.iter().any(|origin| authority(origin).as_bytes().eq_ignore_ascii_case(host))
        {
            let host = String::from_utf8_lossy(host).into_owned();
            return Err(Error::new(Code::ForeignHost, format!("the host {host} is not this machine")));
        }
        if let Some(origin) = headers.origin
            && !self.allows_origin(origin)
            && host.is_none_or(|host| !authority_bytes(origin).eq_ignore_ascii_case(host))
        {
            let origin = String::from_utf8_lossy(origin).into_owned();
            return Err(Error::new(Code::ForeignOrigin, format!("pages of {origin} may not call this node")));
        }
        if self.tokens.is_empty() || needs == Access::Open {
            return Ok(Grant::all());
        }
        let given = headers.authorization.and_then(token);
        let Some(grant) = given.and_then(|token| self.granted(&token)) else {
            return Err(Error::plain(Code::Unauthorized)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge())));
        };
        let is_allowed = match table(uri.path()) {
            Some(name) => grant.allows(needs, &name),
            // That a token is known is enough for what tells no rows.
            None => needs <= Access::Read || grant.administers(),
        };
        if is_allowed { Ok(grant) } else { Err(Error::plain(Code::Forbidden)) }
    }

    /// How to log in.
    fn challenge(&self) -> &'static str {
        if self.tokens.iter().any(|(_, token)| token.contains(&b':')) {
            return "Bearer realm=\"lentic\", Basic realm=\"lentic\"";
        }
        "Bearer realm=\"lentic\""
    }

    /// Whether pages of this origin may call.
    pub(crate) fn allows_origin(&self, origin: &[u8]) -> bool {
        self.origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes().eq_ignore_ascii_case(origin))
    }

    /// Looks at every token, so that the time taken says nothing about them.
    fn granted(&self, given: &[u8]) -> Option<Grant> {
        let mut found = None;
        for (grant, token) in &self.tokens {
            if equal(token, given) {
                found = Some(grant);
            }
        }
        found.cloned()
    }
}

/// What a request of this method needs. `rows:get` reads, although it is a POST.
pub(crate) fn needs(method: &Method, path: &str) -> Access {
    match path {
        "/healthz" | "/readyz" | "/healthcheck" | "/chc/live" | "/chc/ready" | "/v1/metadata"
        | "/v1/metadata/id" => return Access::Open,
        // What their statements, or declarations, need is known when they have been read.
        "/ksql" | "/query" | "/query-stream" | "/close-query" | "/inserts-stream" | "/v1/sql"
        | "/v1/tables" => {
            return Access::Read;
        }
        _ => {}
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Access::Read;
    }
    // A row's path may have anything at its end: only the first part behind the table says what it is.
    let of_rows = path.strip_prefix("/v1/tables/").and_then(|rest| rest.split_once('/'));
    match of_rows {
        Some((_, "rows:get")) => Access::Read,
        Some((_, rows)) if rows.starts_with("rows") => Access::Write,
        _ => Access::Admin,
    }
}

/// What stands in an `Authorization` header: `Bearer TOKEN`, or `Basic` with a token `user:password`.
fn token(header: &[u8]) -> Option<Cow<'_, [u8]>> {
    let space = header.iter().position(|byte| *byte == b' ')?;
    let (scheme, token) = (&header[..space], header[space..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Cow::Borrowed(token));
    }
    let decoded = scheme.eq_ignore_ascii_case(b"basic").then(|| STANDARD.decode(token).ok()).flatten();
    decoded.filter(|decoded| decoded.contains(&b':')).map(Cow::Owned)
}

/// The table that a path is about.
fn table(path: &str) -> Option<Cow<'_, str>> {
    let rest = path.strip_prefix("/v1/tables/").or_else(|| path.strip_prefix("/v1/topics/"))?;
    let name = rest.split('/').next()?;
    Some(match decode(name.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(name),
        Cow::Owned(decoded) => Cow::Owned(String::from_utf8_lossy(&decoded).into_owned()),
    })
}

/// Without an early end at the first difference.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |all, (x, y)| std::hint::black_box(all | (x ^ y)));
    a.len() == b.len() && differences == 0
}

/// `host:port` of an origin.
fn authority(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

fn authority_bytes(origin: &[u8]) -> &[u8] {
    str::from_utf8(origin).map_or(b"", |origin| authority(origin).as_bytes())
}

/// Whether a `Host` names this machine by a name that no foreign name server can give away.
fn is_loopback(host: &[u8]) -> bool {
    let Ok(host) = str::from_utf8(host) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The answer's headers for a page of an allowed origin.
pub(crate) fn add_cors(origin: &HeaderValue, exposed: &HeaderValue, headers: &mut HeaderMap) {
    use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
    headers.append(VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1:8088";

    fn ask(guard: &Guard, pairs: &[(&str, &str)], needs: Access) -> Result<(), Code> {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let headers = RequestHeaders::read(&map).unwrap();
        guard.check(&Uri::from_static("/v1/tables"), &headers, needs).map(drop).map_err(|error| error.code())
    }

    #[test]
    fn tokens() {
        let file = "# ours\n\nread abc\nread-write  xyz \n";
        let guard = Guard::new(Some(file), "0.0.0.0:1".parse().unwrap(), &[]).unwrap();
        let cases = [
            (None, Access::Open, Ok(())),
            (None, Access::Read, Err(Code::Unauthorized)),
            (Some("Bearer abc"), Access::Read, Ok(())),
            (Some("bearer abc"), Access::Read, Ok(())),
            (Some("Bearer ab"), Access::Read, Err(Code::Unauthorized)),
            (Some("Bearer abcd"), Access::Read, Err(Code::Unauthorized)),
            (Some("Basic abc"), Access::Read, Err(Code::Unauthorized)),
            (Some("Bearer abc"), Access::Admin, Err(Code::Forbidden)),
            (Some("Bearer xyz"), Access::Admin, Ok(())),
        ];
        for (authorization, needs, expected) in cases {
            let pairs: Vec<_> = authorization.iter().map(|value| ("authorization", *value)).collect();
            assert_eq!(ask(&guard, &pairs, needs), expected, "{authorization:?} {needs:?}");
        }
        for bad in ["", "abc", "read", "writes abc", "read a b*c"] {
            assert!(Guard::new(Some(bad), LOOPBACK.parse().unwrap(), &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn names() {
        let file = "read ada:secret flights gate*\nread-write bob:word gates\nwrite ada:secret bags\n";
        let guard = Guard::new(Some(file), "0.0.0.0:1".parse().unwrap(), &[]).unwrap();
        // In base64, as Basic has it.
        let (ada, bob) = ("Basic YWRhOnNlY3JldA==", "basic Ym9iOndvcmQ=");
        for (authorization, path, needs, expected) in [
            (ada, "/v1/tables/Flights/rows", Access::Read, Ok(())),
            (ada, "/v1/tables/flights2/rows", Access::Read, Err(Code::Forbidden)),
            (ada, "/v1/tables/gate_7", Access::Read, Ok(())),
            (ada, "/v1/tables/flights/rows:write", Access::Write, Err(Code::Forbidden)),
            (ada, "/v1/tables/bags/rows:write", Access::Write, Ok(())),
            (ada, "/v1/tables/bags", Access::Admin, Err(Code::Forbidden)),
            (bob, "/v1/tables/gates/rows:write", Access::Write, Ok(())),
            (bob, "/v1/tables/gates", Access::Admin, Ok(())),
            (bob, "/v1/tables", Access::Admin, Err(Code::Forbidden)),
            (bob, "/ksql", Access::Read, Ok(())),
            ("Bearer bob:word", "/v1/tables/gate%73", Access::Read, Ok(())),
            ("Basic Ym9i", "/v1/tables/gates", Access::Read, Err(Code::Unauthorized)),
        ] {
            let mut map = HeaderMap::new();
            map.insert("authorization", HeaderValue::from_static(authorization));
            let headers = RequestHeaders::read(&map).unwrap();
            let found = guard.check(&Uri::from_static(path), &headers, needs);
            assert_eq!(found.map(drop).map_err(|error| error.code()), expected, "{authorization} {path}");
        }
    }

    #[test]
    fn hosts_and_origins() {
        let origins = ["https://app.example".to_owned()];
        let guard = Guard::new(None, LOOPBACK.parse().unwrap(), &origins).unwrap();
        let cases: [(&[(&str, &str)], Result<(), Code>); 12] = [
            (&[], Ok(())),
            (&[("host", "localhost:8088")], Ok(())),
            (&[("host", "127.0.0.1")], Ok(())),
            (&[("host", "[::1]:9000")], Ok(())),
            (&[("host", "evil.example:8088")], Err(Code::ForeignHost)),
            (&[("host", "127.0.0.1.evil.example")], Err(Code::ForeignHost)),
            (&[("host", "app.example")], Ok(())),
            (&[("host", "localhost:8088"), ("origin", "http://localhost:8088")], Ok(())),
            (&[("host", "localhost:8088"), ("origin", "http://localhost:3000")], Err(Code::ForeignOrigin)),
            (&[("host", "localhost:8088"), ("origin", "null")], Err(Code::ForeignOrigin)),
            (&[("host", "localhost:8088"), ("origin", "https://app.example")], Ok(())),
            (&[("host", "localhost:8088"), ("origin", "https://app.example.evil")], Err(Code::ForeignOrigin)),
        ];
        for (pairs, expected) in cases {
            assert_eq!(ask(&guard, pairs, Access::Read), expected, "{pairs:?}");
        }
        let open = Guard::new(None, "0.0.0.0:1".parse().unwrap(), &[]).unwrap();
        assert_eq!(ask(&open, &[("host", "db.example")], Access::Read), Ok(()));
    }

    #[test]
    fn access_by_endpoint() {
        assert_eq!(needs(&Method::POST, "/v1/tables/t/rows:get"), Access::Read);
        assert_eq!(needs(&Method::PUT, "/v1/tables/t/rows/a/rows:get"), Access::Write);
        assert_eq!(needs(&Method::PUT, "/v1/tables/t/rows/rows:get"), Access::Write);
        assert_eq!(needs(&Method::POST, "/v1/tables/t/rows:write"), Access::Write);
        assert_eq!(needs(&Method::POST, "/v1/tables/t/rows:load"), Access::Write);
        assert_eq!(needs(&Method::GET, "/v1/tables"), Access::Read);
        assert_eq!(needs(&Method::GET, "/healthz"), Access::Open);
        for (method, path) in [
            (Method::DELETE, "/v1/tables/t"),
            (Method::DELETE, "/v1/tables/rows"),
            (Method::PATCH, "/v1/tables/t"),
            (Method::PATCH, "/v1/cluster"),
            (Method::POST, "/v1/tables:attach"),
            (Method::POST, "/v1/node:drain"),
            (Method::POST, "/ksql/terminate"),
        ] {
            assert_eq!(needs(&method, path), Access::Admin, "{method} {path}");
        }
    }
}
