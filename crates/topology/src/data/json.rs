//! JSON by serde.
use lentic_types::FormatName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Data, DataError};

/// A value of format `json`, by serde: for types of other crates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Json<T>(pub T);

/// Marks a type of yours as JSON: `impl JsonData for Flight {}` and `Flight` can be a stream's value.
pub trait JsonData: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Data for Json<T> {
    const FORMAT: FormatName = FormatName::Json;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        write(&self.0, out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        read(bytes).map(Self)
    }
}

impl<T: JsonData> Data for T {
    const FORMAT: FormatName = FormatName::Json;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
        write(self, out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, DataError> {
        read(bytes)
    }
}

fn write<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), DataError> {
    serde_json::to_writer(out, value).map_err(|error| DataError { expected: "JSON", text: error.to_string() })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DataError> {
    serde_json::from_slice(bytes)
        .map_err(|error| DataError { expected: std::any::type_name::<T>(), text: error.to_string() })
}
