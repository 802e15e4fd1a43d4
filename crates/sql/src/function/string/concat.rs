//! CONCAT, CONCAT_WS, ELT, FIELD, REPLACE.
use crate::value::Value;

use super::operand::text;
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![concat(), concat_ws(), elt(), field(), replace()]
}

fn concat() -> Function {
    Function::new("concat", Category::String, "Puts texts or bytes together; NULLs are left out.")
        .overload(
            "inputs STRING...",
            "STRING",
            "",
            Body::Lenient(|a| Ok(a.iter().filter_map(Value::as_str).collect::<String>().into())),
        )
        .overload(
            "inputs BYTES...",
            "BYTES",
            "",
            Body::Lenient(|a| {
                Ok(Value::bytes(a.iter().filter_map(Value::as_bytes).flatten().copied().collect::<Vec<u8>>()))
            }),
        )
        .parameter("inputs", "What is put together.")
}

fn concat_ws() -> Function {
    let about = "Puts texts or bytes together with a separator between them; NULLs are left out, and without a separator \
                 there is no result.";
    Function::new("concat_ws", Category::String, about)
        .overload(
            "separator STRING, inputs STRING...",
            "STRING",
            "",
            Body::Lenient(|a| {
                let Some((Value::String(separator), inputs)) = a.split_first() else {
                    return Ok(Value::Null);
                };
                let present: Vec<&str> = inputs.iter().filter_map(Value::as_str).collect();
                Ok(present.join(separator).into())
            }),
        )
        .overload(
            "separator BYTES, inputs BYTES...",
            "BYTES",
            "",
            Body::Lenient(|a| {
                let Some((Value::Bytes(separator), inputs)) = a.split_first() else { return Ok(Value::Null) };
                let present: Vec<&[u8]> = inputs.iter().filter_map(Value::as_bytes).collect();
                Ok(Value::bytes(present.join(&separator[..])))
            }),
        )
        .parameter("separator", "What is put between them.")
        .parameter("inputs", "What is put together.")
}

fn elt() -> Function {
    Function::new("elt", Category::String, "The n-th of the texts; NULL if there are not so many.")
        .overload(
            "n INTEGER, args STRING...",
            "STRING",
            "",
            Body::Lenient(|a| {
                let Some(Value::Integer(n)) = a.first() else { return Ok(Value::Null) };
                let chosen = usize::try_from(*n).ok().filter(|n| *n > 0).and_then(|n| a.get(n));
                Ok(chosen.cloned().unwrap_or_default())
            }),
        )
        .parameter("n", "Which one, counted from 1.")
        .parameter("args", "The texts.")
}

fn field() -> Function {
    Function::new(
        "field",
        Category::String,
        "Where a text stands among others, counted from 1; 0 if it does not.",
    )
    .overload(
        "str STRING, args STRING...",
        "INTEGER",
        "",
        Body::Lenient(|a| {
            let Some((wanted, others)) = a.split_first() else { return Ok(Value::Integer(0)) };
            let found = others.iter().position(|other| !wanted.is_null() && other == wanted);
            Ok(Value::Integer(found.map_or(0, |at| at as i32 + 1)))
        }),
    )
    .parameter("str", "The text that is looked for; NULL is nowhere.")
    .parameter("args", "Where it is looked for.")
}

fn replace() -> Function {
    Function::new("replace", Category::String, "Replaces every occurrence of a text in another.")
        .overload(
            "str STRING, old_str STRING, new_str STRING",
            "STRING",
            "",
            Body::Strict(|a| Ok(text(a, 0)?.replace(text(a, 1)?, text(a, 2)?).into())),
        )
        .parameter("str", "Where it is replaced.")
        .parameter("old_str", "What is replaced.")
        .parameter("new_str", "What comes in its place.")
}
