//! Types with holes: what parameters and results of functions are declared as.
use std::fmt;
use std::sync::Arc;

use crate::coercion::{Mode, can_coerce};
use crate::types::{DecimalType, Field, SqlType, StructType};

use super::ArgumentType;

/// A type in which letters stand for types that the arguments decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A type without holes.
    Plain(SqlType),
    /// A DECIMAL of any digits.
    Decimal,
    /// A type that the first argument to meet it decides, by its letter.
    Generic(char),
    /// `ARRAY<..>`
    Array(Box<Shape>),
    /// `MAP<.., ..>`
    Map(Box<Shape>, Box<Shape>),
    /// `STRUCT<..>`
    Struct(Vec<(Arc<str>, Shape)>),
    /// A lambda: the types of its parameters, and of its result.
    Lambda(Vec<Shape>, Box<Shape>),
    /// A unit of time.
    Interval,
}

/// Which types the letters stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Bindings(Vec<(char, SqlType)>);

impl Bindings {
    fn get(&self, letter: char) -> Option<&SqlType> {
        self.0.iter().find(|(bound, _)| *bound == letter).map(|(_, kind)| kind)
    }
}

impl Shape {
    /// Whether an argument may stand here. Letters that are not bound yet are bound by it.
    pub(super) fn accepts(&self, argument: &ArgumentType, coerce: bool, bindings: &mut Bindings) -> bool {
        match (self, argument) {
            (Self::Lambda(parameters, _), ArgumentType::Lambda(count)) => parameters.len() == *count,
            (Self::Interval, ArgumentType::Interval) => true,
            (Self::Lambda(..) | Self::Interval, _) => false,
            (_, ArgumentType::Null) => true,
            (_, ArgumentType::Value(kind)) => self.accepts_type(kind, coerce, bindings),
            _ => false,
        }
    }

    pub(super) fn accepts_type(&self, kind: &SqlType, coerce: bool, bindings: &mut Bindings) -> bool {
        match (self, kind) {
            (Self::Plain(wanted), kind) => wanted == kind || (coerce && coerces(kind, wanted)),
            (Self::Decimal, SqlType::Decimal(_)) => true,
            (Self::Decimal, SqlType::Integer | SqlType::Bigint) => coerce,
            (Self::Generic(letter), kind) => match bindings.get(*letter) {
                Some(bound) => bound == kind || (coerce && coerces(kind, bound)),
                None => {
                    bindings.0.push((*letter, kind.clone()));
                    true
                }
            },
            (Self::Array(element), SqlType::Array(kind)) => element.accepts_type(kind, coerce, bindings),
            (Self::Map(key, value), SqlType::Map(k, v)) => {
                key.accepts_type(k, coerce, bindings) && value.accepts_type(v, coerce, bindings)
            }
            (Self::Struct(fields), SqlType::Struct(structure)) => {
                fields.len() == structure.fields().len()
                    && fields.iter().zip(structure.fields()).all(|((name, shape), field)| {
                        *name == field.name && shape.accepts_type(&field.kind, coerce, bindings)
                    })
            }
            _ => false,
        }
    }

    /// The type with its holes filled; `own` is that of the argument that stands here, which decides the digits of a DECIMAL.
    pub(super) fn fill(&self, bindings: &Bindings, own: Option<&SqlType>) -> Option<SqlType> {
        Some(match (self, own) {
            (Self::Plain(kind), _) => kind.clone(),
            (Self::Decimal, own) => SqlType::Decimal(DecimalType::of(own?)?),
            (Self::Generic(letter), _) => bindings.get(*letter)?.clone(),
            (Self::Array(element), Some(SqlType::Array(own))) => {
                SqlType::array(element.fill(bindings, Some(own))?)
            }
            (Self::Array(element), _) => SqlType::array(element.fill(bindings, None)?),
            (Self::Map(key, value), Some(SqlType::Map(k, v))) => {
                SqlType::map(key.fill(bindings, Some(k))?, value.fill(bindings, Some(v))?)
            }
            (Self::Map(key, value), _) => {
                SqlType::map(key.fill(bindings, None)?, value.fill(bindings, None)?)
            }
            (Self::Struct(fields), _) => {
                let fields = fields.iter().map(|(name, shape)| {
                    Some(Field { name: name.clone(), kind: shape.fill(bindings, None)? })
                });
                SqlType::Struct(Arc::new(StructType::new(fields.collect::<Option<_>>()?)))
            }
            (Self::Lambda(..) | Self::Interval, _) => return None,
        })
    }

    /// How many letters it has: fewer of them is the closer match.
    pub(super) fn generics(&self) -> usize {
        match self {
            Self::Generic(_) => 1,
            Self::Array(element) => element.generics(),
            Self::Map(key, value) => key.generics() + value.generics(),
            Self::Struct(fields) => fields.iter().map(|(_, shape)| shape.generics()).sum(),
            Self::Lambda(parameters, result) => {
                parameters.iter().map(Self::generics).sum::<usize>() + result.generics()
            }
            Self::Plain(_) | Self::Decimal | Self::Interval => 0,
        }
    }
}

/// What functions coerce: less than operators do, or a DATE would be ambiguous wherever there is an overload for TIMESTAMP.
fn coerces(from: &SqlType, to: &SqlType) -> bool {
    !matches!((from, to), (SqlType::Date, SqlType::Timestamp)) && can_coerce(from, to, Mode::Strict)
}

/// As ksqlDB prints parameters: INT and VARCHAR, where it prints INTEGER and STRING for columns.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(SqlType::Integer) => f.write_str("INT"),
            Self::Plain(SqlType::String) => f.write_str("VARCHAR"),
            Self::Plain(kind) => write!(f, "{kind}"),
            Self::Decimal => f.write_str("DECIMAL"),
            Self::Generic(letter) => write!(f, "{letter}"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (index, (name, shape)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {shape}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
            Self::Lambda(parameters, result) => {
                let parameters: Vec<String> = parameters.iter().map(ToString::to_string).collect();
                write!(f, "LAMBDA ({}) => {result}", parameters.join(", "))
            }
            Self::Interval => f.write_str("INTERVALUNIT"),
        }
    }
}
