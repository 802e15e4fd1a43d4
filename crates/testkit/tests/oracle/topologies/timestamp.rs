//! Times taken from values.
use std::sync::Arc;

use lentic_topology::spec::{Extract, ExtractedTime, TimestampExtractor};
use lentic_topology::{Consumed, Stream, TimeWindows};
use lentic_types::Timestamp;

use crate::twin::{Twin, ms};
use crate::words::Text;

pub fn twin(name: &str) -> Option<Twin> {
    let without: fn(&Extract<'_>) -> ExtractedTime = match name {
        // A record that has no time is skipped: with a negative time, too.
        "ts-from-value" => |_| ExtractedTime::At(Timestamp(-1)),
        "ts-log-and-skip" => |_| ExtractedTime::Skip,
        "ts-partition-time" => |seen| match seen.partition_time {
            Timestamp(..0) => ExtractedTime::Fail,
            known => ExtractedTime::At(known),
        },
        "ts-fail" => |_| ExtractedTime::Fail,
        _ => return None,
    };
    let extract = move |seen: &Extract<'_>| match time(seen) {
        Some(time) if time >= 0 => ExtractedTime::At(Timestamp(time)),
        _ => without(seen),
    };
    let mut twin = Twin::windows_of(10);
    let consumed = Consumed::new().timestamps(TimestampExtractor::By(Arc::new(extract)));
    let stream: Stream<String, Text> = twin.topology.stream_with(&["in"], consumed);
    twin.to(&stream, "raw");
    twin.windows::<i64>("windowed");
    let windows = TimeWindows::tumbling(ms(10)).grace(ms(5));
    Some(twin.out(&stream.group_by_key().windowed_by(windows).count("windowed")))
}

/// The number before the colon.
fn time(seen: &Extract<'_>) -> Option<i64> {
    let text = seen.value?.get::<Text>().as_ref()?;
    text.split_once(':')?.0.parse().ok()
}
