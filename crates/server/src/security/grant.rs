//! What tokens allow, as the token file says.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a request needs, or a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// `/healthz` and `/readyz`: no token.
    Open,
    /// Rows, and what there is.
    Read,
    /// Rows are written, too.
    Write,
    /// Tables, streams and queries are made, changed and dropped, too.
    Admin,
}

/// What somebody may do: what all lines of the token file say of a token.
#[derive(Clone, Debug)]
pub(crate) struct Grant(Arc<[Right]>);

/// What a line of it says.
#[derive(Clone, Debug)]
struct Right {
    access: Access,
    /// Names of tables, streams and topics that it is about; `None`: all.
    names: Option<Box<[Pattern]>>,
}

/// A name, or with a `*` at its end all that begin so; case does not count, as in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    begin: String,
    is_prefix: bool,
}

impl Pattern {
    fn new(written: &str) -> Self {
        let begin = written.strip_suffix('*');
        Self { begin: begin.unwrap_or(written).to_lowercase(), is_prefix: begin.is_some() }
    }

    fn covers(&self, name: &str) -> bool {
        let begin = name.get(..self.begin.len());
        begin.is_some_and(|begin| begin.to_lowercase() == self.begin)
            && (self.is_prefix || name.len() == self.begin.len())
    }
}

impl Right {
    fn covers(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.iter().any(|pattern| pattern.covers(name)))
    }
}

impl Grant {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self(Arc::new([Right { access: Access::Admin, names: None }]))
    }

    /// Whether it covers a table, stream or topic.
    pub(crate) fn allows(&self, needs: Access, name: &str) -> bool {
        self.0.iter().any(|right| right.access >= needs && right.covers(name))
    }

    /// Whether it covers what concerns no one name.
    pub(crate) fn administers(&self) -> bool {
        self.0.iter().any(|right| right.access == Access::Admin && right.names.is_none())
    }
}

/// A token file that can't be used; the text says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadTokens(String);

impl fmt::Display for BadTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lines `read TOKEN [NAMES]`, `write ..` and `admin ..` (or `read-write ..`); empty ones and those that begin with # are skipped. What
/// several lines say of one token holds together. A token `user:password` logs in as Basic, too. Names are those of tables, streams
/// and topics; one that ends in `*` means all that begin so.
pub(super) fn read_tokens(text: &str) -> Result<Vec<(Grant, Vec<u8>)>, BadTokens> {
    const LINES: &str = "lines `read TOKEN`, `write TOKEN` or `read-write TOKEN`";
    let mut tokens: BTreeMap<&str, Vec<Right>> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |problem: &str| {
            let number = index + 1;
            BadTokens(format!(
                "token_file, line {number}: {problem}; use {LINES}, and names of tables behind it that it is for"
            ))
        };
        let mut words = line.split_ascii_whitespace();
        let access = match words.next() {
            Some("read") => Access::Read,
            Some("write") => Access::Write,
            Some("admin" | "read-write") => Access::Admin,
            _ => return Err(bad("it begins with none of read, write and read-write")),
        };
        let token = words.next().ok_or_else(|| bad("there is no token"))?;
        let names: Vec<_> = words.map(Pattern::new).collect();
        if names.iter().any(|name| name.begin.contains('*')) {
            return Err(bad("a * stands at the end of a name only"));
        }
        let names = (!names.is_empty()).then(|| names.into());
        tokens.entry(token).or_default().push(Right { access, names });
    }
    if tokens.is_empty() {
        return Err(BadTokens(format!("token_file has no token; use {LINES}")));
    }
    Ok(tokens.into_iter().map(|(token, rights)| (Grant(rights.into()), token.as_bytes().to_vec())).collect())
}
