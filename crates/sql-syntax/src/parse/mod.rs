//! Tokens to the syntax tree, by recursive descent; each file reads a part of the language.
mod admin;
mod assertion;
mod call;
mod create;
mod data_type;
mod expr;
mod limit;
mod literal;
mod name;
mod parser;
mod predicate;
mod primary;
mod query;
mod refusal;
mod relation;
mod source;
mod statement;
mod time;

use std::borrow::Cow;

use crate::ast::{DataType, Expr, Statement};
use crate::error::Result;
use crate::lex::{Kind, Symbol, lex};
use crate::position::Position;
use crate::script::{Piece, split};
pub use limit::{MAX_HEIGHT, MAX_NESTING};
use parser::Parser;

/// A statement and the text that it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'t> {
    /// The text, with its semicolon.
    pub piece: Piece<'t>,
    /// What it says.
    pub statement: Statement,
}

impl Parsed<'_> {
    /// The text as it may be logged.
    pub fn loggable(&self) -> Cow<'_, str> {
        match self.statement.masked() {
            Some(masked) => Cow::Owned(format!("{masked};")),
            None => Cow::Borrowed(self.piece.text),
        }
    }
}

/// Reads statements, each with a semicolon at its end.
pub fn parse(text: &str) -> Result<Vec<Parsed<'_>>> {
    split(text).into_iter().map(|piece| Ok(Parsed { statement: piece.parse()?, piece })).collect()
}

/// Reads one statement, with or without a semicolon.
pub fn parse_statement(text: &str) -> Result<Statement> {
    whole(text, Position::START, |parser| {
        let statement = parser.statement()?;
        parser.accept(Symbol::Semicolon);
        Ok(statement)
    })
}

/// Reads an expression.
pub fn parse_expr(text: &str) -> Result<Expr> {
    whole(text, Position::START, |parser| parser.expr())
}

/// Reads a type.
pub fn parse_type(text: &str) -> Result<DataType> {
    whole(text, Position::START, |parser| parser.data_type())
}

impl Piece<'_> {
    /// Reads the statement; its positions are those of the whole text.
    pub fn parse(&self) -> Result<Statement> {
        whole(self.text, self.at, |parser| {
            let statement = parser.statement()?;
            parser.expect(Symbol::Semicolon)?;
            Ok(statement)
        })
    }
}

/// Reads a text that begins at `at` to its end.
fn whole<T>(text: &str, at: Position, read: impl FnOnce(&mut Parser<'_>) -> Result<T>) -> Result<T> {
    let lexed = lex(text, at);
    let mut parser = Parser::new(text, &lexed.tokens);
    let read = read(&mut parser)?;
    if parser.is(Kind::End) { Ok(read) } else { Err(parser.unexpected()) }
}
