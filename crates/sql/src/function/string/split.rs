//! SPLIT and SPLIT_TO_MAP.
use crate::value::Value;

use super::operand::{bytes, text};
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![split(), split_to_map()]
}

fn split() -> Function {
    let about = "The parts between delimiters, those that are empty included. An empty delimiter is between all characters \
                 or bytes.";
    Function::new("split", Category::String, about)
        .overload(
            "input STRING, delimiter STRING",
            "ARRAY<STRING>",
            "",
            Body::Strict(|a| {
                let (input, delimiter) = (text(a, 0)?, text(a, 1)?);
                if delimiter.is_empty() && !input.is_empty() {
                    let mut buffer = [0; 4];
                    return Ok(Value::array(
                        input.chars().map(|c| Value::string(c.encode_utf8(&mut buffer))),
                    ));
                }
                Ok(Value::array(parts(input, delimiter).into_iter().map(Value::from)))
            }),
        )
        .overload(
            "input BYTES, delimiter BYTES",
            "ARRAY<BYTES>",
            "",
            Body::Strict(|a| {
                let (input, delimiter) = (bytes(a, 0)?, bytes(a, 1)?);
                Ok(if input.is_empty() {
                    Value::array([Value::bytes(input)])
                } else if delimiter.is_empty() {
                    Value::array(input.chunks(1).map(Value::bytes))
                } else {
                    Value::array(split_bytes(input, delimiter).into_iter().map(Value::bytes))
                })
            }),
        )
        .parameter("input", "What is taken apart.")
        .parameter("delimiter", "What is between the parts.")
}

fn parts<'a>(input: &'a str, delimiter: &str) -> Vec<&'a str> {
    if input.is_empty() { vec![""] } else { input.split(delimiter).collect() }
}

fn split_bytes<'a>(mut input: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = input.windows(delimiter.len()).position(|window| window == delimiter) {
        parts.push(&input[..at]);
        input = &input[at + delimiter.len()..];
    }
    parts.push(input);
    parts
}

fn split_to_map() -> Function {
    let about = "Takes a text apart into entries, and each entry into key and value. What has no value is left out, and of \
                 equal keys the last one counts. NULL if a delimiter is empty.";
    Function::new("split_to_map", Category::String, about)
        .overload(
            "input STRING, entry_delimiter STRING, kv_delimiter STRING",
            "MAP<STRING, STRING>",
            "",
            Body::Strict(|a| {
                let (input, between, within) = (text(a, 0)?, text(a, 1)?, text(a, 2)?);
                if between.is_empty() || within.is_empty() {
                    return Ok(Value::Null);
                }
                let entries = input.split(between).filter_map(|entry| {
                    let mut parts = entry.split(within);
                    let (key, value) = (parts.next()?, parts.next()?);
                    Some((Value::string(key), Value::string(value)))
                });
                Ok(Value::map(entries))
            }),
        )
        .parameter("input", "The text.")
        .parameter("entry_delimiter", "What is between entries.")
        .parameter("kv_delimiter", "What is between a key and its value.")
}
