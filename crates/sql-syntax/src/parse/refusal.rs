//! What is said of a token that should not stand where it stands.
use super::parser::Parser;
use crate::error::{Expected, Problem, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Token};
use crate::suggestion::similar;

impl Parser<'_> {
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
        let tried: Vec<Keyword> = tried.collect();
        let misspelt = |token: Token| match token.kind {
            Kind::Word(None) => similar(self.text(token), tried.iter().copied().chain(CLAUSES)),
            // One keyword for another: `SHOW STREAM`.
            Kind::Word(Some(_)) if token.at == self.peek().at => {
                similar(self.text(token), tried.iter().copied())
            }
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
