//! FROM_DAYS, FROM_UNIXTIME, UNIX_DATE, UNIX_TIMESTAMP.
use crate::value::Value;
use crate::value::calendar::DAY_MS;

use super::operand::{bigint, date, integer, timestamp};
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("from_days", Category::DateTime, "The date that is so many days after 1970-01-01.")
            .overload("days INTEGER", "DATE", "", Body::Strict(|a| Ok(Value::Date(integer(a, 0)?))))
            .parameter("days", "How many days."),
        Function::new(
            "from_unixtime",
            Category::DateTime,
            "The timestamp of so many milliseconds since 1970-01-01 UTC.",
        )
        .overload("epochMilli BIGINT", "TIMESTAMP", "", Body::Strict(|a| Ok(Value::Timestamp(bigint(a, 0)?))))
        .parameter("epochMilli", "How many milliseconds."),
        Function::new("unix_date", Category::DateTime, "How many days a date is after 1970-01-01.")
            .overload(
                "",
                "INTEGER",
                "Of today, in UTC.",
                Body::Bound(|site| {
                    let world = site.world.clone();
                    Ok(Box::new(move |_| Ok(Value::Integer(world.now_ms().div_euclid(DAY_MS) as i32))))
                }),
            )
            .overload("date DATE", "INTEGER", "", Body::Strict(|a| Ok(Value::Integer(date(a, 0)?))))
            .parameter("date", "The date."),
        Function::new(
            "unix_timestamp",
            Category::DateTime,
            "How many milliseconds a timestamp is after 1970-01-01 UTC.",
        )
        .overload(
            "",
            "BIGINT",
            "Of now.",
            Body::Bound(|site| {
                let world = site.world.clone();
                Ok(Box::new(move |_| Ok(Value::Bigint(world.now_ms()))))
            }),
        )
        .overload("timestamp TIMESTAMP", "BIGINT", "", Body::Strict(|a| Ok(Value::Bigint(timestamp(a, 0)?))))
        .parameter("timestamp", "The timestamp."),
    ]
}
