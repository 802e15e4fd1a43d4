//! LIKE.
use crate::value::Value;

/// What `%` and `_` stand for, with the character that takes their meaning away.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    escape: Option<char>,
    /// What is known if the pattern is a constant.
    known: Option<Known>,
}

/// The patterns that need no search through their characters.
#[derive(Clone, Debug)]
enum Known {
    Exactly(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Contains(Box<str>),
}

/// A character of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `%`
    Any,
    /// `_`
    One,
    Char(char),
}

impl Pattern {
    /// For a pattern that is this value, if it is a constant.
    pub fn new(escape: Option<char>, constant: Option<&Value>) -> Self {
        let known = constant.and_then(Value::as_str).and_then(|text| Known::of(text, escape));
        Self { escape, known }
    }

    /// Whether the text is like the pattern.
    pub fn matches(&self, text: &str, pattern: &str) -> bool {
        match &self.known {
            Some(Known::Exactly(known)) => *text == **known,
            Some(Known::StartsWith(known)) => text.starts_with(&**known),
            Some(Known::EndsWith(known)) => text.ends_with(&**known),
            Some(Known::Contains(known)) => text.contains(&**known),
            None => search(text, pattern, self.escape),
        }
    }
}

impl Known {
    fn of(pattern: &str, escape: Option<char>) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = pattern;
        while let Some((token, after)) = next(rest, escape) {
            tokens.push(token);
            rest = after;
        }
        let begins = tokens.first() == Some(&Token::Any);
        let ends = tokens.len() > 1 && tokens.last() == Some(&Token::Any);
        let inner = &tokens[usize::from(begins)..tokens.len() - usize::from(ends)];
        let text = inner.iter().map(|token| if let Token::Char(c) = token { Some(*c) } else { None });
        let text: Box<str> = text.collect::<Option<String>>()?.into();
        Some(match (begins, ends) {
            (false, false) => Self::Exactly(text),
            (false, true) => Self::StartsWith(text),
            (true, false) => Self::EndsWith(text),
            (true, true) => Self::Contains(text),
        })
    }
}

/// The first token and what comes after it. An escape character at the very end stands for itself.
fn next(pattern: &str, escape: Option<char>) -> Option<(Token, &str)> {
    let mut chars = pattern.chars();
    let first = chars.next()?;
    if Some(first) == escape {
        let rest = chars.as_str();
        return Some(chars.next().map_or((Token::Char(first), rest), |c| (Token::Char(c), chars.as_str())));
    }
    let token = match first {
        '%' => Token::Any,
        '_' => Token::One,
        other => Token::Char(other),
    };
    Some((token, chars.as_str()))
}

/// Where a token fails, the last `%` takes one character more: no other `%` has to be tried again.
fn search(text: &str, pattern: &str, escape: Option<char>) -> bool {
    let (mut text, mut pattern) = (text, pattern);
    let mut again: Option<(&str, &str)> = None;
    loop {
        let mut chars = text.chars();
        match (next(pattern, escape), chars.next()) {
            (Some((Token::Any, after)), _) => {
                again = Some((text, after));
                pattern = after;
            }
            (None, None) => return true,
            (Some((token, after)), Some(c)) if token == Token::One || token == Token::Char(c) => {
                (text, pattern) = (chars.as_str(), after);
            }
            _ => {
                let Some((from, after)) = again else { return false };
                let mut chars = from.chars();
                if chars.next().is_none() {
                    return false;
                }
                again = Some((chars.as_str(), after));
                (text, pattern) = (chars.as_str(), after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (text, pattern, escape, expected) in [
            ("barfoobaz", "%foo%", None, true),
            ("foo", "foo", None, true),
            ("foo", "fo", None, false),
            ("foo", "f_o", None, true),
            ("foobar", "%oba%", None, true),
            ("foobar", "foo%", None, true),
            ("foobar", "%foo", None, false),
            ("", "", None, true),
            ("", "%", None, true),
            ("x", "%%", None, true),
            ("%", "!%", Some('!'), true),
            ("x", "!%", Some('!'), false),
            ("a%b", "a!%_", Some('!'), true),
            ("a!", "a!", Some('!'), true),
            ("mississippi", "%iss%ip%i", None, true),
            ("mississippi", "%iss%ip%x", None, false),
            ("aé\n", "a__", None, true),
            ("ab", "_", None, false),
        ] {
            let constant = Value::from(pattern);
            for known in [None, Some(&constant)] {
                assert_eq!(Pattern::new(escape, known).matches(text, pattern), expected, "{text} {pattern}");
            }
        }
    }
}
