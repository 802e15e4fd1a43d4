//! The parser's place in the tokens.
use crate::ast::Name;
use crate::error::{Expected, Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, Token, unquote};
use crate::suggestion::similar;

/// How deeply expressions, types and statements may be nested in each other.
///
/// Parsing one level takes less than 4 KB of stack.
pub const MAX_NESTING: u32 = 256;

/// How high a syntax tree may be: whoever walks it recursively needs this many calls. A chain of operators without
/// parentheses, such as a long `OR`, is as high as it is long.
pub const MAX_HEIGHT: u32 = 1024;

/// Reads tokens from left to right.
pub(super) struct Parser<'t> {
    text: &'t str,
    /// Ends with [`Kind::End`], which is never passed.
    tokens: &'t [Token],
    next: usize,
    /// What was looked for at this place in vain.
    tried: Vec<Expected>,
    nesting: u32,
    /// The height of the highest tree that was built on this level of nesting.
    height: u32,
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

    /// Builds nodes that are one level deeper.
    pub(super) fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting == MAX_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let built = self.apart(|parser| {
            let built = build(parser)?;
            parser.grow()?;
            Ok(built)
        });
        self.nesting -= 1;
        built
    }

    /// Builds nodes beside those that were built on this level.
    pub(super) fn apart<T>(&mut self, build: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let beside = std::mem::take(&mut self.height);
        let built = build(self)?;
        self.height = self.height.max(beside);
        Ok(built)
    }

    /// Puts a node on top of those that were built on this level.
    pub(super) fn grow(&mut self) -> Result<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT { Err(self.too_deep()) } else { Ok(()) }
    }

    fn too_deep(&self) -> SyntaxError {
        SyntaxError::new(self.peek().at, Problem::TooDeep)
    }

    /// Something of this kind should stand here.
    pub(super) fn missing(&mut self, thing: &'static str) -> SyntaxError {
        self.tried.push(Expected::Thing(thing));
        self.unexpected()
    }

    /// The next token is none of those that were looked for.
    pub(super) fn unexpected(&mut self) -> SyntaxError {
        let token = self.peek();
        let text = self.text(token);
        let problem = match token.kind {
            Kind::Unclosed => {
                Problem::Unclosed(text.chars().take(if text.starts_with('/') { 2 } else { 1 }).collect())
            }
            Kind::Variable => Problem::UndefinedVariable(text.to_owned()),
            kind => {
                let found =
                    if kind == Kind::End { "<EOF>".to_owned() } else { text.chars().take(SHOWN).collect() };
                let suggestion = self.suggestion();
                let mut expected = Vec::new();
                for one in std::mem::take(&mut self.tried) {
                    if !expected.contains(&one) {
                        expected.push(one);
                    }
                }
                Problem::Unexpected { found, expected, suggestion }
            }
        };
        SyntaxError::new(token.at, problem)
    }

    /// The keyword that the next word, or the one before it, may have been meant to be: a misspelt keyword often passes for
    /// an alias.
    fn suggestion(&self) -> Option<Keyword> {
        let tried = self.tried.iter().filter_map(|one| match one {
            Expected::Token(text) => Keyword::of(text),
            _ => None,
        });
        let words: Vec<Keyword> = tried.chain(CLAUSES).collect();
        let misspelt = |token: Token| match token.kind {
            Kind::Word(None) => similar(self.text(token), words.iter().copied()),
            _ => None,
        };
        let before = self.next.checked_sub(1).map(|index| self.tokens[index]);
        misspelt(self.peek()).or_else(|| before.and_then(misspelt))
    }
}

/// Characters of an unexpected token that are shown.
const SHOWN: usize = 60;

/// Keywords that can stand where an alias can, or after an expression.
const CLAUSES: [Keyword; 20] = [
    Keyword::And,
    Keyword::As,
    Keyword::Between,
    Keyword::By,
    Keyword::Changes,
    Keyword::Emit,
    Keyword::From,
    Keyword::Group,
    Keyword::Having,
    Keyword::Inner,
    Keyword::Join,
    Keyword::Left,
    Keyword::Like,
    Keyword::Limit,
    Keyword::Partition,
    Keyword::Right,
    Keyword::Values,
    Keyword::Where,
    Keyword::Window,
    Keyword::Within,
];

fn expected(kind: Kind) -> Expected {
    match kind {
        Kind::Word(Some(keyword)) => Expected::Token(keyword.as_str()),
        Kind::Symbol(symbol) => Expected::Token(symbol.as_str()),
        Kind::Integer => Expected::Literal("INTEGER_VALUE"),
        Kind::Text => Expected::Literal("STRING"),
        _ => Expected::Thing("something else"),
    }
}
