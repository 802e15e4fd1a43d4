//! What Java's regular expressions write differently.
use fancy_regex::{Captures, Regex, RegexBuilder};

use crate::error::{EvaluationError, Result};

/// How often a match may try another way before it gives up; text of strangers must not stop a query.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// Compiles an expression in Java's syntax.
pub(super) fn compile(pattern: &str) -> Result<Regex> {
    RegexBuilder::new(&translate(pattern))
        .backtrack_limit(BACKTRACK_LIMIT)
        .build()
        .map_err(|error| EvaluationError::new(format!("'{pattern}' is no regular expression: {error}")))
}

/// `\d`, `\w`, `\s`, `\b` mean ASCII in Java, `\Q..\E` quotes, and `\p{Alpha}` and its kin name POSIX classes.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = 0_usize;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let escape = &rest[1..];
            if let Some(quoted) = escape.strip_prefix('Q') {
                let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                out.push_str(&fancy_regex::escape(literal));
                rest = after;
                continue;
            }
            let (written, len) = escaped(escape, in_class > 0);
            out.push_str(&written);
            rest = &escape[len..];
            continue;
        }
        match c {
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// What stands for an escape, and how long it was without the backslash.
fn escaped(escape: &str, in_class: bool) -> (String, usize) {
    let Some(letter) = escape.chars().next() else { return ("\\".to_owned(), 0) };
    let ascii = |class: &str, negative: bool| match (in_class, negative) {
        (true, false) => class.to_owned(),
        (_, true) => format!("[^{class}]"),
        (false, false) => format!("[{class}]"),
    };
    let written = match letter {
        'd' => ascii("0-9", false),
        'D' => ascii("0-9", true),
        'w' => ascii("a-zA-Z_0-9", false),
        'W' => ascii("a-zA-Z_0-9", true),
        's' => ascii(" \\t\\n\\x0B\\f\\r", false),
        'S' => ascii(" \\t\\n\\x0B\\f\\r", true),
        'p' | 'P' => {
            if let Some((name, _)) = escape[1..].strip_prefix('{').and_then(|name| name.split_once('}'))
                && let Some(class) = posix(name)
            {
                return (ascii(class, letter == 'P'), name.len() + 3);
            }
            return (format!("\\{letter}"), 1);
        }
        _ => return (format!("\\{letter}"), letter.len_utf8()),
    };
    (written, 1)
}

fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => "\\x00-\\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => "!-/:-@\\[-`{-~",
        "Graph" => "!-~",
        "Print" => " -~",
        "Blank" => " \\t",
        "Cntrl" => "\\x00-\\x1F\\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => " \\t\\n\\x0B\\f\\r",
        _ => return None,
    })
}

/// A replacement: text, and groups as `$1` or `${name}`; a backslash takes the next character as it is.
pub(super) struct Replacement(Vec<Piece>);

enum Piece {
    Text(String),
    Group(String),
    Named(String),
}

impl Replacement {
    /// Reads a replacement.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let error = || EvaluationError::new(format!("Illegal group reference in '{text}'"));
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' => plain.push(rest.next().ok_or_else(error)?),
                '$' => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    if rest.next_if_eq(&'{').is_some() {
                        let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                        pieces.push(Piece::Named(name));
                    } else {
                        let mut digits = String::new();
                        while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                            digits.push(digit);
                        }
                        if digits.is_empty() {
                            return Err(error());
                        }
                        pieces.push(Piece::Group(digits));
                    }
                }
                c => plain.push(c),
            }
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    /// Appends what it says of a match.
    pub(super) fn expand(
        &self,
        pattern: &Regex,
        captures: &Captures<'_, str>,
        out: &mut String,
    ) -> Result<()> {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Named(name) => out.push_str(captures.name(name).map_or("", |group| group.as_str())),
                Piece::Group(digits) => {
                    // As many digits as there are groups for; what is left is text.
                    let fits =
                        |digits: &str| digits.parse::<usize>().ok().filter(|n| *n < pattern.captures_len());
                    let known = (1..=digits.len()).rev().find_map(|len| Some((fits(&digits[..len])?, len)));
                    let (group, len) =
                        known.ok_or_else(|| EvaluationError::new(format!("No group {digits}")))?;
                    out.push_str(captures.get(group).map_or("", |group| group.as_str()));
                    out.push_str(&digits[len..]);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii() {
        for (pattern, text, matches) in [
            (r"^\w+$", "abc_1", true),
            (r"^\w+$", "ä", false),
            (r"^[\w-]+$", "a-b", true),
            (r"^\d+$", "\u{0661}", false),
            (r"^\p{Alpha}+$", "abc", true),
            (r"^\P{Alpha}+$", "123", true),
            (r"^[\p{Punct}]+$", "[]!~", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^(?<=x|)a\\$", r"a\", true),
            (r"^(\w)\1$", "aa", true),
            (r"^a++b$", "aab", true),
        ] {
            let found = compile(pattern).unwrap().is_match(text).unwrap();
            assert_eq!(found, matches, "{pattern} {text}");
        }
    }
}
