//! SUBSTRING.
use crate::error::Result;
use crate::value::Value;

use super::operand::{bytes, integer, text};
use super::{Body, Category, Function, utf16};

pub(super) fn functions() -> Vec<Function> {
    let about = "A part of a text or of bytes.";
    let substring = Function::new("substring", Category::String, about)
        .overload("str STRING, pos INTEGER", "STRING", "To the end.", Body::Strict(of_text))
        .overload("str STRING, pos INTEGER, length INTEGER", "STRING", "", Body::Strict(of_text))
        .overload("bytes BYTES, pos INTEGER", "BYTES", "To the end.", Body::Strict(of_bytes))
        .overload("bytes BYTES, pos INTEGER, length INTEGER", "BYTES", "", Body::Strict(of_bytes))
        .parameter("str", "The text.")
        .parameter("bytes", "The bytes.")
        .parameter("pos", "Where the part begins: 1 (and 0) is the start, -1 the last character.")
        .parameter("length", "How long it is at most.");
    vec![substring]
}

fn of_text(arguments: &[Value]) -> Result<Value> {
    let text = text(arguments, 0)?;
    let (from, to) = range(arguments, utf16::len(text))?;
    Ok(utf16::slice(text, from, to).into())
}

fn of_bytes(arguments: &[Value]) -> Result<Value> {
    let bytes = bytes(arguments, 0)?;
    let (from, to) = range(arguments, bytes.len())?;
    Ok(Value::bytes(&bytes[from..to]))
}

/// What is outside is cut off.
fn range(arguments: &[Value], len: usize) -> Result<(usize, usize)> {
    let len = len as i64;
    let position = i64::from(integer(arguments, 1)?);
    let from = if position < 0 { len + position } else { (position - 1).max(0) }.clamp(0, len);
    let length = if arguments.len() > 2 { i64::from(integer(arguments, 2)?) } else { len };
    Ok((from as usize, (from + length.max(0)).min(len) as usize))
}
