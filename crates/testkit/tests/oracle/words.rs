//! The functions that the oracle's topologies are made of.

/// Text that may be null.
pub type Text = Option<String>;

/// The text, or `~` for null.
pub fn shown(text: Option<&str>) -> &str {
    text.unwrap_or("~")
}

/// The first character; null without one.
pub fn letter(text: Option<&str>) -> Text {
    text.and_then(|text| text.chars().next()).map(String::from)
}

/// Whether the first character is at most `c`.
pub fn low(text: Option<&str>) -> bool {
    text.and_then(|text| text.chars().next()).is_some_and(|first| first <= 'c')
}

/// Whether the text starts so.
pub fn starts(text: Option<&str>, with: char) -> bool {
    text.is_some_and(|text| text.starts_with(with))
}

/// Both, with the operation between them, and of that the last 40 characters.
pub fn join(one: Option<&str>, operation: &str, other: Option<&str>) -> String {
    let all = format!("{}{operation}{}", shown(one), shown(other));
    let skipped = all.chars().count().saturating_sub(40);
    all.chars().skip(skipped).collect()
}

/// The joiner of all joins.
pub fn pair(left: Option<&str>, right: Option<&str>) -> String {
    format!("{}/{}", shown(left), shown(right))
}

/// Adds a value to an aggregate.
pub fn plus(so_far: &str, value: &str) -> String {
    join(Some(so_far), "+", Some(value))
}

/// Takes a value out of an aggregate.
pub fn minus(so_far: &str, value: &str) -> String {
    join(Some(so_far), "-", Some(value))
}
