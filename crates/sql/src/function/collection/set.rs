//! Arrays as sets: ARRAY_DISTINCT, ARRAY_EXCEPT, ARRAY_INTERSECT, ARRAY_UNION; ARRAY_CONCAT, ARRAY_CONTAINS, ARRAY_REMOVE.
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use crate::value::Value;

use super::operand::{any, array};
use super::{Body, Category, Function};

/// Nobody iterates over these, so any fixed hash will do.
type Seen<'a> = HashSet<&'a Value, BuildHasherDefault<xxhash_rust::xxh3::Xxh3Default>>;

pub(super) fn functions() -> Vec<Function> {
    let (first, second) = ("An array.", "Another one of the same type.");
    let of_two = |name, about, body| {
        Function::new(name, Category::Array, about)
            .overload("array1 ARRAY<T>, array2 ARRAY<T>", "ARRAY<T>", "", body)
            .parameter("array1", first)
            .parameter("array2", second)
    };
    vec![
        of_two(
            "array_concat",
            "The elements of both arrays; if one is NULL, the other one.",
            Body::Lenient(|a| {
                Ok(match (any(a, 0)?, any(a, 1)?) {
                    (Value::Null, other) | (other, Value::Null) => other.clone(),
                    _ => Value::array(array(a, 0)?.iter().chain(array(a, 1)?).cloned()),
                })
            }),
        ),
        of_two(
            "array_except",
            "The different elements of an array that are not in another.",
            Body::Strict(|a| {
                let without: Seen<'_> = array(a, 1)?.iter().collect();
                Ok(distinct(array(a, 0)?.iter().filter(|value| !without.contains(value))))
            }),
        ),
        of_two(
            "array_intersect",
            "The different elements of an array that are in another too.",
            Body::Strict(|a| {
                let with: Seen<'_> = array(a, 1)?.iter().collect();
                Ok(distinct(array(a, 0)?.iter().filter(|value| with.contains(value))))
            }),
        ),
        of_two(
            "array_union",
            "The different elements of both arrays.",
            Body::Strict(|a| Ok(distinct(array(a, 0)?.iter().chain(array(a, 1)?)))),
        ),
        Function::new(
            "array_distinct",
            Category::Array,
            "The different elements, each where it comes first.",
        )
        .overload("array ARRAY<T>", "ARRAY<T>", "", Body::Strict(|a| Ok(distinct(array(a, 0)?.iter()))))
        .parameter("array", first),
        Function::new("array_contains", Category::Array, "Whether a value is in an array; NULL may be one.")
            .overload(
                "array ARRAY<T>, val T",
                "BOOLEAN",
                "",
                Body::Lenient(|a| {
                    Ok(Value::Boolean(
                        any(a, 0)?
                            .as_array()
                            .is_some_and(|values| a.get(1).is_some_and(|v| values.contains(v))),
                    ))
                }),
            )
            .parameter("array", first)
            .parameter("val", "The value that is looked for."),
        Function::new(
            "array_remove",
            Category::Array,
            "The array without the elements that are equal to a value.",
        )
        .overload(
            "array ARRAY<T>, element T",
            "ARRAY<T>",
            "",
            Body::Lenient(|a| {
                let element = any(a, 1)?;
                let Some(values) = any(a, 0)?.as_array() else { return Ok(Value::Null) };
                Ok(Value::array(values.iter().filter(|value| *value != element).cloned()))
            }),
        )
        .parameter("array", first)
        .parameter("element", "The value that is removed; NULL may be one."),
    ]
}

fn distinct<'a>(values: impl Iterator<Item = &'a Value>) -> Value {
    let mut seen = Seen::default();
    Value::array(values.filter(|value| seen.insert(value)).cloned())
}
