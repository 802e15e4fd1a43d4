//! INSTR.
use crate::error::Result;
use crate::value::Value;

use super::operand::{integer, text};
use super::{Body, Category, Function, utf16};

pub(super) fn functions() -> Vec<Function> {
    let about = "Where a text occurs in another, counted from 1; 0 if it does not.";
    let instr = Function::new("instr", Category::String, about)
        .overload("str STRING, substring STRING", "INTEGER", "", Body::Strict(instr))
        .overload("str STRING, substring STRING, position INTEGER", "INTEGER", "", Body::Strict(instr))
        .overload(
            "str STRING, substring STRING, position INTEGER, occurrence INTEGER",
            "INTEGER",
            "",
            Body::Strict(instr),
        )
        .parameter("str", "Where it is looked for.")
        .parameter("substring", "What is looked for.")
        .parameter(
            "position",
            "Where the search begins, counted from 1; from the end and backwards if it is negative.",
        )
        .parameter("occurrence", "Which occurrence, counted from 1.");
    vec![instr]
}

fn instr(arguments: &[Value]) -> Result<Value> {
    let position = if arguments.len() > 2 { integer(arguments, 2)? } else { 1 };
    let occurrence = if arguments.len() > 3 { integer(arguments, 3)? } else { 1 };
    let found = find(text(arguments, 0)?, text(arguments, 1)?, i64::from(position), occurrence);
    Ok(Value::Integer(found.map_or(0, |at| at as i32 + 1)))
}

/// The unit that the occurrence begins at.
fn find(text: &str, wanted: &str, position: i64, occurrence: i32) -> Option<usize> {
    let nth = usize::try_from(occurrence).ok()?.checked_sub(1)?;
    let len = utf16::len(text) as i64;
    // Occurrences may overlap.
    let starts = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(wanted));
    let mut places = starts.map(|at| utf16::before(text, at));
    match position {
        1.. => places.filter(|place| *place as i64 >= position - 1).nth(nth),
        0 => None,
        _ => {
            let places: Vec<usize> =
                places.by_ref().take_while(|place| *place as i64 <= len + position).collect();
            places.into_iter().rev().nth(nth)
        }
    }
}
