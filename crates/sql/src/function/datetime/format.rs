//! DATETOSTRING, FORMAT_DATE, FORMAT_TIME, FORMAT_TIMESTAMP, TIMESTAMPTOSTRING.
use crate::error::Result;
use crate::function::{Evaluator, Site};
use crate::pattern::Moment;
use crate::value::Value;

use super::operand::{bigint, date, integer, shared_text, time, timestamp};
use super::{Body, Cached, Category, FORMAT, Function, ZONE, Zoned, pattern};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "datetostring",
            Category::DateTime,
            "Days since 1970-01-01 as text. FORMAT_DATE does it for DATEs.",
        )
        .overload(
            "epochDays INTEGER, formatPattern STRING",
            "STRING",
            "",
            Body::BoundStrict(|site| local(site, |a| Ok(Moment::of_date(integer(a, 0)?)))),
        )
        .parameter("epochDays", "The days.")
        .parameter("formatPattern", FORMAT),
        Function::new("format_date", Category::DateTime, "A date as text.")
            .overload(
                "date DATE, formatPattern STRING",
                "STRING",
                "",
                Body::BoundStrict(|site| local(site, |a| Ok(Moment::of_date(date(a, 0)?)))),
            )
            .parameter("date", "The date.")
            .parameter("formatPattern", FORMAT),
        Function::new("format_time", Category::DateTime, "A time of day as text.")
            .overload(
                "time TIME, formatPattern STRING",
                "STRING",
                "",
                Body::BoundStrict(|site| local(site, |a| Ok(Moment::of_time(time(a, 0)?)))),
            )
            .parameter("time", "The time.")
            .parameter("formatPattern", FORMAT),
        Function::new("format_timestamp", Category::DateTime, "A timestamp as text.")
            .overload(
                "timestamp TIMESTAMP, formatPattern STRING",
                "STRING",
                "",
                Body::BoundStrict(|site| zoned(site, |a| timestamp(a, 0))),
            )
            .overload(
                "timestamp TIMESTAMP, formatPattern STRING, timeZone STRING",
                "STRING",
                "",
                Body::BoundStrict(|site| zoned(site, |a| timestamp(a, 0))),
            )
            .parameter("timestamp", "The timestamp.")
            .parameter("formatPattern", FORMAT)
            .parameter("timeZone", ZONE),
        Function::new(
            "timestamptostring",
            Category::DateTime,
            "Milliseconds since 1970-01-01 UTC as text. FORMAT_TIMESTAMP does it for TIMESTAMPs.",
        )
        .overload(
            "epochMilli BIGINT, formatPattern STRING",
            "STRING",
            "",
            Body::BoundStrict(|site| zoned(site, |a| bigint(a, 0))),
        )
        .overload(
            "epochMilli BIGINT, formatPattern STRING, timeZone STRING",
            "STRING",
            "",
            Body::BoundStrict(|site| zoned(site, |a| bigint(a, 0))),
        )
        .parameter("epochMilli", "The milliseconds.")
        .parameter("formatPattern", FORMAT)
        .parameter("timeZone", ZONE),
    ]
}

fn local(site: &Site<'_>, moment: fn(&[Value]) -> Result<Moment<'static>>) -> Result<Evaluator> {
    let patterns = Cached::new(pattern, site.arguments.get(1));
    Ok(Box::new(move |a| Ok(patterns.get(shared_text(a, 1)?)?.write(&moment(a)?)?.into())))
}

fn zoned(site: &Site<'_>, ms: fn(&[Value]) -> Result<i64>) -> Result<Evaluator> {
    let zoned = Zoned::new(site);
    Ok(Box::new(move |a| {
        zoned.with(a, |pattern, zone| Ok(pattern.write(&Moment::of_timestamp(ms(a)?, zone))?.into()))
    }))
}
