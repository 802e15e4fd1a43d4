//! BIGINT_FROM_BYTES, DOUBLE_FROM_BYTES, INT_FROM_BYTES.
use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::operand::{bytes, text};
use super::{Body, Category, Function};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    vec![
        from_bytes("bigint_from_bytes", "BIGINT", "The BIGINT of eight bytes.", |a| {
            ordered(a).map(i64::from_be_bytes).map(Value::Bigint)
        }),
        from_bytes("double_from_bytes", "DOUBLE", "The DOUBLE of eight bytes, as IEEE 754 has it.", |a| {
            ordered(a).map(f64::from_be_bytes).map(Value::Double)
        }),
        from_bytes("int_from_bytes", "INTEGER", "The INTEGER of four bytes.", |a| {
            ordered(a).map(i32::from_be_bytes).map(Value::Integer)
        }),
    ]
}

fn from_bytes(
    name: &'static str,
    kind: &str,
    about: &'static str,
    body: fn(&[Value]) -> Result<Value>,
) -> Function {
    Function::new(name, Category::Conversion, about)
        .overload("value BYTES", kind, "Of bytes with the highest first.", Body::Strict(body))
        .overload("value BYTES, byteOrder STRING", kind, "", Body::Strict(body))
        .parameter("value", "Exactly as many bytes as the number has.")
        .parameter("byteOrder", "`BIG_ENDIAN`: the highest byte first, or `LITTLE_ENDIAN`: the lowest.")
}

/// The bytes, the highest first.
fn ordered<const N: usize>(arguments: &[Value]) -> Result<[u8; N]> {
    let bytes = bytes(arguments, 0)?;
    let wrong =
        |_| EvaluationError::new(format!("Number of bytes must be equal to {N}, but found {}", bytes.len()));
    let mut array: [u8; N] = bytes.try_into().map_err(wrong)?;
    match if arguments.len() > 1 { text(arguments, 1)? } else { "BIG_ENDIAN" } {
        "BIG_ENDIAN" => {}
        "LITTLE_ENDIAN" => array.reverse(),
        _ => return Err(EvaluationError::new("Byte order must be BIG_ENDIAN or LITTLE_ENDIAN")),
    }
    Ok(array)
}
