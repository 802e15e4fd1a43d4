//! UUID.
use crate::error::{EvaluationError, Result};

use super::operand::bytes;
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    let uuid = Function::new("uuid", Category::String, "A UUID as text.")
        .overload(
            "",
            "STRING",
            "A random one (version 4), another one for each row.",
            Body::Bound(|site| {
                let world = site.world.clone();
                Ok(Box::new(move |_| {
                    let bits = (u128::from(world.random_bits()) << 64) | u128::from(world.random_bits());
                    // Version 4, and the variant of RFC 9562.
                    let bits = bits & !(0xf << 76) | (4 << 76);
                    Ok(print(bits & !(0b11 << 62) | (0b10 << 62)).into())
                }))
            }),
        )
        .overload(
            "bytes BYTES",
            "STRING",
            "The one of these bytes.",
            Body::Strict(|a| Ok(print(number(bytes(a, 0)?)?).into())),
        )
        .parameter("bytes", "Its 16 bytes.");
    vec![uuid]
}

fn number(bytes: &[u8]) -> Result<u128> {
    let error = |_| EvaluationError::new(format!("a UUID has 16 bytes, not {}", bytes.len()));
    bytes.try_into().map(u128::from_be_bytes).map_err(error)
}

fn print(bits: u128) -> String {
    let digits = format!("{bits:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
