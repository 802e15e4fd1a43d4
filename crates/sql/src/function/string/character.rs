//! CHR, LCASE, UCASE, INITCAP, TRIM, LEN.
use crate::value::Value;

use super::operand::{bytes, integer, text};
use super::{Body, Category, Function, utf16};

pub(super) fn functions() -> Vec<Function> {
    vec![chr(), lcase(), ucase(), initcap(), trim(), len()]
}

fn chr() -> Function {
    let about =
        "The character of a code point, given as a number or as its escape `\\u597d`; NULL if there is none.";
    Function::new("CHR", Category::String, about)
        .overload(
            "decimal_code INTEGER",
            "STRING",
            "",
            Body::Strict(|a| {
                let code = u32::try_from(integer(a, 0)?).ok().and_then(char::from_u32);
                Ok(code.map(String::from).into())
            }),
        )
        .overload("utf_string STRING", "STRING", "", Body::Strict(|a| Ok(unescape(text(a, 0)?).into())))
        .parameter("decimal_code", "The number of the code point.")
        .parameter("utf_string", "`\\u` and four hexadecimal digits, twice for characters above U+FFFF.")
}

/// Exactly one character, written as one or two units.
fn unescape(escapes: &str) -> Option<String> {
    let mut units = Vec::new();
    for digits in escapes.strip_prefix("\\u")?.split("\\u") {
        let plain = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        units.push(u16::from_str_radix(digits, 16).ok().filter(|_| plain)?);
    }
    let text = String::from_utf16(&units).ok()?;
    (text.chars().count() == 1).then_some(text)
}

fn lcase() -> Function {
    Function::new("lcase", Category::String, "The text in lower case.")
        .overload("input STRING", "STRING", "", Body::Strict(|a| Ok(text(a, 0)?.to_lowercase().into())))
        .parameter("input", "The text.")
}

fn ucase() -> Function {
    Function::new("ucase", Category::String, "The text in upper case.")
        .overload("input STRING", "STRING", "", Body::Strict(|a| Ok(text(a, 0)?.to_uppercase().into())))
        .parameter("input", "The text.")
}

fn initcap() -> Function {
    let about = "The first letter of each word in upper case, all others in lower case. White space is between words.";
    Function::new("initcap", Category::String, about)
        .overload(
            "input STRING",
            "STRING",
            "",
            Body::Strict(|a| {
                let mut result = String::new();
                let mut begins = true;
                for c in text(a, 0)?.chars() {
                    if begins {
                        result.extend(c.to_uppercase())
                    } else {
                        result.extend(c.to_lowercase())
                    }
                    begins = c.is_whitespace();
                }
                Ok(result.into())
            }),
        )
        .parameter("input", "The text.")
}

fn trim() -> Function {
    Function::new(
        "trim",
        Category::String,
        "The text without white space and control characters at its ends.",
    )
    .overload(
        "input STRING",
        "STRING",
        "",
        Body::Strict(|a| Ok(text(a, 0)?.trim_matches(|c| c <= ' ').into())),
    )
    .parameter("input", "The text.")
}

fn len() -> Function {
    Function::new("len", Category::String, "How long it is.")
        .overload(
            "input STRING",
            "INTEGER",
            "Counts units of UTF-16, of which characters above U+FFFF have two.",
            Body::Strict(|a| Ok(Value::Integer(utf16::len(text(a, 0)?) as i32))),
        )
        .overload(
            "input BYTES",
            "INTEGER",
            "Counts bytes.",
            Body::Strict(|a| Ok(Value::Integer(bytes(a, 0)?.len() as i32))),
        )
        .parameter("input", "The text or the bytes.")
}
