//! Text to tokens. Nothing here fails: what cannot be read is a token too, and the parser says so when it meets it.
mod number;
mod quote;
mod token;

use crate::keyword::Keyword;
use crate::position::Position;
pub(crate) use quote::{doubled, quote, quoted_end, unquote};
pub(crate) use token::{Kind, Symbol, Token};

/// A comment of the form `--@name: value`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DirectiveComment {
    /// How many tokens stand before it.
    pub before: usize,
    pub start: usize,
    pub end: usize,
    pub at: Position,
}

/// A text in tokens, which end with [`Kind::End`].
pub(crate) struct Lexed {
    pub tokens: Vec<Token>,
    pub directives: Vec<DirectiveComment>,
}

/// Splits a text that begins at `at`.
pub(crate) fn lex(text: &str, at: Position) -> Lexed {
    let mut lexed = Lexed { tokens: Vec::with_capacity(text.len() / 5 + 1), directives: Vec::new() };
    let bytes = text.as_bytes();
    let (mut seen, mut at, mut start) = (0, at, 0);
    while start < bytes.len() {
        at.advance(&bytes[seen..start]);
        seen = start;
        match gap(bytes, start) {
            Gap::None => {}
            Gap::Until { end, is_directive } => {
                if is_directive {
                    lexed.directives.push(DirectiveComment { before: lexed.tokens.len(), start, end, at });
                }
                start = end;
                continue;
            }
            Gap::Unclosed => {
                lexed.tokens.push(Token { kind: Kind::Unclosed, start, end: bytes.len(), at });
                start = bytes.len();
                continue;
            }
        }
        let (kind, end) = token(text, start);
        lexed.tokens.push(Token { kind, start, end, at });
        start = end;
    }
    at.advance(&bytes[seen..]);
    lexed.tokens.push(Token { kind: Kind::End, start, end: start, at });
    lexed
}

/// What lies between tokens.
enum Gap {
    None,
    Until { end: usize, is_directive: bool },
    Unclosed,
}

fn gap(bytes: &[u8], start: usize) -> Gap {
    let rest = &bytes[start..];
    if rest[0].is_ascii_whitespace() {
        let length = rest.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(rest.len());
        Gap::Until { end: start + length, is_directive: false }
    } else if rest.starts_with(b"--") {
        let length = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
        Gap::Until { end: start + length, is_directive: rest.starts_with(b"--@") }
    } else if rest.starts_with(b"/*") {
        match rest[2..].windows(2).position(|pair| pair == b"*/") {
            Some(length) => Gap::Until { end: start + length + 4, is_directive: false },
            None => Gap::Unclosed,
        }
    } else {
        Gap::None
    }
}

/// The token that begins at `start`, and where it ends.
fn token(text: &str, start: usize) -> (Kind, usize) {
    let bytes = text.as_bytes();
    match bytes[start] {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let end = word_end(bytes, start);
            (Kind::Word(Keyword::of(&text[start..end])), end)
        }
        b'0'..=b'9' => number::number(bytes, start),
        b'.' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => number::number(bytes, start),
        quote @ (b'\'' | b'"' | b'`') => match quoted_end(bytes, start) {
            Some(end) => (if quote == b'\'' { Kind::Text } else { Kind::Quoted }, end),
            None => (Kind::Unclosed, bytes.len()),
        },
        b'$' => match variable_end(bytes, start) {
            Some(end) => (Kind::Variable, end),
            None => (Kind::Stray, start + 1),
        },
        _ => match symbol(&bytes[start..]) {
            Some((symbol, length)) => (Kind::Symbol(symbol), start + length),
            None => {
                let length = text[start..].chars().next().map_or(1, char::len_utf8);
                (Kind::Stray, start + length)
            }
        },
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')
}

/// The end of the word, or of the rest of one, that begins at `start`.
fn word_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|b| !is_word_byte(*b)).map_or(bytes.len(), |length| start + length)
}

/// The end of the `${name}` that begins at `start`.
pub(crate) fn variable_end(bytes: &[u8], start: usize) -> Option<usize> {
    let name = start + 2;
    if !bytes[start..].starts_with(b"${") || bytes.get(name)?.is_ascii_digit() {
        return None;
    }
    let length = bytes[name..].iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_')?;
    (length > 0 && bytes[name + length] == b'}').then_some(name + length + 1)
}

fn symbol(rest: &[u8]) -> Option<(Symbol, usize)> {
    let second = rest.get(1).copied().unwrap_or_default();
    let two = match (rest[0], second) {
        (b'<', b'>') | (b'!', b'=') => Some(Symbol::NotEqual),
        (b'<', b'=') => Some(Symbol::LessOrEqual),
        (b'>', b'=') => Some(Symbol::GreaterOrEqual),
        (b'|', b'|') => Some(Symbol::Concat),
        (b'-', b'>') => Some(Symbol::Arrow),
        (b'=', b'>') => Some(Symbol::FatArrow),
        (b':', b'=') => Some(Symbol::Assign),
        _ => None,
    };
    if let Some(symbol) = two {
        return Some((symbol, 2));
    }
    let one = match rest[0] {
        b'(' => Symbol::Open,
        b')' => Symbol::Close,
        b'[' => Symbol::OpenBracket,
        b']' => Symbol::CloseBracket,
        b',' => Symbol::Comma,
        b';' => Symbol::Semicolon,
        b'.' => Symbol::Dot,
        b'=' => Symbol::Equal,
        b'<' => Symbol::Less,
        b'>' => Symbol::Greater,
        b'+' => Symbol::Plus,
        b'-' => Symbol::Minus,
        b'*' => Symbol::Star,
        b'/' => Symbol::Slash,
        b'%' => Symbol::Percent,
        _ => return None,
    };
    Some((one, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        let lexed = lex(text, Position::START);
        let shown = |t: &Token| format!("{:?}:{}@{}", t.kind, &text[t.start..t.end], t.at);
        lexed.tokens.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn positions_count_characters_and_skip_comments() {
        assert_eq!(
            kinds("a /* é */ b -- x\n 'é' ;"),
            "Word(None):a@1:1 Word(None):b@1:11 Text:'é'@2:2 Symbol(Semicolon):;@2:6 End:@2:7"
        );
    }

    #[test]
    fn unreadable_text_is_a_token() {
        assert_eq!(
            kinds("é ${1} 'x"),
            "Stray:é@1:1 Stray:$@1:3 Stray:{@1:4 Integer:1@1:5 Stray:}@1:6 Unclosed:'x@1:8 End:@1:10"
        );
        assert_eq!(kinds("a /* b"), "Word(None):a@1:1 Unclosed:/* b@1:3 End:@1:7");
    }

    #[test]
    fn directives_are_comments_that_are_remembered() {
        let text = "--@test: x\na; --@other: y";
        let lexed = lex(text, Position::START);
        let found: Vec<_> = lexed.directives.iter().map(|d| (d.before, &text[d.start..d.end])).collect();
        assert_eq!(found, [(0, "--@test: x"), (2, "--@other: y")]);
    }
}
