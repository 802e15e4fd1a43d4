//! `TIMESTAMP`: the column whose values are the records' times.
use std::sync::Arc;

use lentic_topology::Payload;
use lentic_topology::spec::{Extract, ExtractedTime, ProcessError, RecordContext, TimestampExtractor};
use lentic_types::Timestamp;

use super::log::StepLog;
use super::row::{Row, key_columns};
use crate::catalog::{Place, Schema, TimestampColumn};
use crate::pattern::{Pattern, Zone};
use crate::{Refusal, Value};

/// Where the column is, and how its values are read.
struct TimeColumn {
    is_key: bool,
    index: usize,
    pattern: Option<Pattern>,
    zone: Zone,
}

impl TimeColumn {
    fn new(column: &TimestampColumn, schema: &Schema) -> Result<Self, Refusal> {
        let key = schema.key().position(|other| other.name == column.name);
        let value = || schema.value().position(|other| other.name == column.name);
        let index = key.or_else(value).ok_or_else(|| {
            Refusal::new(format!(
                "The TIMESTAMP column set in the WITH clause does not exist in the schema: '{}'",
                column.name
            ))
        })?;
        debug_assert!(
            schema.find(&column.name).is_some_and(|found| (found.place == Place::Key) == key.is_some())
        );
        let pattern = column.format.as_deref().map(Pattern::new).transpose();
        let pattern = pattern.map_err(|error| Refusal::new(error.to_string()))?;
        Ok(Self { is_key: key.is_some(), index, pattern, zone: Zone::utc() })
    }

    /// Milliseconds, or why there are none.
    fn read(&self, key: Option<&Payload>, value: Option<&Payload>) -> Result<i64, String> {
        let columns = if self.is_key {
            key_columns(key)
        } else {
            value.map(|value| value.get::<Row>().as_slice()).unwrap_or_default()
        };
        match (columns.get(self.index), &self.pattern) {
            (Some(Value::Bigint(millis) | Value::Timestamp(millis)), _) => Ok(*millis),
            (Some(Value::String(text)), Some(pattern)) => {
                pattern.read_timestamp(text, &self.zone).map_err(|error| error.to_string())
            }
            _ => Err("the column with the record's time is NULL".to_owned()),
        }
    }
}

/// Takes the time of each record of a source from a column.
pub(super) fn extractor(
    column: &TimestampColumn,
    schema: &Schema,
    fails: bool,
    log: &StepLog,
) -> Result<TimestampExtractor, Refusal> {
    let column = TimeColumn::new(column, schema)?;
    let log = log.of("TimestampExtractor");
    let by = move |seen: &Extract<'_>| judge(column.read(seen.key, seen.value), fails, &log);
    Ok(TimestampExtractor::By(Arc::new(by)))
}

/// Gives each record of a sink the time that a column has.
pub(super) fn retimer(
    column: &TimestampColumn,
    schema: &Schema,
    fails: bool,
    log: &StepLog,
) -> Result<lentic_topology::spec::Retimer, Refusal> {
    let column = TimeColumn::new(column, schema)?;
    let log = log.of("TimestampTransformer");
    Ok(Arc::new(move |key: Option<&Payload>, value: Option<&Payload>, context: &RecordContext<'_>| {
        // A tombstone has no column to take the time from.
        if value.is_none() && !column.is_key {
            return Ok::<_, ProcessError>(ExtractedTime::At(context.timestamp));
        }
        Ok(judge(column.read(key, value), fails, &log))
    }))
}

fn judge(time: Result<i64, String>, fails: bool, log: &StepLog) -> ExtractedTime {
    let wrong = match time {
        Ok(millis) if millis >= 0 => return ExtractedTime::At(Timestamp(millis)),
        Ok(millis) => format!("the record's time is negative: {millis}"),
        Err(text) => text,
    };
    log.report(&wrong);
    if fails { ExtractedTime::Fail } else { ExtractedTime::Skip }
}
