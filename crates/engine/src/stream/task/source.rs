//! The source side of a task: decoding, event time, and what happens to records that have neither.
use std::sync::Arc;

use lentic_topology::spec::{Extract, ExtractedTime, Source, Spec, TimestampExtractor};
use lentic_topology::{Headers, Record};
use lentic_types::{RecordBatch, Timestamp};

use super::{Reading, Refused, StreamTask};
use crate::stream::TaskError;
use crate::stream::change::{self, Halves};
use crate::stream::input::Head;

impl StreamTask {
    /// Decodes the next record of an input, if that isn't done. Records that are skipped move the position.
    pub(super) fn fill_head(&mut self, number: usize) -> Result<(), TaskError> {
        while self.inputs[number].head.is_none() {
            let Some((batch, index)) = self.inputs[number].peek() else { return Ok(()) };
            let offset = batch.get(index).offset;
            let partition_time = self.inputs[number].time;
            let (mut first, mut rest) = (None, Vec::new());
            for place in 0..self.inputs[number].sources.len() {
                let node = self.inputs[number].sources[place];
                let Spec::Source(source) = &self.plan.nodes()[node].spec else { continue };
                let policy = source.errors;
                match decode(source, &batch, index, partition_time, self.runtime.core.now) {
                    Ok(Some(record)) if first.is_none() => first = Some((node, record)),
                    Ok(Some(record)) => rest.push((node, record)),
                    Ok(None) => self.runtime.core.dropped += 1,
                    Err(error) => {
                        let core = &mut self.runtime.core;
                        // Who asks to fail without a time does, whatever is said of bytes that do not decode.
                        let is_fatal = matches!(error, TaskError::NoTimestamp | TaskError::ExtractorFailed);
                        if is_fatal || !core.settings.deserialization.continues(policy) {
                            return Err(error);
                        }
                        let reading = Reading::of(&mut self.inputs[number], offset);
                        core.let_go(Some(&reading), Refused::of_processing(error))?;
                    }
                }
            }
            let input = &mut self.inputs[number];
            match first {
                Some(first) => {
                    let timestamp = first.1.timestamp;
                    input.time = input.time.max(timestamp);
                    input.head = Some(Head { timestamp, offset, first, rest });
                }
                None => input.advance(),
            }
        }
        Ok(())
    }
}

/// `None`: the timestamp extractor skips it.
fn decode(
    source: &Source,
    batch: &RecordBatch,
    index: usize,
    partition_time: Timestamp,
    now: Timestamp,
) -> Result<Option<Record>, TaskError> {
    let raw = batch.get(index);
    let key = source.key.decode(raw.key).map_err(TaskError::Undecodable)?;
    let (value, old): Halves = if source.is_change {
        let (new, old) = raw.value.map_or(Ok((None, None)), change::read)?;
        let half = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => source.value.decode(Some(bytes)).map_err(TaskError::Undecodable),
            None => Ok(None),
        };
        (half(new)?, half(old)?)
    } else {
        (source.value.decode(raw.value).map_err(TaskError::Undecodable)?, None)
    };
    let seen =
        Extract { key: key.as_ref(), value: value.as_ref(), timestamp: raw.timestamp, partition_time, now };
    let timestamp = match &source.timestamp {
        TimestampExtractor::FailOnInvalid if raw.timestamp.0 < 0 => return Err(TaskError::NoTimestamp),
        TimestampExtractor::SkipOnInvalid if raw.timestamp.0 < 0 => return Ok(None),
        TimestampExtractor::PartitionTimeOnInvalid if raw.timestamp.0 < 0 => {
            if partition_time.0 < 0 {
                return Err(TaskError::NoTimestamp);
            }
            partition_time
        }
        TimestampExtractor::FailOnInvalid
        | TimestampExtractor::SkipOnInvalid
        | TimestampExtractor::PartitionTimeOnInvalid => raw.timestamp,
        TimestampExtractor::WallClock => now,
        TimestampExtractor::By(by) => match by(&seen) {
            ExtractedTime::At(timestamp) => timestamp,
            ExtractedTime::Skip => return Ok(None),
            ExtractedTime::Fail => return Err(TaskError::ExtractorFailed),
        },
    };
    if timestamp.0 < 0 {
        return Ok(None);
    }
    let headers: Headers = match batch.headers(index) {
        [] => None,
        headers => Some(Arc::from(headers)),
    };
    Ok(Some(Record { key, value, old, is_latest: true, timestamp, headers }))
}
