//! CONVERT_TZ.
use crate::value::Value;

use super::operand::{shared_text, timestamp};
use super::{Body, Cached, Category, Function, time_zone};

pub(super) fn functions() -> Vec<Function> {
    let about = "Moves a timestamp by what one zone's clocks are ahead of another's at that moment.";
    let convert = Function::new("convert_tz", Category::DateTime, about)
        .overload(
            "timestamp TIMESTAMP, fromTimeZone STRING, toTimeZone STRING",
            "TIMESTAMP",
            "",
            Body::BoundStrict(|site| {
                let from = Cached::new(time_zone, site.arguments.get(1));
                let to = Cached::new(time_zone, site.arguments.get(2));
                Ok(Box::new(move |a| {
                    let ms = timestamp(a, 0)?;
                    let (from, to) = (from.get(shared_text(a, 1)?)?, to.get(shared_text(a, 2)?)?);
                    Ok(Value::Timestamp(ms.wrapping_add(to.offset_ms(ms) - from.offset_ms(ms))))
                }))
            }),
        )
        .parameter("timestamp", "The timestamp.")
        .parameter("fromTimeZone", "The zone that it is of: a region like `Europe/London`, or an offset.")
        .parameter("toTimeZone", "The zone that it is moved to.");
    vec![convert]
}
