//! A pattern taken apart.
use super::PatternError;

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Text as it is.
    Text(String),
    /// A letter, and how often it stands there.
    Field(char, usize),
    /// What may be missing.
    Optional(Vec<Token>),
    /// Spaces in front of the next field, up to a width.
    Pad(usize),
}

/// Takes a pattern apart. An optional part may lack its end.
pub(super) fn tokens(pattern: &str) -> Result<Vec<Token>, PatternError> {
    let mut open: Vec<Vec<Token>> = vec![Vec::new()];
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        let token = match c {
            '\'' => Token::Text(quoted(&mut rest, pattern)?),
            '[' => {
                open.push(Vec::new());
                continue;
            }
            ']' => match (open.pop(), open.is_empty()) {
                (Some(inner), false) => Token::Optional(inner),
                _ => return Err(PatternError::new("Pattern invalid as it contains ] without previous [")),
            },
            c if c.is_ascii_alphabetic() => {
                let mut count = 1;
                while rest.next_if_eq(&c).is_some() {
                    count += 1;
                }
                field(c, count)?
            }
            '{' | '}' | '#' => {
                return Err(PatternError::new(format!("Pattern includes reserved character: '{c}'")));
            }
            c => Token::Text(c.to_string()),
        };
        if let Some(last) = open.last_mut() {
            last.push(token);
        }
    }
    while open.len() > 1 {
        let inner = open.pop().unwrap_or_default();
        if let Some(last) = open.last_mut() {
            last.push(Token::Optional(inner));
        }
    }
    Ok(open.pop().unwrap_or_default())
}

/// The text up to the end quote; two quotes are one, also outside of text.
fn quoted(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    pattern: &str,
) -> Result<String, PatternError> {
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => return Ok(if text.is_empty() { "'".to_owned() } else { text }),
            Some(c) => text.push(c),
            None => {
                let text = format!("Pattern ends with an incomplete string literal: {pattern}");
                return Err(PatternError::new(text));
            }
        }
    }
}

fn field(letter: char, count: usize) -> Result<Token, PatternError> {
    let most = match letter {
        'p' => return Ok(Token::Pad(count)),
        'd' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' | 'w' => 2,
        'W' | 'F' | 'a' => 1,
        'D' => 3,
        'G' | 'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'c' | 'X' | 'x' | 'Z' => 5,
        'S' => 9,
        'z' | 'O' => 4,
        'V' => 2,
        'u' | 'y' | 'Y' | 'A' | 'n' | 'N' => 19,
        _ => return Err(PatternError::new(format!("Unknown pattern letter: {letter}"))),
    };
    let wrong = count > most || (letter == 'V' && count != 2) || (letter == 'O' && count != 1 && count != 4);
    if wrong {
        return Err(PatternError::new(format!("Too many pattern letters: {letter}")));
    }
    Ok(Token::Field(letter, count))
}
