//! Big-endian numbers, as Kafka's serializers write them.
use lentic_types::FormatName;

use super::{Data, DataError};

macro_rules! number {
    ($($type:ty, $format:ident, $name:literal;)*) => {$(
        impl Data for $type {
            const FORMAT: FormatName = FormatName::$format;

            fn encode(&self, out: &mut Vec<u8>) -> Result<(), DataError> {
                out.extend_from_slice(&self.to_be_bytes());
                Ok(())
            }

            fn decode(bytes: &[u8]) -> Result<Self, DataError> {
                let wrong = |_| DataError { expected: $name, text: format!("{} bytes", bytes.len()) };
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
