//! Operators, by the strength with which they bind.
use super::parser::Parser;
use crate::ast::{Args, BinaryOp, Expr, ExprNode, Name};
use crate::error::Result;
use crate::keyword::Keyword;
use crate::lex::{Kind, Symbol, Token};

/// How strongly an operator binds. What binds more strongly is an operand of what binds less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    Or,
    And,
    Not,
    /// Comparisons and their like, of which there is one between two logical operators: `a = b = c` is nothing.
    Predicate,
    Concat,
    Sum,
    Product,
    Sign,
}

/// An operator that follows its first operand.
enum Infix {
    Binary(BinaryOp),
    Concat,
    /// Anything but a comparison: it reads itself.
    Predicate,
}

impl Parser<'_> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Result<Expr> {
        self.nested(|parser| parser.operators(Strength::Or))
    }

    /// An expression without comparisons and logical operators outside parentheses.
    pub(super) fn value(&mut self) -> Result<Expr> {
        self.nested(|parser| parser.operators(Strength::Concat))
    }

    /// Operands of a predicate.
    pub(super) fn value_beside(&mut self) -> Result<Expr> {
        self.operators(Strength::Concat)
    }

    /// An expression whose operators outside parentheses bind at least this strongly.
    fn operators(&mut self, least: Strength) -> Result<Expr> {
        self.apart(|parser| {
            let first = parser.peek();
            let (mut left, mut most) = parser.prefixed(least)?;
            while let Some((infix, strength)) = parser.infix() {
                if strength < least || strength > most {
                    break;
                }
                left = match infix {
                    Infix::Predicate => parser.predicate(left, first)?,
                    Infix::Binary(op) => {
                        parser.take();
                        let right = parser.operators(strength.next())?;
                        ExprNode::Binary { op, left: Box::new(left), right: Box::new(right) }.at(first.at)
                    }
                    Infix::Concat => {
                        parser.take();
                        let args = Args::List(vec![left, parser.operators(strength.next())?]);
                        ExprNode::Call { name: Name { text: "CONCAT".into(), at: first.at.into() }, args }
                            .at(first.at)
                    }
                };
                parser.grow()?;
                if strength == Strength::Predicate {
                    most = Strength::Not;
                }
            }
            Ok(left)
        })
    }

    /// An operand with the operators before it, and how strongly those after it may bind.
    fn prefixed(&mut self, least: Strength) -> Result<(Expr, Strength)> {
        let token = self.peek();
        let at = token.at;
        Ok(match token.kind {
            Kind::Word(Some(Keyword::Not)) if least <= Strength::Not => {
                self.take();
                let operand = self.nested(|parser| parser.operators(Strength::Not))?;
                (ExprNode::Not(Box::new(operand)).at(at), Strength::And)
            }
            Kind::Symbol(Symbol::Minus) if !is_number(self.ahead(1)) => {
                self.take();
                let operand = self.nested(|parser| parser.operators(Strength::Sign))?;
                (ExprNode::Negate(Box::new(operand)).at(at), Strength::Sign)
            }
            Kind::Symbol(Symbol::Plus) => {
                self.take();
                let operand = self.nested(|parser| parser.operators(Strength::Sign))?;
                (ExprNode::Plus(Box::new(operand)).at(at), Strength::Sign)
            }
            _ => (self.primary()?, Strength::Sign),
        })
    }

    /// The next operator.
    fn infix(&self) -> Option<(Infix, Strength)> {
        let binary = |op, strength| Some((Infix::Binary(op), strength));
        match self.peek().kind {
            Kind::Symbol(symbol) => match symbol {
                Symbol::Equal => binary(BinaryOp::Equal, Strength::Predicate),
                Symbol::NotEqual => binary(BinaryOp::NotEqual, Strength::Predicate),
                Symbol::Less => binary(BinaryOp::Less, Strength::Predicate),
                Symbol::LessOrEqual => binary(BinaryOp::LessOrEqual, Strength::Predicate),
                Symbol::Greater => binary(BinaryOp::Greater, Strength::Predicate),
                Symbol::GreaterOrEqual => binary(BinaryOp::GreaterOrEqual, Strength::Predicate),
                Symbol::Concat => Some((Infix::Concat, Strength::Concat)),
                Symbol::Plus => binary(BinaryOp::Add, Strength::Sum),
                Symbol::Minus => binary(BinaryOp::Subtract, Strength::Sum),
                Symbol::Star => binary(BinaryOp::Multiply, Strength::Product),
                Symbol::Slash => binary(BinaryOp::Divide, Strength::Product),
                Symbol::Percent => binary(BinaryOp::Modulo, Strength::Product),
                _ => None,
            },
            Kind::Word(Some(keyword)) => match keyword {
                Keyword::Or => binary(BinaryOp::Or, Strength::Or),
                Keyword::And => binary(BinaryOp::And, Strength::And),
                Keyword::Between | Keyword::In | Keyword::Is | Keyword::Like | Keyword::Not => {
                    Some((Infix::Predicate, Strength::Predicate))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The number after a minus that belongs to it, if there is one.
    pub(super) fn is_negative_number(&self) -> bool {
        self.is(Symbol::Minus) && is_number(self.ahead(1))
    }
}

impl Strength {
    /// The next stronger one.
    fn next(self) -> Self {
        match self {
            Self::Or => Self::And,
            Self::And => Self::Not,
            Self::Not => Self::Predicate,
            Self::Predicate => Self::Concat,
            Self::Concat => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product | Self::Sign => Self::Sign,
        }
    }
}

fn is_number(token: Token) -> bool {
    matches!(token.kind, Kind::Integer | Kind::Decimal | Kind::Float)
}
