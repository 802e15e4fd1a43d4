//! What an example has to show.
//!
//! Text: line by line, where `...` stands for anything, and alone in a line for any lines. How wide the columns of a table are
//! does not count. JSON: objects may have more fields than are expected; `"..."` stands for anything, within a text for a part of
//! it, and as the last element of an array for any more.
use serde_json::Value;

use super::page::Expected;

/// Whether this is it; `Err` says what is missing.
pub fn check(expected: &Expected, shown: &str) -> Result<(), String> {
    match expected {
        Expected::Text(expected) => {
            let (expected, shown) = (lines(expected), lines(shown));
            if fits(&expected, &shown) { Ok(()) } else { Err("other text".to_owned()) }
        }
        Expected::Json(expected) => {
            let expected =
                values(expected).map_err(|error| format!("the expectation is no JSON: {error}"))?;
            let shown = values(shown).map_err(|error| format!("no JSON: {error}"))?;
            contains(&Value::Array(expected), &Value::Array(shown), "")
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(squeezed).collect()
}

/// Runs of spaces and dashes as one: as wide as a column is.
fn squeezed(line: &str) -> String {
    let mut squeezed = String::new();
    for letter in line.trim_end().chars() {
        if !(matches!(letter, ' ' | '-') && squeezed.ends_with(letter)) {
            squeezed.push(letter);
        }
    }
    squeezed
}

fn fits(expected: &[String], shown: &[String]) -> bool {
    match expected {
        [] => shown.is_empty(),
        [any, rest @ ..] if any.trim() == "..." => {
            (0..=shown.len()).any(|skipped| fits(rest, &shown[skipped..]))
        }
        [line, rest @ ..] => {
            shown.first().is_some_and(|shown| is_like(line, shown)) && fits(rest, &shown[1..])
        }
    }
}

fn is_like(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once("...") else { return pattern == text };
    let Some(text) = text.strip_prefix(before) else { return false };
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.into_iter().any(|at| is_like(rest, &text[at..]))
}

/// JSON values that stand one behind the other.
fn values(text: &str) -> Result<Vec<Value>, serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter().collect()
}

fn contains(expected: &Value, shown: &Value, at: &str) -> Result<(), String> {
    let holds = match (expected, shown) {
        (Value::String(pattern), _) if pattern == "..." => true,
        (Value::String(pattern), Value::String(text)) => is_like(pattern, text),
        (Value::Object(expected), Value::Object(shown)) => {
            for (name, expected) in expected {
                contains(expected, shown.get(name).unwrap_or(&Value::Null), &format!("{at}.{name}"))?;
            }
            true
        }
        (Value::Array(expected), Value::Array(shown)) => {
            let more = expected.last().is_some_and(|last| last == "...");
            let named = if more { &expected[..expected.len() - 1] } else { &expected[..] };
            if named.len() > shown.len() || !more && named.len() < shown.len() {
                return Err(format!("{at} has {} elements where {} are expected", shown.len(), named.len()));
            }
            for (index, (expected, shown)) in named.iter().zip(shown).enumerate() {
                contains(expected, shown, &format!("{at}[{index}]"))?;
            }
            true
        }
        (expected, shown) => expected == shown,
    };
    if holds { Ok(()) } else { Err(format!("{at} is {shown} where {expected} is expected")) }
}

#[test]
fn expectations() {
    let text = |text: &str| Expected::Text(text.to_owned());
    let json = |text: &str| Expected::Json(text.to_owned());
    for (expected, shown, holds) in [
        (text("a\nb\n"), "a\nb", true),
        (text("a\n"), "a\nb", false),
        (text("a\n...\n"), "a\nb\nc", true),
        (text("a\n...\nc\n"), "a\nc", true),
        (text(" K  | V\n----+---\n"), " K | V\n---+----\n", true),
        (text("id ..., done\n"), "id CSAS_1, done\n", true),
        (text("id ..., done\n"), "id CSAS_1, gone\n", false),
        (json("{\"a\": 1}"), "{\"b\": 2, \"a\": 1}", true),
        (json("{\"a\": 1}"), "{\"b\": 2}", false),
        (json("[1, \"...\"]"), "[1, 2, 3]", true),
        (json("[1]"), "[1, 2, 3]", false),
        (json("{\"a\": \"q_...\"}\n[1]"), "{\"a\": \"q_7\"}\n[1]\n", true),
        (json("1"), "1\n2", false),
        (json("1"), "<html>", false),
    ] {
        assert_eq!(check(&expected, shown).is_ok(), holds, "{expected:?} {shown}");
    }
}
