//! JSON in text. Numbers keep the text that they have, and objects the order of their fields.
mod document;
mod path;
mod write;

use crate::value::Value;

use self::document::{Node, compact, parse};
use self::path::JsonPath;
use self::write::write;
use super::cached::Cached;
use super::operand::{any, shared_text, text};
use super::{Body, Category, Function};
use crate::types::SqlType;

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    vec![
        extract(),
        is_json(),
        array_contains(),
        array_length(),
        concat(),
        items(),
        keys(),
        records(),
        to_json(),
    ]
}

fn extract() -> Function {
    let about =
        "What a path like `$.log.cloud` leads to in a JSON document, as text; NULL if there is nothing.";
    Function::new("extractjsonfield", Category::Json, about)
        .overload(
            "input STRING, path STRING",
            "STRING",
            "",
            Body::BoundStrict(|site| {
                let paths = Cached::new(JsonPath::parse, site.arguments.get(1));
                Ok(Box::new(move |a| {
                    let path = paths.get(shared_text(a, 1)?)?;
                    let Some(root) = parse(text(a, 0)?) else { return Ok(Value::Null) };
                    Ok(path.follow(root).and_then(|node| node.text()).into())
                }))
            }),
        )
        .parameter("input", "The document.")
        .parameter("path", "Fields behind `.` or in `['..']`, places of arrays from 0 in `[..]`.")
}

fn is_json() -> Function {
    Function::new("is_json_string", Category::Json, "Whether a text is a JSON value.")
        .overload(
            "input STRING",
            "BOOLEAN",
            "",
            Body::Lenient(|a| {
                Ok(Value::Boolean(any(a, 0)?.as_str().is_some_and(|text| parse(text).is_some())))
            }),
        )
        .parameter("input", "The text; NULL is no JSON.")
}

fn array_contains() -> Function {
    Function::new(
        "JSON_ARRAY_CONTAINS",
        Category::Json,
        "Whether a JSON array has a value among its elements; false for what is no array.",
    )
    .overload(
        "json STRING, val T",
        "BOOLEAN",
        "",
        Body::Lenient(|a| {
            let elements = any(a, 0)?.as_str().and_then(parse).and_then(|root| root.elements());
            let wanted = any(a, 1)?;
            Ok(Value::Boolean(elements.is_some_and(|elements| elements.iter().any(|node| node.is(wanted)))))
        }),
    )
    .parameter("json", "The array.")
    .parameter("val", "The value; a whole number is only found among whole numbers, text only among strings.")
}

fn array_length() -> Function {
    Function::new(
        "json_array_length",
        Category::Json,
        "How many elements a JSON array has; NULL for what is no array.",
    )
    .overload(
        "json STRING",
        "INTEGER",
        "",
        Body::Strict(|a| {
            let elements = parse(text(a, 0)?).and_then(|root| root.elements());
            Ok(elements.map(|elements| elements.len() as i32).into())
        }),
    )
    .parameter("json", "The array.")
}

fn concat() -> Function {
    let about = "Puts JSON values together: the fields of objects if all are objects, else the elements of arrays, what is \
                 no array being one element. NULL if one is NULL or no JSON.";
    Function::new("json_concat", Category::Json, about)
        .overload(
            "json_strings STRING...",
            "STRING",
            "",
            Body::Strict(|a| {
                let mut roots = Vec::new();
                for index in 0..a.len() {
                    let Some(root) = parse(text(a, index)?) else { return Ok(Value::Null) };
                    roots.push(root);
                }
                if roots.is_empty() {
                    return Ok(Value::Null);
                }
                Ok(document::concatenate(&roots).into())
            }),
        )
        .parameter("json_strings", "The values.")
}

fn items() -> Function {
    Function::new(
        "json_items",
        Category::Json,
        "The elements of a JSON array, each as JSON; NULL for what is no array.",
    )
    .overload(
        "json_items STRING",
        "ARRAY<STRING>",
        "",
        Body::Strict(|a| {
            let elements = parse(text(a, 0)?).and_then(|root| root.elements());
            Ok(elements.map_or(Value::Null, |nodes| {
                Value::array(nodes.iter().map(|node| compact(node.raw()).into()))
            }))
        }),
    )
    .parameter("json_items", "The array.")
}

fn keys() -> Function {
    Function::new(
        "json_keys",
        Category::Json,
        "The names of a JSON object's fields; NULL for what is no object.",
    )
    .overload(
        "json_obj STRING",
        "ARRAY<STRING>",
        "",
        Body::Strict(|a| {
            let fields = parse(text(a, 0)?).and_then(|root| root.fields());
            Ok(fields.map_or(Value::Null, |fields| {
                Value::array(fields.iter().map(|(name, _)| Value::string(name)))
            }))
        }),
    )
    .parameter("json_obj", "The object.")
}

fn records() -> Function {
    Function::new(
        "json_records",
        Category::Json,
        "A JSON object's fields with their values as text; NULL for what is no object.",
    )
    .overload(
        "json_obj STRING",
        "MAP<STRING, STRING>",
        "",
        Body::Strict(|a| {
            let fields = parse(text(a, 0)?).and_then(|root| root.fields());
            Ok(fields.map_or(Value::Null, |fields| {
                let text = |node: &Node<'_>| node.string().unwrap_or_else(|| compact(node.raw()));
                Value::map(fields.iter().map(|(name, node)| (Value::string(name), text(node).into())))
            }))
        }),
    )
    .parameter("json_obj", "The object.")
}

fn to_json() -> Function {
    Function::new("to_json_string", Category::Json, "A value of any type as JSON; dates and times as text.")
        .overload(
            "val T",
            "STRING",
            "",
            Body::Bound(|site| {
                let kind = site
                    .arguments
                    .first()
                    .and_then(|argument| argument.kind.clone())
                    .unwrap_or(SqlType::String);
                Ok(Box::new(move |a| {
                    let mut json = String::new();
                    write(any(a, 0)?, &kind, &mut json);
                    Ok(json.into())
                }))
            }),
        )
        .parameter("val", "The value.")
}
