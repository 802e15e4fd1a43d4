//! Names, and text that stands for one.
use super::parser::Parser;
use crate::ast::Name;
use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Token, unquote};

impl Parser<'_> {
    /// Whether a token can be a name.
    pub(super) fn is_name(token: Token) -> bool {
        match token.kind {
            Kind::Word(keyword) => !keyword.is_some_and(Keyword::is_reserved),
            kind => matches!(kind, Kind::Quoted | Kind::DigitWord),
        }
    }

    /// A name; upper case, unless it is between quotes.
    pub(super) fn name(&mut self) -> Result<Name> {
        let token = self.name_token()?;
        let text = match token.kind {
            Kind::Quoted => unquote(self.text(token)),
            _ => self.text(token).to_ascii_uppercase(),
        };
        Ok(Name { text, at: token.at.into() })
    }

    /// A name in the case in which it stands, or text between single quotes.
    pub(super) fn topic(&mut self) -> Result<String> {
        if self.is(Kind::Text) {
            return self.string();
        }
        let token = self.name_token()?;
        let text = self.text(token);
        Ok(if token.kind == Kind::Quoted { unquote(text) } else { text.to_owned() })
    }

    fn name_token(&mut self) -> Result<Token> {
        let token = self.peek();
        if Self::is_name(token) {
            return Ok(self.take());
        }
        let word = || self.text(token).to_owned();
        match token.kind {
            Kind::Word(_) if self.tried.is_empty() => {
                Err(SyntaxError::new(token.at, Problem::ReservedWord(word())))
            }
            _ => Err(self.missing("a name")),
        }
    }

    /// Text between single quotes.
    pub(super) fn string(&mut self) -> Result<String> {
        let token = self.expect(Kind::Text)?;
        Ok(unquote(self.text(token)))
    }
}
