//! PROTOBUF_NOSR: the columns as the fields of a proto3 message, numbered from 1 in their order.
//!
//! The message is the one that Kafka Connect's converter derives from the columns: a MAP is a repeated entry of `key` and
//! `value`, DECIMAL is `confluent.type.Decimal`, DATE and TIME are `google.type.Date` and `google.type.TimeOfDay`, TIMESTAMP
//! is `google.protobuf.Timestamp`. An unwrapped STRUCT is the message itself; any other unwrapped column is its field 1.
mod known;
mod reader;
mod text;
mod wire;
mod writer;

use crate::SqlType;
use crate::types::Field;

pub(super) use reader::{read_row, read_unwrapped};
pub use text::message_text;
pub use writer::write_message;
pub(super) use writer::write_unwrapped;

/// Why no message has these columns: what is repeated cannot be repeated in itself.
pub(super) fn refusal(columns: &[Field]) -> Option<String> {
    let nested = columns.iter().any(|column| is_nested(&column.kind));
    nested.then(|| "PROTOBUF format does not support ARRAY and MAP types as elements of an ARRAY".to_owned())
}

fn is_nested(kind: &SqlType) -> bool {
    match kind {
        SqlType::Array(element) => {
            matches!(**element, SqlType::Array(_) | SqlType::Map(..)) || is_nested(element)
        }
        SqlType::Map(_, value) => is_nested(value),
        SqlType::Struct(structure) => structure.fields().iter().any(|field| is_nested(&field.kind)),
        _ => false,
    }
}

/// Types that are one scalar in proto3; the rest are messages or repeated.
fn is_scalar(kind: &SqlType) -> bool {
    use SqlType::{Bigint, Boolean, Bytes, Double, Integer, String};
    matches!(kind, Boolean | Integer | Bigint | Double | String | Bytes)
}

/// Scalars of which many lie in one block.
fn is_packed(kind: &SqlType) -> bool {
    matches!(kind, SqlType::Boolean | SqlType::Integer | SqlType::Bigint | SqlType::Double)
}
