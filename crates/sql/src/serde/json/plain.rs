//! Values that are what their columns ask for: read at once, without a look at their text before.
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Visitor};

use crate::{SqlType, Value};

/// A type whose values JSON has, too. What is no such value, or could be one in several ways, is an error.
#[derive(Clone, Copy)]
pub(super) enum Plain {
    String,
    Boolean,
    Integer,
    Bigint,
}

impl Plain {
    pub(super) fn of(kind: &SqlType) -> Option<Self> {
        match kind {
            SqlType::String => Some(Self::String),
            SqlType::Boolean => Some(Self::Boolean),
            SqlType::Integer => Some(Self::Integer),
            SqlType::Bigint => Some(Self::Bigint),
            _ => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Plain {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl Visitor<'_> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the column's type")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<Value, E> {
        match self {
            Self::Boolean => Ok(Value::Boolean(truth)),
            _ => Err(E::custom("")),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
        match self {
            // Numbers narrow as Java's do: the upper bits go.
            Self::Integer => Ok(Value::Integer(number as i32)),
            Self::Bigint => Ok(Value::Bigint(number)),
            _ => Err(E::custom("")),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        self.visit_i64(number as i64)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match self {
            Self::String => Ok(Value::string(text)),
            _ => Err(E::custom("")),
        }
    }
}
