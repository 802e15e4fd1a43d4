//! Whose fault a failure of a query is, as the service's operator says: `ksql.error.classifier.regex.NAME = USER .*pattern.*`.
use std::fmt::Write as _;

use fancy_regex::Regex;
use lentic::FailureKind;
use lentic_sql::settings::Settings;

/// What the names of such properties begin with.
pub(crate) const PREFIX: &str = "ksql.error.classifier.regex";

/// A kind of failures, and the messages that are of it.
struct Classifier {
    kind: FailureKind,
    pattern: Regex,
}

impl Classifier {
    /// Of a property's value. Empty: none.
    fn of(value: &str) -> Result<Option<Self>, String> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(None);
        }
        let (kind, pattern) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        let kind = match kind {
            "USER" => FailureKind::User,
            "SYSTEM" => FailureKind::System,
            "UNKNOWN" => FailureKind::Unknown,
            other => return Err(format!("{other:?} is none of USER, SYSTEM and UNKNOWN")),
        };
        if pattern.trim().is_empty() {
            return Err("there is no pattern behind the type".to_owned());
        }
        // The pattern is the whole message's, as in Java's `matches`.
        let pattern = Regex::new(&format!(r"\A(?:{})\z", pattern.trim_start()));
        pattern.map(|pattern| Some(Self { kind, pattern })).map_err(|error| error.to_string())
    }
}

/// Whether a property of this name can have this value.
pub(crate) fn check(name: &str, value: &str) -> Result<(), String> {
    Classifier::of(value).map(drop).map_err(|why| {
        let mut text = format!("Invalid value {value} for configuration {name}: {why}. ");
        let _ = write!(text, "Give a type and a pattern of the whole message, as in USER .*Authorization.*");
        text
    })
}

/// The kind that the properties give to a failure: that of the first, by name, whose pattern is the message's.
pub(super) fn kind_of(settings: &Settings, message: &str) -> Option<FailureKind> {
    let values = settings.given().range(PREFIX.to_owned()..);
    let values = values.take_while(|(name, _)| name.starts_with(PREFIX)).map(|(_, value)| value);
    values
        .filter_map(|value| Classifier::of(value).ok().flatten())
        .find(|classifier| classifier.pattern.is_match(message).unwrap_or(false))
        .map(|classifier| classifier.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_kinds() {
        let settings = Settings::new([
            ("ksql.error.classifier.regex", ""),
            ("ksql.error.classifier.regex.a", "USER .*topic orders.*"),
            ("ksql.error.classifier.regex.b", "SYSTEM  (?s).*topic.*"),
            ("ksql.fail.on.production.error", "SYSTEM .*"),
        ]);
        for (message, kind) in [
            ("the topic orders is gone", Some(FailureKind::User)),
            ("the topic rows is gone", Some(FailureKind::System)),
            ("the topic orders\nis gone", Some(FailureKind::System)),
            ("out of space", None),
        ] {
            assert_eq!(kind_of(&settings, message), kind, "{message}");
        }
        for (value, fits) in
            [("USER .*x.*", true), ("", true), ("USER", false), ("ME .*", false), ("USER (", false)]
        {
            assert_eq!(check(PREFIX, value).is_ok(), fits, "{value}");
        }
    }
}
