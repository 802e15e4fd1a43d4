//! A text of several statements.
use crate::lex::{Kind, Symbol, Token, lex};
use crate::position::Position;

/// The text of a statement, exactly as it stands, from its first word to its semicolon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'t> {
    /// The text; only the last of a script may lack its semicolon.
    pub text: &'t str,
    /// Where it begins.
    pub at: Position,
}

/// Cuts a text after each semicolon that ends a statement; comments before statements belong to none.
///
/// What the pieces say is not looked at: whether they are statements is known when they are parsed.
pub fn split(text: &str) -> Vec<Piece<'_>> {
    let lexed = lex(text, Position::START);
    let tokens = lexed.tokens.split_last().map_or(&[][..], |(_, tokens)| tokens);
    tokens.split_inclusive(is_semicolon).filter_map(|tokens| Piece::of(text, tokens)).collect()
}

pub(crate) fn is_semicolon(token: &Token) -> bool {
    token.kind == Kind::Symbol(Symbol::Semicolon)
}

impl<'t> Piece<'t> {
    /// What these tokens stand for.
    pub(crate) fn of(text: &'t str, tokens: &[Token]) -> Option<Self> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        Some(Self { text: &text[first.start..last.end], at: first.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_kept_exactly() {
        let text = "-- first; one\nA  /* ; */ 'x;y' ;\n\n `;`;B";
        let pieces: Vec<_> = split(text).iter().map(|piece| (piece.text, piece.at.to_string())).collect();
        assert_eq!(
            pieces,
            [("A  /* ; */ 'x;y' ;", "2:1".to_owned()), ("`;`;", "4:2".to_owned()), ("B", "4:6".to_owned())]
        );
        assert_eq!(split(" -- nothing"), []);
    }
}
