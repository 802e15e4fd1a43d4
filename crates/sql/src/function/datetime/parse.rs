//! PARSE_DATE, PARSE_TIME, PARSE_TIMESTAMP, STRINGTODATE, STRINGTOTIMESTAMP.
use crate::error::Result;
use crate::function::{Evaluator, Site};
use crate::pattern::Pattern;
use crate::value::Value;

use super::operand::{shared_text, text};
use super::{Body, Cached, Category, FORMAT, Function, ZONE, Zoned, pattern};

const TEXT: &str = "The text.";

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("parse_date", Category::DateTime, "The date that a text tells at its beginning.")
            .overload(
                "formattedDate STRING, formatPattern STRING",
                "DATE",
                "",
                Body::BoundStrict(|site| {
                    local(site, |pattern, text| Ok(Value::Date(pattern.read_date_before(text)?)))
                }),
            )
            .parameter("formattedDate", TEXT)
            .parameter("formatPattern", FORMAT),
        Function::new(
            "stringtodate",
            Category::DateTime,
            "The date that a text tells, in days since 1970-01-01. PARSE_DATE gives a DATE.",
        )
        .overload(
            "formattedDate STRING, formatPattern STRING",
            "INTEGER",
            "",
            Body::BoundStrict(|site| {
                local(site, |pattern, text| Ok(Value::Integer(pattern.read_date(text)?)))
            }),
        )
        .parameter("formattedDate", TEXT)
        .parameter("formatPattern", FORMAT),
        Function::new("parse_time", Category::DateTime, "The time of day that a text tells.")
            .overload(
                "formattedTime STRING, formatPattern STRING",
                "TIME",
                "",
                Body::BoundStrict(|site| {
                    local(site, |pattern, text| Ok(Value::Time(pattern.read_time(text)?)))
                }),
            )
            .parameter("formattedTime", TEXT)
            .parameter("formatPattern", FORMAT),
        timestamps("parse_timestamp", "TIMESTAMP", "The timestamp that a text tells.", || {
            Body::BoundStrict(|site| zoned(site, Value::Timestamp))
        }),
        timestamps(
            "stringtotimestamp",
            "BIGINT",
            "The timestamp that a text tells, in milliseconds since 1970-01-01 UTC. PARSE_TIMESTAMP gives a TIMESTAMP.",
            || Body::BoundStrict(|site| zoned(site, Value::Bigint)),
        ),
    ]
}

fn timestamps(name: &'static str, returns: &str, about: &'static str, body: fn() -> Body) -> Function {
    Function::new(name, Category::DateTime, about)
        .overload("formattedTimestamp STRING, formatPattern STRING", returns, "", body())
        .overload("formattedTimestamp STRING, formatPattern STRING, timeZone STRING", returns, "", body())
        .parameter("formattedTimestamp", TEXT)
        .parameter("formatPattern", FORMAT)
        .parameter("timeZone", ZONE)
}

fn local(site: &Site<'_>, read: fn(&Pattern, &str) -> Result<Value>) -> Result<Evaluator> {
    let patterns = Cached::new(pattern, site.arguments.get(1));
    Ok(Box::new(move |a| read(&*patterns.get(shared_text(a, 1)?)?, text(a, 0)?)))
}

fn zoned(site: &Site<'_>, value: fn(i64) -> Value) -> Result<Evaluator> {
    let zoned = Zoned::new(site);
    Ok(Box::new(move |a| {
        zoned.with(a, |pattern, zone| Ok(value(pattern.read_timestamp(text(a, 0)?, zone)?)))
    }))
}
