//! The fields of the first line that is not empty, as commons-csv splits it.
use std::borrow::Cow;

use crate::serde::{Delimiter, Result, SerdeError};

/// What is left of the line.
pub(super) struct Line<'a> {
    /// `None` behind the last field.
    rest: Option<&'a str>,
    delimiter: char,
}

impl<'a> Line<'a> {
    /// `None` if the text has only empty lines.
    pub(super) fn new(text: &'a str, delimiter: Delimiter) -> Option<Self> {
        let text = text.trim_start_matches(['\r', '\n']);
        (!text.is_empty()).then_some(Self { rest: Some(text), delimiter: delimiter.as_char() })
    }

    fn ends_field(&self, c: char) -> bool {
        c == self.delimiter || c == '\n' || c == '\r'
    }

    /// Goes on behind a field: there is another one only if a delimiter follows.
    fn leave(&mut self, rest: &'a str) {
        self.rest = rest.strip_prefix(self.delimiter);
    }

    /// A field whose first character is a quote ends with the next quote that is not doubled.
    fn quoted(&mut self, text: &'a str) -> Result<Cow<'a, str>> {
        let mut field = Cow::Borrowed("");
        let mut rest = text;
        loop {
            let Some(quote) = memchr::memchr(b'"', rest.as_bytes()) else {
                return Err(SerdeError::new("EOF reached before encapsulated token finished"));
            };
            let (part, after) = (&rest[..quote], &rest[quote + 1..]);
            field += part;
            match after.strip_prefix('"') {
                Some(after) => {
                    field += "\"";
                    rest = after;
                }
                None => {
                    let end = after.find(|c| self.ends_field(c)).unwrap_or(after.len());
                    if !after[..end].trim().is_empty() {
                        return Err(SerdeError::new("invalid char between encapsulated token and delimiter"));
                    }
                    self.leave(&after[end..]);
                    return Ok(field);
                }
            }
        }
    }
}

impl<'a> Iterator for Line<'a> {
    type Item = Result<Cow<'a, str>>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        if self.delimiter != '"'
            && let Some(quoted) = text.strip_prefix('"')
        {
            return Some(self.quoted(quoted));
        }
        let end = text.find(|c| self.ends_field(c)).unwrap_or(text.len());
        self.leave(&text[end..]);
        Some(Ok(Cow::Borrowed(&text[..end])))
    }
}
