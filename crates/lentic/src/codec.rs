//! Types as keys and values: which format they have and how they become bytes.
use std::fmt;

use lentic_types::FormatName;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that are no value of the type, or a value that has no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The type.
    pub expected: &'static str,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}: {}", self.expected, self.text)
    }
}

impl std::error::Error for DecodeError {}

/// A type that can be a table's key: `String`, `Vec<u8>`, `i32`, `i64`, `f64`.
pub trait Key: Sized + Send + 'static {
    /// The format of its bytes.
    const FORMAT: FormatName;
    /// Its bytes in the log.
    fn encode(&self) -> Vec<u8>;
    /// Reads bytes of the log.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>;
}

/// A type that can be a table's value: what can be a key, and [`Json`] of anything that serde knows.
pub trait Value: Sized + Send + 'static {
    /// The format of its bytes.
    const FORMAT: FormatName;
    /// Its bytes in the log.
    fn encode(&self) -> Result<Vec<u8>, DecodeError>;
    /// Reads bytes of the log.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>;
}

impl<K: Key> Value for K {
    const FORMAT: FormatName = K::FORMAT;

    fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        Ok(Key::encode(self))
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        K::decode(bytes)
    }
}

/// A value of format `json`, by serde.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned + Send + 'static> Value for Json<T> {
    const FORMAT: FormatName = FormatName::Json;

    fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        serde_json::to_vec(&self.0).map_err(|error| DecodeError { expected: "JSON", text: error.to_string() })
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        serde_json::from_slice(bytes)
            .map(Self)
            .map_err(|error| DecodeError { expected: std::any::type_name::<T>(), text: error.to_string() })
    }
}

impl Key for String {
    const FORMAT: FormatName = FormatName::String;

    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|error| DecodeError { expected: "UTF-8 text", text: error.to_string() })
    }
}

impl Key for Vec<u8> {
    const FORMAT: FormatName = FormatName::Bytes;

    fn encode(&self) -> Vec<u8> {
        self.clone()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(bytes.to_vec())
    }
}

macro_rules! number {
    ($($type:ty, $format:ident, $name:literal;)*) => {$(
        impl Key for $type {
            const FORMAT: FormatName = FormatName::$format;

            fn encode(&self) -> Vec<u8> {
                self.to_be_bytes().to_vec()
            }

            fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
                let wrong = |_| DecodeError { expected: $name, text: format!("{} bytes", bytes.len()) };
                bytes.try_into().map(Self::from_be_bytes).map_err(wrong)
            }
        }
    )*};
}

number! {
    i32, Int, "an int of 4 bytes";
    i64, Bigint, "a bigint of 8 bytes";
    f64, Double, "a double of 8 bytes";
}
