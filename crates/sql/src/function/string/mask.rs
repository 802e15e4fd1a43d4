//! MASK and its four variants: characters replaced by what only tells their kind.
use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::operand::{integer, text};
use super::{Body, Category, Function};

/// Which characters of a text are masked.
#[derive(Clone, Copy)]
enum Part {
    All,
    KeepLeft,
    KeepRight,
    Left,
    Right,
}

/// For upper case, lower case, digits and all others: what comes in their place, `None` to leave them.
type Masks = [Option<char>; 4];

const DEFAULT: Masks = [Some('X'), Some('x'), Some('n'), Some('-')];

macro_rules! variant {
    ($name:literal, $about:literal, $part:expr) => {
        described(
            Function::new($name, Category::String, $about)
                .overload("input STRING, num_chars INTEGER", "STRING", "", Body::Lenient(|a| mask(a, $part)))
                .overload(
                    "input STRING, num_chars INTEGER, upper STRING, lower STRING, digit STRING, other STRING",
                    "STRING",
                    "With other masks.",
                    Body::Lenient(|a| mask(a, $part)),
                ),
        )
    };
}

pub(super) fn functions() -> Vec<Function> {
    let whole = Function::new("mask", Category::String, "The text with X, x, n and - for its characters.")
        .overload("input STRING", "STRING", "", Body::Lenient(|a| mask(a, Part::All)))
        .overload(
            "input STRING, upper STRING, lower STRING, digit STRING, other STRING",
            "STRING",
            "With other masks.",
            Body::Lenient(|a| mask(a, Part::All)),
        );
    vec![
        described(whole),
        variant!("mask_keep_left", "Like MASK, but leaves so many characters at the start.", Part::KeepLeft),
        variant!("mask_keep_right", "Like MASK, but leaves so many characters at the end.", Part::KeepRight),
        variant!("mask_left", "Like MASK, but only for so many characters at the start.", Part::Left),
        variant!("mask_right", "Like MASK, but only for so many characters at the end.", Part::Right),
    ]
}

fn described(function: Function) -> Function {
    function
        .parameter("input", "The text.")
        .parameter("num_chars", "How many characters.")
        .parameter("upper", "What stands for upper-case letters; NULL leaves them.")
        .parameter("lower", "What stands for lower-case letters; NULL leaves them.")
        .parameter("digit", "What stands for digits; NULL leaves them.")
        .parameter("other", "What stands for everything else; NULL leaves it.")
}

fn mask(arguments: &[Value], part: Part) -> Result<Value> {
    if arguments.first().is_none_or(Value::is_null) {
        return Ok(Value::Null);
    }
    let input = text(arguments, 0)?;
    let counted = !matches!(part, Part::All);
    let count = if counted { count(arguments)? } else { 0 };
    let masks = masks(arguments.get(1 + usize::from(counted)..).unwrap_or_default())?;
    let len = input.chars().count();
    let masked = match part {
        Part::All => 0..len,
        Part::KeepLeft => count.min(len)..len,
        Part::KeepRight => 0..len.saturating_sub(count),
        Part::Left => 0..count.min(len),
        Part::Right => len.saturating_sub(count)..len,
    };
    let result: String = input
        .chars()
        .enumerate()
        .map(|(at, c)| if masked.contains(&at) { masks[kind(c)].unwrap_or(c) } else { c })
        .collect();
    Ok(result.into())
}

fn count(arguments: &[Value]) -> Result<usize> {
    let count = integer(arguments, 1)?;
    usize::try_from(count)
        .map_err(|_| EvaluationError::new(format!("the number of characters is negative: {count}")))
}

fn masks(arguments: &[Value]) -> Result<Masks> {
    let mut masks = DEFAULT;
    for (mask, argument) in masks.iter_mut().zip(arguments) {
        *mask = match argument.as_str().map(|text| text.chars().next()) {
            None => None,
            Some(Some(c)) => Some(c),
            Some(None) => {
                return Err(EvaluationError::new("a mask is empty; NULL leaves characters as they are"));
            }
        };
    }
    Ok(masks)
}

fn kind(c: char) -> usize {
    match c {
        c if c.is_uppercase() => 0,
        c if c.is_lowercase() => 1,
        c if c.is_numeric() => 2,
        _ => 3,
    }
}
