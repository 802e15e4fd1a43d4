//! Calls, lambdas and constructors.
use super::parser::Parser;
use crate::ast::{Args, Expr, ExprNode, Name, TimeUnit};
use crate::error::Result;
use crate::lex::{Kind, Symbol};

impl Parser<'_> {
    /// `name(arguments)`
    pub(super) fn call(&mut self) -> Result<Expr> {
        let name = self.name()?;
        self.expect(Symbol::Open)?;
        let args = if self.are(Symbol::Star, Symbol::Close) {
            self.take();
            Args::Star
        } else {
            Args::List(self.args()?)
        };
        self.expect(Symbol::Close)?;
        let at = name.at;
        Ok(ExprNode::Call { name, args }.at(at))
    }

    /// Arguments up to the closing parenthesis; after a lambda come only lambdas.
    fn args(&mut self) -> Result<Vec<Expr>> {
        let mut args: Vec<Expr> = Vec::new();
        if self.is(Symbol::Close) {
            return Ok(args);
        }
        loop {
            let after_lambda = args.last().is_some_and(|last| matches!(last.node, ExprNode::Lambda { .. }));
            args.push(match self.unit_ahead() {
                _ if self.is_lambda_ahead() => self.lambda()?,
                _ if after_lambda => return Err(self.missing("a lambda")),
                Some(unit) => {
                    let word = self.name()?;
                    let at = word.at;
                    ExprNode::Unit { unit, word }.at(at)
                }
                None => self.expr()?,
            });
            if !self.accept(Symbol::Comma) {
                return Ok(args);
            }
        }
    }

    /// The unit that is the whole next argument.
    fn unit_ahead(&self) -> Option<TimeUnit> {
        let token = self.peek();
        let is_whole = matches!(self.ahead(1).kind, Kind::Symbol(Symbol::Comma | Symbol::Close));
        match token.kind {
            Kind::Word(Some(keyword)) if is_whole => TimeUnit::of(keyword.as_str()),
            _ => None,
        }
    }

    fn is_lambda_ahead(&self) -> bool {
        let is = |count: usize, symbol: Symbol| self.ahead(count).kind == Kind::Symbol(symbol);
        let is_name = |count: usize| Self::is_name(self.ahead(count));
        if !is(0, Symbol::Open) {
            return is_name(0) && is(1, Symbol::FatArrow);
        }
        let mut count = 1;
        while is_name(count) && is(count + 1, Symbol::Comma) {
            count += 2;
        }
        is_name(count) && is(count + 1, Symbol::Close) && is(count + 2, Symbol::FatArrow)
    }

    fn lambda(&mut self) -> Result<Expr> {
        let at = self.peek().at;
        let params =
            if self.is(Symbol::Open) { self.in_parentheses(Self::name)? } else { vec![self.name()?] };
        self.expect(Symbol::FatArrow)?;
        let body = Box::new(self.expr()?);
        Ok(ExprNode::Lambda { params, body }.at(at))
    }

    /// `ARRAY[items]`
    pub(super) fn array(&mut self) -> Result<Expr> {
        let at = self.take().at;
        self.take();
        let items = if self.is(Symbol::CloseBracket) { Vec::new() } else { self.list(Self::expr)? };
        self.expect(Symbol::CloseBracket)?;
        Ok(ExprNode::Array(items).at(at))
    }

    /// `MAP(key := value, ...)`
    pub(super) fn map(&mut self) -> Result<Expr> {
        let at = self.take().at;
        Ok(ExprNode::Map(self.assignments(Self::expr)?).at(at))
    }

    /// `STRUCT(field := value, ...)`
    pub(super) fn struct_(&mut self) -> Result<Expr> {
        let at = self.take().at;
        let fields: Vec<(Name, Expr)> = self.assignments(Self::name)?;
        Ok(ExprNode::Struct(fields).at(at))
    }

    fn assignments<T>(&mut self, mut to: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<(T, Expr)>> {
        if self.are(Symbol::Open, Symbol::Close) {
            self.take();
            self.take();
            return Ok(Vec::new());
        }
        self.in_parentheses(|parser| {
            let to = to(parser)?;
            parser.expect(Symbol::Assign)?;
            Ok((to, parser.expr()?))
        })
    }
}
