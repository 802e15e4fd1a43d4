//! A field of text as JSON.
use lentic::types::FormatName;

/// Whether a field is a number: only if it would be printed back identically, so that `007`, `1.50` and `1e5` stay
/// the texts that they are.
pub fn is_number(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return false;
    }
    if text.contains('.') {
        return text.parse::<f64>().is_ok_and(|number| number.is_finite() && number.to_string() == text);
    }
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
        || text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

/// A number, or a text.
pub fn push_json(text: &str, to: &mut Vec<u8>) {
    if is_number(text) {
        to.extend_from_slice(text.as_bytes());
    } else {
        push_text(text, to);
    }
}

pub fn push_text(text: &str, to: &mut Vec<u8>) {
    // A text always encodes, and a vector always takes it.
    let _ = serde_json::to_writer(to, text);
}

/// A field as a key or value of a format.
pub fn push_as(format: FormatName, text: &str, to: &mut Vec<u8>) -> Result<(), String> {
    match format {
        FormatName::Json => push_json(text, to),
        FormatName::String => push_text(text, to),
        FormatName::Int | FormatName::Bigint | FormatName::Double => {
            if serde_json::from_str::<serde_json::Number>(text).is_err() {
                return Err(format!("{text:?} is no number, the table's format is {format}"));
            }
            to.extend_from_slice(text.as_bytes());
        }
        FormatName::Bytes => {
            return Err("the table's format is bytes, which text files don't hold".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_back_identically() {
        for text in ["0", "5", "-5", "2013", "18446744073709551615", "0.5", "-1.25", "39.140000000000001"] {
            let number = text != "39.140000000000001";
            assert_eq!(is_number(text), number, "{text}");
        }
        for text in [
            "", "-", "-0", "+5", "007", "1.50", "1.", ".5", "1e5", "1_000", "NaN", "inf", "-inf", "5 ",
            "0x10",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn fields_of_a_format() {
        let pushed = |format, text| {
            let mut to = Vec::new();
            push_as(format, text, &mut to).map(|()| String::from_utf8(to).unwrap())
        };
        for (format, text, json) in [
            (FormatName::Json, "5", "5"),
            (FormatName::Json, "a\"b", "\"a\\\"b\""),
            (FormatName::String, "5", "\"5\""),
            (FormatName::Int, "5", "5"),
            (FormatName::Double, "1.50", "1.50"),
        ] {
            assert_eq!(pushed(format, text).as_deref(), Ok(json));
        }
        assert!(pushed(FormatName::Int, "five").is_err());
        assert!(pushed(FormatName::Bytes, "5").is_err());
    }
}
