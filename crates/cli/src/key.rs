//! Keys and names in addresses.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// Everything but RFC 3986's unreserved characters.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A key is the rest of the path: its slashes stay.
const PATH: &AsciiSet = &PART.remove(b'/');

/// How a key is written on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyEncoding {
    /// As text: UTF-8, numbers in decimal, JSON.
    #[default]
    Text,
    /// The stored bytes in base64url: addresses any key.
    Base64url,
}

/// The path of a row, with the query that says how its key is encoded.
pub fn row_path(table: &str, key: &OsStr, encoding: KeyEncoding) -> String {
    let rows = format!("/v1/tables/{}/rows/", part(table));
    match written(key, encoding) {
        (key, KeyEncoding::Text) => rows + &percent_encode(key.as_bytes(), PATH).to_string(),
        (key, KeyEncoding::Base64url) => format!("{rows}{key}?key-encoding=base64url"),
    }
}

/// A key as text where text is safe, else in base64url.
pub fn written(key: &OsStr, encoding: KeyEncoding) -> (String, KeyEncoding) {
    // Clients and proxies on the way may resolve dot segments.
    let dots = |key: &str| key.split('/').any(|segment| segment == "." || segment == "..");
    match (key.to_str(), encoding) {
        (Some(key), KeyEncoding::Base64url) => (key.to_owned(), encoding),
        (Some(key), KeyEncoding::Text) if !dots(key) => (key.to_owned(), encoding),
        _ => (URL_SAFE_NO_PAD.encode(key.as_bytes()), KeyEncoding::Base64url),
    }
}

/// One segment of a path, or a value in a query.
pub fn part(text: &str) -> String {
    percent_encode(text.as_bytes(), PART).to_string()
}

/// `?a=1&b=2`, or nothing.
pub fn query(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", part(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (key, path) in [
            ("N10156", "/v1/tables/t/rows/N10156"),
            ("", "/v1/tables/t/rows/"),
            ("a/b c?ü%", "/v1/tables/t/rows/a/b%20c%3F%C3%BC%25"),
            ("a/../b", "/v1/tables/t/rows/YS8uLi9i?key-encoding=base64url"),
        ] {
            assert_eq!(row_path("t", OsStr::new(key), KeyEncoding::Text), path);
        }
        let bytes = OsStr::from_bytes(b"\xff\xfe");
        assert_eq!(row_path("t", bytes, KeyEncoding::Text), "/v1/tables/t/rows/__4?key-encoding=base64url");
        let given = row_path("t", OsStr::new("__4"), KeyEncoding::Base64url);
        assert_eq!(given, "/v1/tables/t/rows/__4?key-encoding=base64url");
        assert_eq!(query(&[("from", "a&b".to_owned()), ("limit", "3".to_owned())]), "?from=a%26b&limit=3");
    }
}
