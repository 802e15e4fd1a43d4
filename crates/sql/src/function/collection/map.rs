//! Maps.
use crate::value::Value;

use super::operand::{any, array, boolean, map};
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![as_map(), entries(), map_keys(), map_values(), map_union()]
}

fn as_map() -> Function {
    Function::new(
        "as_map",
        Category::Map,
        "A map of keys and their values; what one list has more than the other is left out.",
    )
    .overload(
        "keys ARRAY<STRING>, vals ARRAY<T>",
        "MAP<STRING, T>",
        "",
        Body::Strict(|a| Ok(Value::map(array(a, 0)?.iter().cloned().zip(array(a, 1)?.iter().cloned())))),
    )
    .parameter("keys", "The keys.")
    .parameter("vals", "Their values, in the same order.")
}

fn entries() -> Function {
    let mut function =
        Function::new("entries", Category::Map, "The entries of a map as STRUCTs of a key K and a value V.");
    for kind in ["INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING"] {
        let (parameters, returns) = (
            format!("map MAP<STRING, {kind}>, sorted BOOLEAN"),
            format!("ARRAY<STRUCT<K STRING, V {kind}>>"),
        );
        function = function.overload(
            &parameters,
            &returns,
            "",
            Body::Strict(|a| {
                let mut entries: Vec<_> = map(a, 0)?.iter().collect();
                if boolean(a, 1)? {
                    entries.sort();
                }
                let structs =
                    entries.into_iter().map(|(key, value)| Value::structure([key.clone(), value.clone()]));
                Ok(Value::array(structs))
            }),
        );
    }
    function.parameter("map", "The map.").parameter("sorted", "Whether the entries are sorted by key.")
}

fn map_keys() -> Function {
    Function::new("map_keys", Category::Map, "The keys of a map.")
        .overload(
            "input MAP<STRING, T>",
            "ARRAY<STRING>",
            "",
            Body::Strict(|a| Ok(Value::array(map(a, 0)?.keys().cloned()))),
        )
        .parameter("input", "The map.")
}

fn map_values() -> Function {
    Function::new("map_values", Category::Map, "The values of a map, in the order of MAP_KEYS.")
        .overload(
            "input MAP<STRING, T>",
            "ARRAY<T>",
            "",
            Body::Strict(|a| Ok(Value::array(map(a, 0)?.values().cloned()))),
        )
        .parameter("input", "The map.")
}

fn map_union() -> Function {
    Function::new(
        "map_union",
        Category::Map,
        "The entries of two maps; the second one counts where both have a key.",
    )
    .overload(
        "map1 MAP<STRING, T>, map2 MAP<STRING, T>",
        "MAP<STRING, T>",
        "",
        Body::Lenient(|a| {
            Ok(match (any(a, 0)?, any(a, 1)?) {
                (Value::Null, other) | (other, Value::Null) => other.clone(),
                _ => {
                    let entries = map(a, 0)?.iter().chain(map(a, 1)?.iter());
                    Value::map(entries.map(|(key, value)| (key.clone(), value.clone())))
                }
            })
        }),
    )
    .parameter("map1", "A map; if it is NULL, the other one is the result.")
    .parameter("map2", "Another map of the same type.")
}
