//! Predicates that are more than a comparison.
use super::parser::Parser;
use crate::ast::{BinaryOp, Expr, ExprNode};
use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, Token, unquote};

impl Parser<'_> {
    /// `IS ...`, `[NOT] BETWEEN ...`, `[NOT] IN ...` or `[NOT] LIKE ...` after `value`, which begins with `first`.
    pub(super) fn predicate(&mut self, value: Expr, first: Token) -> Result<Expr> {
        let value = Box::new(value);
        if self.accept(Keyword::Is) {
            return self.is_predicate(value, first);
        }
        let negated = self.accept(Keyword::Not);
        let node = if self.accept(Keyword::Between) {
            let low = Box::new(self.value_beside()?);
            self.expect(Keyword::And)?;
            let high = Box::new(self.value_beside()?);
            ExprNode::Between { value, low, high }
        } else if self.accept(Keyword::In) {
            ExprNode::In { value, items: self.in_parentheses(Self::expr)? }
        } else if self.accept(Keyword::Like) {
            let pattern = Box::new(self.value_beside()?);
            let escape = if self.accept(Keyword::Escape) { Some(self.escape()?) } else { None };
            ExprNode::Like { value, pattern, escape }
        } else {
            return Err(self.unexpected());
        };
        self.negated(node, negated, first)
    }

    fn is_predicate(&mut self, value: Box<Expr>, first: Token) -> Result<Expr> {
        let negated = self.accept(Keyword::Not);
        if self.accept(Keyword::Null) {
            return Ok(ExprNode::IsNull { value, negated }.at(first.at));
        }
        self.expect(Keyword::Distinct)?;
        self.expect(Keyword::From)?;
        let right = Box::new(self.value_beside()?);
        let node = ExprNode::Binary { op: BinaryOp::IsDistinctFrom, left: value, right };
        self.negated(node, negated, first)
    }

    fn negated(&mut self, node: ExprNode, negated: bool, first: Token) -> Result<Expr> {
        let expr = node.at(first.at);
        if !negated {
            return Ok(expr);
        }
        self.grow()?;
        Ok(ExprNode::Not(Box::new(expr)).at(first.at))
    }

    fn escape(&mut self) -> Result<char> {
        let token = self.expect(Kind::Text)?;
        let text = unquote(self.text(token));
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(escape), None) => Ok(escape),
            _ => Err(SyntaxError::new(token.at, Problem::IllegalEscape(text))),
        }
    }

    /// `(a, b)` of `GROUP BY` and `PARTITION BY`, or as many expressions without parentheses around them all.
    pub(super) fn grouping(&mut self) -> Result<Vec<Expr>> {
        if self.are(Symbol::Open, Symbol::Close) {
            self.take();
            self.take();
            return Ok(Vec::new());
        }
        if self.is(Symbol::Open) && self.is_list_ahead() {
            return self.in_parentheses(Self::value);
        }
        self.list(Self::value)
    }

    /// Whether the parentheses that open here have a comma between them that is in no others.
    fn is_list_ahead(&self) -> bool {
        let mut depth = 0_usize;
        for count in 0.. {
            match self.ahead(count).kind {
                Kind::Symbol(Symbol::Open | Symbol::OpenBracket) => depth += 1,
                Kind::Symbol(Symbol::Close | Symbol::CloseBracket) => {
                    depth -= 1;
                    if depth == 0 {
                        return false;
                    }
                }
                Kind::Symbol(Symbol::Comma) if depth == 1 => return true,
                Kind::Symbol(Symbol::Semicolon) | Kind::End => return false,
                _ => {}
            }
        }
        false
    }
}
