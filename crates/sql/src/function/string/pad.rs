//! LPAD and RPAD.
use crate::error::Result;
use crate::value::Value;

use super::operand::{bytes, integer, text};
use super::{Body, Category, Function, utf16};

pub(super) fn functions() -> Vec<Function> {
    vec![
        described(
            Function::new(
                "lpad",
                Category::String,
                "Fills up at the front to a length; what is longer is cut off at the end.",
            )
            .overload(
                "input STRING, output_len INTEGER, padding STRING",
                "STRING",
                "",
                Body::Strict(|a| string(a, true)),
            )
            .overload(
                "input BYTES, output_len INTEGER, padding BYTES",
                "BYTES",
                "",
                Body::Strict(|a| binary(a, true)),
            ),
        ),
        described(
            Function::new(
                "rpad",
                Category::String,
                "Fills up at the end to a length; what is longer is cut off at the end.",
            )
            .overload(
                "input STRING, output_len INTEGER, padding STRING",
                "STRING",
                "",
                Body::Strict(|a| string(a, false)),
            )
            .overload(
                "input BYTES, output_len INTEGER, padding BYTES",
                "BYTES",
                "",
                Body::Strict(|a| binary(a, false)),
            ),
        ),
    ]
}

fn described(function: Function) -> Function {
    function
        .parameter("input", "What is filled up.")
        .parameter("output_len", "How long it becomes; NULL is the result if it is negative.")
        .parameter("padding", "What it is filled up with, repeated; NULL is the result if it is empty.")
}

fn string(arguments: &[Value], left: bool) -> Result<Value> {
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let (input, padding) = (units(text(arguments, 0)?), units(text(arguments, 2)?));
    Ok(pad(&input, integer(arguments, 1)?, &padding, left).map(|units| utf16::string(&units)).into())
}

fn binary(arguments: &[Value], left: bool) -> Result<Value> {
    let padded = pad(bytes(arguments, 0)?, integer(arguments, 1)?, bytes(arguments, 2)?, left);
    Ok(padded.map_or(Value::Null, Value::bytes))
}

fn pad<T: Copy>(input: &[T], len: i32, padding: &[T], left: bool) -> Option<Vec<T>> {
    let len = usize::try_from(len).ok().filter(|_| !padding.is_empty())?;
    let kept = &input[..len.min(input.len())];
    let fill = padding.iter().cycle().take(len - kept.len());
    Some(if left { fill.chain(kept).copied().collect() } else { kept.iter().chain(fill).copied().collect() })
}
