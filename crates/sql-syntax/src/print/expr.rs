//! Expressions: each operator with parentheses around it, so that no rule of precedence is needed to read it.
use std::fmt::{self, Display, Formatter};

use super::name::{Text, Unlike};
use super::separated;
use crate::ast::{Args, BinaryOp, Expr, ExprNode, Name, TimeUnit};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl Display for ExprNode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Typed { type_name, text } => write!(f, "{type_name} {}", Text(text)),
            Self::Column { source: None, name } => column(name).fmt(f),
            Self::Column { source: Some(source), name } => write!(f, "{source}.{}", column(name)),
            Self::Unit { word, .. } => word.fmt(f),
            Self::Not(operand) => write!(f, "(NOT {operand})"),
            Self::Negate(operand) => write!(f, "-{}", Base(operand)),
            Self::Plus(operand) => write!(f, "+{}", Base(operand)),
            Self::Binary { op, left, right } => write!(f, "({left} {op} {right})"),
            Self::Like { value, pattern, escape: None } => write!(f, "({value} LIKE {pattern})"),
            Self::Like { value, pattern, escape: Some(escape) } => {
                write!(f, "({value} LIKE {pattern} ESCAPE {})", Text(escape.encode_utf8(&mut [0; 4])))
            }
            Self::Between { value, low, high } => write!(f, "({value} BETWEEN {low} AND {high})"),
            Self::In { value, items } => {
                write!(f, "({value} IN (")?;
                separated(f, items, ", ")?;
                f.write_str("))")
            }
            Self::IsNull { value, negated: false } => write!(f, "({value} IS NULL)"),
            Self::IsNull { value, negated: true } => write!(f, "({value} IS NOT NULL)"),
            Self::Case { operand, branches, otherwise } => {
                f.write_str("(CASE")?;
                if let Some(operand) = operand {
                    write!(f, " {operand}")?;
                }
                for (condition, result) in branches {
                    write!(f, " WHEN {condition} THEN {result}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " ELSE {otherwise}")?;
                }
                f.write_str(" END)")
            }
            Self::Cast { value, data_type } => write!(f, "CAST({value} AS {data_type})"),
            Self::Call { name, args } => write!(f, "{}({args})", Unlike(name, &["MAP", "STRUCT"])),
            Self::Lambda { params, body } => {
                f.write_str("(")?;
                separated(f, params, ", ")?;
                write!(f, ") => {body}")
            }
            Self::Array(items) => {
                f.write_str("ARRAY[")?;
                separated(f, items, ", ")?;
                f.write_str("]")
            }
            Self::Map(entries) => assignments(f, "MAP", entries),
            Self::Struct(fields) => assignments(f, "STRUCT", fields),
            Self::Subscript { base, index } => write!(f, "{}[{index}]", Base(base)),
            Self::Field { base, field } => write!(f, "{}->{field}", Base(base)),
        }
    }
}

/// `ARRAY[1]` would be an array.
fn column(name: &Name) -> Unlike<'_> {
    Unlike(name, &["ARRAY"])
}

fn assignments<T: Display>(f: &mut Formatter<'_>, what: &str, entries: &[(T, Expr)]) -> fmt::Result {
    write!(f, "{what}(")?;
    for (index, (to, value)) in entries.iter().enumerate() {
        write!(f, "{}{to}:={value}", if index == 0 { "" } else { ", " })?;
    }
    f.write_str(")")
}

/// An operand of a sign, of `[index]` or of `->field`, with parentheses where it would become another: a sign before a number is
/// part of it, two signs are a comment, and a sign before `a[1]` applies to the whole.
pub(super) struct Base<'a>(pub &'a Expr);

impl Display for Base<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.node {
            ExprNode::Literal(literal) if literal.is_number() => write!(f, "({literal})"),
            ExprNode::Negate(_) | ExprNode::Plus(_) => write!(f, "({})", self.0),
            _ => self.0.fmt(f),
        }
    }
}

impl Display for Args {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self::List(args) = self else { return f.write_str("*") };
        for (index, arg) in args.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match &arg.node {
                // The bare word would be a unit.
                ExprNode::Column { source: None, name } if TimeUnit::of(&name.text).is_some() => {
                    super::name::Quoted(name).fmt(f)?;
                }
                _ => arg.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for BinaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
