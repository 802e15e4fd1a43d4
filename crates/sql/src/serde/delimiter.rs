//! What stands between the fields of a DELIMITED record.
use std::fmt;

use super::FormatError;

/// One character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delimiter(char);

impl Delimiter {
    /// What `KEY_DELIMITER` and `VALUE_DELIMITER` take: one character, or `SPACE` or `TAB`, because white space itself would
    /// be hard to see in a statement.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            _ if text.trim().is_empty() => Err(FormatError::new(
                "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values \
                 'TAB' or 'SPACE'\nExample valid value: ';'",
            )),
            (Some(delimiter), None) => Ok(Self(delimiter)),
            _ if text.eq_ignore_ascii_case("TAB") => Ok(Self('\t')),
            _ if text.eq_ignore_ascii_case("SPACE") => Ok(Self(' ')),
            _ => Err(FormatError::new(format!(
                "Invalid delimiter value: '{text}'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'"
            ))),
        }
    }

    /// The character.
    pub fn as_char(self) -> char {
        self.0
    }
}

/// A comma.
impl Default for Delimiter {
    fn default() -> Self {
        Self(',')
    }
}

/// As [`Delimiter::parse`] takes it.
impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            '\t' => f.write_str("TAB"),
            ' ' => f.write_str("SPACE"),
            delimiter => write!(f, "{delimiter}"),
        }
    }
}
