//! FILTER, REDUCE, TRANSFORM.
use crate::error::{EvaluationError, Result};
use crate::function::Lambda;
use crate::value::{MapValue, Value};

use super::operand::any;
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![filter(), reduce(), transform()]
}

fn filter() -> Function {
    Function::new("filter", Category::Lambda, "The elements or entries for which a lambda is true.")
        .overload(
            "array ARRAY<T>, lambda (T) => BOOLEAN",
            "ARRAY<T>",
            "",
            Body::Lambda(|a, lambdas| {
                let Some(values) = any(a, 0)?.as_array() else { return Ok(Value::Null) };
                let keep = lambda(lambdas, 0)?;
                let mut kept = Vec::new();
                for value in values {
                    if keep(std::slice::from_ref(value))? == Value::Boolean(true) {
                        kept.push(value.clone());
                    }
                }
                Ok(Value::array(kept))
            }),
        )
        .overload(
            "map MAP<K, V>, lambda (K, V) => BOOLEAN",
            "MAP<K, V>",
            "",
            Body::Lambda(|a, lambdas| {
                let Some(map) = any(a, 0)?.as_map() else { return Ok(Value::Null) };
                let keep = lambda(lambdas, 0)?;
                let mut kept = Vec::new();
                for (key, value) in map.iter() {
                    if keep(&[key.clone(), value.clone()])? == Value::Boolean(true) {
                        kept.push((key.clone(), value.clone()));
                    }
                }
                Ok(Value::map(kept))
            }),
        )
        .parameter("array", "The array.")
        .parameter("map", "The map.")
        .parameter("lambda", "What an element, or a key and its value, has to fulfil.")
}

fn reduce() -> Function {
    Function::new(
        "reduce",
        Category::Lambda,
        "Folds elements or entries, one by one, into a state. NULL if the state becomes NULL at the start.",
    )
    .overload(
        "list ARRAY<T>, state S, reduce (S, T) => S",
        "S",
        "",
        Body::Lambda(|a, lambdas| {
            let step = lambda(lambdas, 0)?;
            let state = any(a, 1)?.clone();
            let Some(values) = any(a, 0)?.as_array().filter(|_| !state.is_null()) else { return Ok(state) };
            values.iter().try_fold(state, |state, value| step(&[state, value.clone()]))
        }),
    )
    .overload(
        "map MAP<K, V>, state S, reduce (S, K, V) => S",
        "S",
        "",
        Body::Lambda(|a, lambdas| {
            let step = lambda(lambdas, 0)?;
            let state = any(a, 1)?.clone();
            let Some(map) = any(a, 0)?.as_map().filter(|_| !state.is_null()) else { return Ok(state) };
            map.iter().try_fold(state, |state, (key, value)| step(&[state, key.clone(), value.clone()]))
        }),
    )
    .parameter("list", "The array; if it is NULL, the state is the result.")
    .parameter("map", "The map; if it is NULL, the state is the result.")
    .parameter("state", "What the fold begins with; if it is NULL, so is the result.")
    .parameter("reduce", "Makes the next state of the state and an element, or a key and its value.")
}

fn transform() -> Function {
    Function::new(
        "transform",
        Category::Lambda,
        "What a lambda makes of each element, or two lambdas of each key and value.",
    )
    .overload(
        "array ARRAY<T>, transform (T) => R",
        "ARRAY<R>",
        "",
        Body::Lambda(|a, lambdas| {
            let Some(values) = any(a, 0)?.as_array() else { return Ok(Value::Null) };
            let make = lambda(lambdas, 0)?;
            let made: Result<_> = values.iter().map(|value| make(std::slice::from_ref(value))).collect();
            made.map(Value::Array)
        }),
    )
    .overload(
        "map MAP<K, V>, key_transform (K, V) => R, value_transform (K, V) => S",
        "MAP<R, S>",
        "",
        Body::Lambda(|a, lambdas| {
            let Some(map) = any(a, 0)?.as_map() else { return Ok(Value::Null) };
            let (key_of, value_of) = (lambda(lambdas, 0)?, lambda(lambdas, 1)?);
            let entries = map.iter().map(|(key, value)| {
                let entry = [key.clone(), value.clone()];
                Ok((key_of(&entry)?, value_of(&entry)?))
            });
            let entries: Vec<(Value, Value)> = entries.collect::<Result<_>>()?;
            let made: MapValue = entries.iter().cloned().collect();
            if made.len() < entries.len() {
                return Err(EvaluationError::new("two entries were transformed to the same key"));
            }
            Ok(Value::Map(made.into()))
        }),
    )
    .parameter("array", "The array.")
    .parameter("map", "The map.")
    .parameter("transform", "Makes something of an element.")
    .parameter("key_transform", "Makes a key of a key and its value.")
    .parameter("value_transform", "Makes a value of a key and its value.")
}

fn lambda<'a, 'b>(lambdas: &[&'a Lambda<'b>], index: usize) -> Result<&'a Lambda<'b>> {
    lambdas.get(index).copied().ok_or_else(|| EvaluationError::new("a lambda is missing"))
}
