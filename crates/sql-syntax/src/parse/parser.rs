//! The parser's place in the tokens.
use crate::error::{Expected, Result};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, Token};

/// Reads tokens from left to right.
pub(super) struct Parser<'t> {
    text: &'t str,
    /// Ends with [`Kind::End`], which is never passed.
    pub(super) tokens: &'t [Token],
    pub(super) next: usize,
    /// What was looked for at this place in vain.
    pub(super) tried: Vec<Expected>,
    pub(super) nesting: u32,
    /// The height of the highest tree that was built on this level of nesting.
    pub(super) height: u32,
}

impl From<Keyword> for Kind {
    fn from(keyword: Keyword) -> Self {
        Self::Word(Some(keyword))
    }
}

impl From<Symbol> for Kind {
    fn from(symbol: Symbol) -> Self {
        Self::Symbol(symbol)
    }
}

impl<'t> Parser<'t> {
    /// `tokens` end with [`Kind::End`].
    pub(super) fn new(text: &'t str, tokens: &'t [Token]) -> Self {
        Self { text, tokens, next: 0, tried: Vec::new(), nesting: 0, height: 0 }
    }

    pub(super) fn peek(&self) -> Token {
        self.ahead(0)
    }

    /// The token after `count` others.
    pub(super) fn ahead(&self, count: usize) -> Token {
        self.tokens[(self.next + count).min(self.tokens.len() - 1)]
    }

    /// Passes a token.
    pub(super) fn take(&mut self) -> Token {
        let token = self.peek();
        if token.kind != Kind::End {
            self.next += 1;
        }
        self.tried.clear();
        token
    }

    /// The place, for [`Parser::go_back`].
    pub(super) fn place(&self) -> usize {
        self.next
    }

    pub(super) fn go_back(&mut self, place: usize) {
        self.next = place;
        self.tried.clear();
    }

    pub(super) fn text(&self, token: Token) -> &'t str {
        &self.text[token.start..token.end]
    }

    pub(super) fn is(&self, kind: impl Into<Kind>) -> bool {
        self.peek().kind == kind.into()
    }

    /// Whether the next tokens are these.
    pub(super) fn are(&self, first: impl Into<Kind>, second: impl Into<Kind>) -> bool {
        self.peek().kind == first.into() && self.ahead(1).kind == second.into()
    }

    /// Passes this token, if it is the next.
    pub(super) fn accept(&mut self, kind: impl Into<Kind>) -> bool {
        let kind = kind.into();
        let found = self.peek().kind == kind;
        if found {
            self.take();
        } else {
            self.tried.push(expected(kind));
        }
        found
    }

    /// Passes this token.
    pub(super) fn expect(&mut self, kind: impl Into<Kind>) -> Result<Token> {
        let token = self.peek();
        if self.accept(kind) { Ok(token) } else { Err(self.unexpected()) }
    }

    /// Passes these keywords, if the first is the next token.
    pub(super) fn accept_all(&mut self, keywords: &[Keyword]) -> Result<bool> {
        let Some((first, rest)) = keywords.split_first() else { return Ok(false) };
        if !self.accept(*first) {
            return Ok(false);
        }
        for keyword in rest {
            self.expect(*keyword)?;
        }
        Ok(true)
    }

    /// `item, item, ...`
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept(Symbol::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(item, item, ...)`
    pub(super) fn in_parentheses<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect(Symbol::Open)?;
        let items = self.list(item)?;
        self.expect(Symbol::Close)?;
        Ok(items)
    }
}

fn expected(kind: Kind) -> Expected {
    match kind {
        Kind::Word(Some(keyword)) => Expected::Token(keyword.as_str()),
        Kind::Symbol(symbol) => Expected::Token(symbol.as_str()),
        Kind::Integer => Expected::Literal("INTEGER_VALUE"),
        Kind::Text => Expected::Literal("STRING"),
        _ => Expected::Thing("something else"),
    }
}
