//! Lengths of time in properties: `30 SECONDS`.
use lentic_sql_syntax::ast::TimeUnit;

/// In milliseconds; the text tells what is wrong with it.
pub(super) fn millis(text: &str) -> Result<i64, String> {
    let wrong = |what: String| format!("Invalid duration: '{text}'. {what}");
    let mut words = text.split_whitespace();
    let (Some(count), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong("Expected a number followed by a unit of time, such as '10 SECONDS'".to_owned()));
    };
    let count: i64 = count.parse().map_err(|_| wrong(format!("Not a whole number: '{count}'")))?;
    let unit = unit.to_uppercase();
    let unit = TimeUnit::of(&unit).ok_or_else(|| wrong(format!("Unknown time unit: '{unit}'")))?;
    if count <= 0 {
        return Err(wrong("It must be positive".to_owned()));
    }
    count.checked_mul(unit.millis()).ok_or_else(|| wrong("It is too long".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, expected) in [
            ("30 seconds", Ok(30_000)),
            ("1 DAY", Ok(86_400_000)),
            ("30 bobs", Err("Unknown time unit: 'BOBS'")),
            ("x DAYS", Err("Not a whole number: 'x'")),
            ("0 DAYS", Err("It must be positive")),
            ("9223372036854775807 DAYS", Err("It is too long")),
            ("30", Err("Expected a number followed by a unit of time, such as '10 SECONDS'")),
        ] {
            let expected = expected.map_err(|what| format!("Invalid duration: '{text}'. {what}"));
            assert_eq!(millis(text), expected);
        }
    }
}
