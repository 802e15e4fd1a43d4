//! Regular expressions, in Java's syntax.
mod java;

use fancy_regex::{Captures, Regex};

use crate::error::{EvaluationError, Result};
use crate::value::Value;

use self::java::{Replacement, compile};
use super::cached::Cached;
use super::operand::{integer, shared_text, text};
use super::{Body, Category, Function};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    vec![extract(), extract_all(), replace(), split()]
}

fn described(function: Function) -> Function {
    function
        .parameter("pattern", "The regular expression.")
        .parameter("input", "The text.")
        .parameter("group", "Which capturing group, counted from 1; 0 is the whole match.")
}

/// The group of a match, or an error if the expression does not have it.
fn group<'t>(pattern: &Regex, captures: &Captures<'t, str>, group: i32) -> Result<Option<&'t str>> {
    let index = usize::try_from(group).ok().filter(|index| *index < pattern.captures_len());
    let index = index.ok_or_else(|| EvaluationError::new(format!("No group {group}")))?;
    Ok(captures.get(index).map(|found| found.as_str()))
}

fn failed(error: fancy_regex::Error) -> EvaluationError {
    EvaluationError::new(format!("the regular expression gave up: {error}"))
}

fn first(pattern: &Regex, input: &str, wanted: i32) -> Result<Value> {
    match pattern.captures(input).map_err(failed)? {
        Some(captures) => Ok(group(pattern, &captures, wanted)?.map(Value::from).unwrap_or_default()),
        None => Ok(Value::Null),
    }
}

fn all(pattern: &Regex, input: &str, wanted: i32) -> Result<Value> {
    let mut found = Vec::new();
    for captures in pattern.captures_iter(input) {
        found.push(group(pattern, &captures.map_err(failed)?, wanted)?.map(Value::from).unwrap_or_default());
    }
    Ok(Value::array(found))
}

fn extract() -> Function {
    let about = "The first part of a text that matches, or a group of it; NULL if nothing does.";
    described(
        Function::new("regexp_extract", Category::Regex, about)
            .overload(
                "pattern STRING, input STRING",
                "STRING",
                "",
                Body::BoundStrict(|site| {
                    let patterns = Cached::new(compile, site.arguments.first());
                    Ok(Box::new(move |a| first(&*patterns.get(shared_text(a, 0)?)?, text(a, 1)?, 0)))
                }),
            )
            .overload(
                "pattern STRING, input STRING, group INTEGER",
                "STRING",
                "",
                Body::BoundStrict(|site| {
                    let patterns = Cached::new(compile, site.arguments.first());
                    Ok(Box::new(move |a| {
                        first(&*patterns.get(shared_text(a, 0)?)?, text(a, 1)?, integer(a, 2)?)
                    }))
                }),
            ),
    )
}

fn extract_all() -> Function {
    let about = "All parts of a text that match, or a group of each.";
    described(
        Function::new("regexp_extract_all", Category::Regex, about)
            .overload(
                "pattern STRING, input STRING",
                "ARRAY<STRING>",
                "",
                Body::BoundStrict(|site| {
                    let patterns = Cached::new(compile, site.arguments.first());
                    Ok(Box::new(move |a| all(&*patterns.get(shared_text(a, 0)?)?, text(a, 1)?, 0)))
                }),
            )
            .overload(
                "pattern STRING, input STRING, group INTEGER",
                "ARRAY<STRING>",
                "",
                Body::BoundStrict(|site| {
                    let patterns = Cached::new(compile, site.arguments.first());
                    Ok(Box::new(move |a| {
                        all(&*patterns.get(shared_text(a, 0)?)?, text(a, 1)?, integer(a, 2)?)
                    }))
                }),
            ),
    )
}

fn replace() -> Function {
    Function::new(
        "regexp_replace",
        Category::Regex,
        "The text with something else for every part that matches.",
    )
    .overload(
        "str STRING, regexp STRING, new_str STRING",
        "STRING",
        "",
        Body::BoundStrict(|site| {
            let patterns = Cached::new(compile, site.arguments.get(1));
            Ok(Box::new(move |a| {
                let (pattern, replacement) =
                    (patterns.get(shared_text(a, 1)?)?, Replacement::parse(text(a, 2)?)?);
                let input = text(a, 0)?;
                let (mut out, mut end) = (String::new(), 0);
                for captures in pattern.captures_iter(input) {
                    let captures = captures.map_err(failed)?;
                    let Some(whole) = captures.get(0) else { continue };
                    out.push_str(&input[end..whole.start()]);
                    replacement.expand(&pattern, &captures, &mut out)?;
                    end = whole.end();
                }
                out.push_str(&input[end..]);
                Ok(out.into())
            }))
        }),
    )
    .parameter("str", "The text.")
    .parameter("regexp", "The regular expression.")
    .parameter("new_str", "What is put in; `$1` or `${name}` is a group, `\\$` a dollar.")
}

fn split() -> Function {
    let about = "The parts of a text between matches, those that are empty included; its characters if the expression is \
                 empty.";
    Function::new("regexp_split_to_array", Category::Regex, about)
        .overload(
            "str STRING, regexp STRING",
            "ARRAY<STRING>",
            "",
            Body::BoundStrict(|site| {
                let patterns = Cached::new(compile, site.arguments.get(1));
                Ok(Box::new(move |a| {
                    let (input, pattern) = (text(a, 0)?, patterns.get(shared_text(a, 1)?)?);
                    if pattern.as_str().is_empty() && !input.is_empty() {
                        return Ok(Value::array(input.chars().map(|c| Value::string(c.to_string()))));
                    }
                    let parts: std::result::Result<Vec<&str>, _> = pattern.split(input).collect();
                    Ok(Value::array(parts.map_err(failed)?.into_iter().map(Value::from)))
                }))
            }),
        )
        .parameter("str", "The text.")
        .parameter("regexp", "The regular expression.")
}
