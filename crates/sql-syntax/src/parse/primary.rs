//! Operands.
use super::parser::Parser;
use crate::ast::{Expr, ExprNode};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, Token};

impl Parser<'_> {
    /// An operand with the `[index]` and `->field` after it.
    pub(super) fn primary(&mut self) -> Result<Expr> {
        let at = self.peek().at;
        let mut base = self.operand()?;
        loop {
            let node = if self.is(Symbol::OpenBracket) {
                self.take();
                let index = Box::new(self.value()?);
                self.expect(Symbol::CloseBracket)?;
                ExprNode::Subscript { base: Box::new(base), index }
            } else if self.is(Symbol::Arrow) && !self.are(Symbol::Arrow, Symbol::Star) {
                self.take();
                ExprNode::Field { base: Box::new(base), field: self.name()? }
            } else {
                return Ok(base);
            };
            base = node.at(at);
            self.grow()?;
        }
    }

    fn operand(&mut self) -> Result<Expr> {
        let token = self.peek();
        match token.kind {
            Kind::Symbol(Symbol::Open) => {
                self.take();
                let inner = self.expr()?;
                self.expect(Symbol::Close)?;
                return Ok(inner);
            }
            Kind::Word(Some(Keyword::Case)) => return self.case(token),
            Kind::Word(Some(Keyword::Cast)) => return self.cast(token),
            _ => {}
        }
        if let Some(literal) = self.literal()? {
            return Ok(ExprNode::Literal(literal).at(token.at));
        }
        if !Self::is_name(token) {
            return Err(self.missing("an expression"));
        }
        match (token.kind, self.ahead(1).kind) {
            (_, Kind::Text) => {
                let type_name = self.name()?;
                Ok(ExprNode::Typed { type_name, text: self.string()? }.at(token.at))
            }
            (Kind::Word(Some(Keyword::Array)), Kind::Symbol(Symbol::OpenBracket)) => self.array(),
            (Kind::Word(Some(Keyword::Map)), Kind::Symbol(Symbol::Open)) => self.map(),
            (Kind::Word(Some(Keyword::Struct)), Kind::Symbol(Symbol::Open)) => self.struct_(),
            (_, Kind::Symbol(Symbol::Open)) => self.call(),
            _ => self.column(token),
        }
    }

    /// `column`, `source.column`
    fn column(&mut self, first: Token) -> Result<Expr> {
        let name = self.name()?;
        if !self.is(Symbol::Dot) {
            return Ok(ExprNode::Column { source: None, name }.at(first.at));
        }
        self.take();
        let column = self.name()?;
        Ok(ExprNode::Column { source: Some(name), name: column }.at(first.at))
    }

    fn case(&mut self, first: Token) -> Result<Expr> {
        self.take();
        let operand = if self.is(Keyword::When) { None } else { Some(Box::new(self.value()?)) };
        let mut branches = Vec::new();
        while self.accept(Keyword::When) {
            let condition = self.expr()?;
            self.expect(Keyword::Then)?;
            branches.push((condition, self.expr()?));
        }
        if branches.is_empty() {
            return Err(self.unexpected());
        }
        let otherwise = if self.accept(Keyword::Else) { Some(Box::new(self.expr()?)) } else { None };
        self.expect(Keyword::End)?;
        Ok(ExprNode::Case { operand, branches, otherwise }.at(first.at))
    }

    fn cast(&mut self, first: Token) -> Result<Expr> {
        self.take();
        self.expect(Symbol::Open)?;
        let value = Box::new(self.expr()?);
        self.expect(Keyword::As)?;
        let data_type = self.data_type()?;
        self.expect(Symbol::Close)?;
        Ok(ExprNode::Cast { value, data_type }.at(first.at))
    }
}
