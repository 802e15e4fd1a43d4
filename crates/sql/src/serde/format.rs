//! The formats by name, what each can do, and their properties.
use std::fmt;
use std::str::FromStr;

use super::{Delimiter, FormatError, Wrapping};

/// The formats of ksqlDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormatName {
    /// Nothing is read or written: for records without key columns.
    None,
    /// One column as Kafka's own serializers write it.
    Kafka,
    /// JSON without a schema.
    Json,
    /// JSON with a schema in a registry.
    JsonSr,
    /// Fields on one line of text.
    Delimited,
    /// Avro, its schema in a registry.
    Avro,
    /// Protocol buffers, their schema in a registry.
    Protobuf,
    /// Protocol buffers of the message that the columns make.
    ProtobufNosr,
}

impl FormatName {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Kafka,
        Self::Json,
        Self::JsonSr,
        Self::Delimited,
        Self::Avro,
        Self::Protobuf,
        Self::ProtobufNosr,
    ];

    /// The name in statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Kafka => "KAFKA",
            Self::Json => "JSON",
            Self::JsonSr => "JSON_SR",
            Self::Delimited => "DELIMITED",
            Self::Avro => "AVRO",
            Self::Protobuf => "PROTOBUF",
            Self::ProtobufNosr => "PROTOBUF_NOSR",
        }
    }

    /// Whether records carry the id of a schema that a registry knows. Such formats also let statements leave the columns out.
    pub fn needs_registry(self) -> bool {
        matches!(self, Self::JsonSr | Self::Avro | Self::Protobuf)
    }

    /// Whether a statement may choose this layout of a single column, or it is the only one.
    pub fn supports(self, wrapping: Wrapping) -> bool {
        match wrapping {
            Wrapping::Wrapped => {
                matches!(self, Self::Json | Self::JsonSr | Self::Avro | Self::Protobuf | Self::ProtobufNosr)
            }
            Wrapping::Unwrapped => !matches!(self, Self::None | Self::Protobuf),
        }
    }

    /// Whether both layouts of a single column exist, so that a serde feature says which one is meant.
    pub fn has_choice(self) -> bool {
        self.supports(Wrapping::Wrapped) && self.supports(Wrapping::Unwrapped)
    }

    /// The layout of the single column of a key; keys have no property for it.
    pub fn key_wrapping(self) -> Wrapping {
        if self.supports(Wrapping::Unwrapped) { Wrapping::Unwrapped } else { Wrapping::Wrapped }
    }

    /// The layout of the only column of a value: `asked` is WRAP_SINGLE_VALUE, `default` what
    /// `ksql.persistence.wrap.single.values` says (true unless set), which only formats with a choice heed.
    pub fn value_wrapping(
        self,
        asked: Option<bool>,
        columns: usize,
        default: bool,
    ) -> Result<Wrapping, FormatError> {
        let layout = |wrap| if wrap { Wrapping::Wrapped } else { Wrapping::Unwrapped };
        let Some(wrap) = asked else {
            let wrap =
                if self.has_choice() { columns != 1 || default } else { self.supports(Wrapping::Wrapped) };
            return Ok(layout(wrap));
        };
        if !self.supports(layout(wrap)) {
            return Err(FormatError::new(format!(
                "Format '{self}' does not support 'WRAP_SINGLE_VALUE' set to '{wrap}'."
            )));
        }
        if columns != 1 {
            return Err(FormatError::new("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas"));
        }
        Ok(layout(wrap))
    }
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In any case.
impl FromStr for FormatName {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let found = Self::ALL.into_iter().find(|name| name.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| FormatError::new(format!("Unknown format: {}", text.to_uppercase())))
    }
}

/// How the fields of a proto3 message say that they are null; without, null is the default of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nullable {
    /// The fields are `optional`.
    Optional,
    /// The fields are messages of `google/protobuf/wrappers.proto`.
    Wrapper,
}

impl Nullable {
    /// As the serde property says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Wrapper => "wrapper",
        }
    }
}

/// In any case.
impl FromStr for Nullable {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let found =
            [Self::Optional, Self::Wrapper].into_iter().find(|it| it.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            FormatError::new(format!("String must be one of: OPTIONAL, WRAPPER, null. Got: '{text}'"))
        })
    }
}

/// A format and its properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Which one.
    pub name: FormatName,
    /// `KEY_DELIMITER` or `VALUE_DELIMITER`; a comma if there is none.
    pub delimiter: Option<Delimiter>,
    /// `KEY_PROTOBUF_NULLABLE_REPRESENTATION` or its like for values.
    pub nullable: Option<Nullable>,
}

impl Format {
    /// Without properties.
    pub fn new(name: FormatName) -> Self {
        Self { name, delimiter: None, nullable: None }
    }

    /// This delimiter between fields.
    #[must_use]
    pub fn with_delimiter(self, delimiter: Delimiter) -> Self {
        Self { delimiter: Some(delimiter), ..self }
    }

    /// Nulls represented so.
    #[must_use]
    pub fn with_nullable(self, nullable: Nullable) -> Self {
        Self { nullable: Some(nullable), ..self }
    }

    /// What the source's format hands down to a sink that does not name its own: the properties go with the name, or are
    /// lost with it.
    #[must_use]
    pub fn inherit(self, source: &Self) -> Self {
        if self.name != source.name {
            return self;
        }
        let (delimiter, nullable) = (self.delimiter.or(source.delimiter), self.nullable.or(source.nullable));
        Self { delimiter, nullable, ..self }
    }
}
