//! DATEADD, DATESUB, TIMEADD, TIMESUB, TIMESTAMPADD, TIMESTAMPSUB.
use crate::error::{EvaluationError, Result};
use crate::function::{Evaluator, IntervalUnit, Site};
use crate::value::Value;
use crate::value::calendar::DAY_MS;

use super::operand::{date, integer, time, timestamp};
use super::{Body, Category, Function};

macro_rules! function {
    ($name:literal, $about:literal, $parameter:literal, $kind:literal, $sign:literal, $add:expr) => {
        Function::new($name, Category::DateTime, $about)
            .overload(
                concat!("unit INTERVAL, interval INTEGER, ", $parameter, " ", $kind),
                $kind,
                "",
                Body::BoundStrict(|site| bind(site, $sign, $add)),
            )
            .parameter("unit", "A unit of time, like DAYS.")
            .parameter("interval", "How many of them.")
            .parameter($parameter, "Where it is counted from.")
    };
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "dateadd",
            "A date so much later; parts of days are dropped.",
            "date",
            "DATE",
            1,
            add_to_date
        ),
        function!(
            "datesub",
            "A date so much earlier; parts of days are dropped.",
            "date",
            "DATE",
            -1,
            add_to_date
        ),
        function!(
            "timeadd",
            "A time of day so much later, past midnight if need be.",
            "time",
            "TIME",
            1,
            add_to_time
        ),
        function!(
            "timesub",
            "A time of day so much earlier, past midnight if need be.",
            "time",
            "TIME",
            -1,
            add_to_time
        ),
        function!(
            "timestampadd",
            "A timestamp so much later.",
            "timestamp",
            "TIMESTAMP",
            1,
            add_to_timestamp
        ),
        function!(
            "timestampsub",
            "A timestamp so much earlier.",
            "timestamp",
            "TIMESTAMP",
            -1,
            add_to_timestamp
        ),
    ]
}

fn bind(site: &Site<'_>, sign: i64, add: fn(&[Value], i64) -> Result<Value>) -> Result<Evaluator> {
    let unit = site.arguments.first().and_then(|argument| argument.unit);
    let unit: IntervalUnit = unit.ok_or_else(|| EvaluationError::new("the unit of time is not known"))?;
    Ok(Box::new(move |arguments| add(arguments, unit.ms(sign * i64::from(integer(arguments, 1)?)))))
}

fn add_to_date(arguments: &[Value], ms: i64) -> Result<Value> {
    let days = (i64::from(date(arguments, 2)?) * DAY_MS).saturating_add(ms).div_euclid(DAY_MS);
    let error = |_| EvaluationError::new("the date is beyond what a DATE holds");
    i32::try_from(days).map(Value::Date).map_err(error)
}

fn add_to_time(arguments: &[Value], ms: i64) -> Result<Value> {
    Ok(Value::Time((i64::from(time(arguments, 2)?) + ms % DAY_MS).rem_euclid(DAY_MS) as i32))
}

fn add_to_timestamp(arguments: &[Value], ms: i64) -> Result<Value> {
    Ok(Value::Timestamp(timestamp(arguments, 2)?.wrapping_add(ms)))
}
