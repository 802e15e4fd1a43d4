//! The path of a row, read from the raw request target.
use std::borrow::Cow;

use percent_encoding::percent_decode;

/// `/v1/tables/{table}/rows/{key}`, undecoded. The key is the rest of the path as it was sent: `//`, `.` and
/// `%2F` are the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPath<'a> {
    pub(crate) table: &'a str,
    pub(crate) key: &'a [u8],
}

impl<'a> RowPath<'a> {
    /// `None`: the path is another one.
    pub(crate) fn read(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix("/v1/tables/")?;
        let slash = memchr::memchr(b'/', rest.as_bytes())?;
        let (table, rest) = rest.split_at(slash);
        Some(Self { table, key: rest.strip_prefix("/rows/")?.as_bytes() })
    }
}

/// Percent-decodes once.
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() { Cow::Borrowed(text) } else { percent_decode(text).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let cases: [(&str, Option<(&str, &[u8])>); 13] = [
            ("/v1/tables/t/rows/k", Some(("t", b"k"))),
            ("/v1/tables/t/rows/", Some(("t", b""))),
            ("/v1/tables/t/rows/a/b", Some(("t", b"a/b"))),
            ("/v1/tables/t/rows//", Some(("t", b"/"))),
            ("/v1/tables/t/rows/./..", Some(("t", b"./.."))),
            ("/v1/tables/t/rows/a%2Fb", Some(("t", b"a/b"))),
            ("/v1/tables/t/rows/%252F", Some(("t", b"%2F"))),
            ("/v1/tables/t/rows/%ff%00", Some(("t", b"\xff\0"))),
            ("/v1/tables/t/rows/100%", Some(("t", b"100%"))),
            ("/v1/tables/t/rows", None),
            ("/v1/tables/t/rows:get", None),
            ("/v1/tables/t", None),
            ("/v1/tables//rows/k", Some(("", b"k"))),
        ];
        for (path, expected) in cases {
            let read = RowPath::read(path).map(|row| (row.table, decode(row.key).into_owned()));
            assert_eq!(read, expected.map(|(table, key)| (table, key.to_vec())), "{path}");
        }
    }
}
