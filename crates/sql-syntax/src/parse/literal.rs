//! Values that are written down.
use super::parser::Parser;
use crate::ast::Literal;
use crate::error::{Problem, Result, SyntaxError};
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, unquote};
use crate::position::Position;

impl Parser<'_> {
    /// A literal, if one stands here.
    pub(super) fn literal(&mut self) -> Result<Option<Literal>> {
        let negative = self.is_negative_number();
        let at = self.peek().at;
        if negative {
            self.take();
        }
        let token = self.peek();
        let text = self.text(token);
        let literal = match token.kind {
            Kind::Word(Some(Keyword::Null)) => Literal::Null,
            Kind::Word(Some(Keyword::True)) => Literal::Boolean(true),
            Kind::Word(Some(Keyword::False)) => Literal::Boolean(false),
            Kind::Text => Literal::String(unquote(text)),
            Kind::Integer => whole_number(text, negative, at)?,
            Kind::Decimal => Literal::Decimal(decimal(text, negative)),
            Kind::Float => double(text, negative, at)?,
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(literal))
    }

    /// A literal.
    pub(super) fn expect_literal(&mut self) -> Result<Literal> {
        match self.literal()? {
            Some(literal) => Ok(literal),
            None => Err(self.missing("a value")),
        }
    }

    /// A whole number, perhaps negative.
    pub(super) fn integer(&mut self) -> Result<i64> {
        let at = self.peek().at;
        let negative = self.are(Symbol::Minus, Kind::Integer);
        if negative {
            self.take();
        }
        let token = self.expect(Kind::Integer)?;
        signed(self.text(token), negative, at)
    }
}

fn signed(digits: &str, negative: bool, at: Position) -> Result<i64> {
    let text = if negative { format!("-{digits}") } else { digits.to_owned() };
    text.parse().map_err(|_| SyntaxError::new(at, Problem::InvalidNumber(text)))
}

fn whole_number(digits: &str, negative: bool, at: Position) -> Result<Literal> {
    let number = signed(digits, negative, at)?;
    Ok(i32::try_from(number).map_or(Literal::Bigint(number), Literal::Integer))
}

/// The digits with one before the point and without needless zeros before it.
fn decimal(text: &str, negative: bool) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.trim_start_matches('0');
    format!("{}{}.{fraction}", if negative { "-" } else { "" }, if whole.is_empty() { "0" } else { whole })
}

fn double(text: &str, negative: bool, at: Position) -> Result<Literal> {
    let text = if negative { format!("-{text}") } else { text.to_owned() };
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Literal::Double(number)),
        _ => Err(SyntaxError::new(at, Problem::DoubleOverflow(text))),
    }
}
