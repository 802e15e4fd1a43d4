//! Holding a table's changes back. What is held is in a store whose rows are listed by the time that they wait from, so that
//! it survives a restart.
use std::ops::Bound;

use lentic_topology::spec::{BufferFull, Suppress, SuppressUntil};
use lentic_topology::{Payload, Record};
use lentic_types::Timestamp;

use super::Processor;
use super::held::Held;
use crate::stream::{Context, TaskError};

pub(super) struct Suppressor {
    spec: Suppress,
    records: usize,
    bytes: usize,
}

impl Suppressor {
    pub(super) fn new(spec: Suppress) -> Self {
        Self { spec, records: 0, bytes: 0 }
    }

    fn is_over_full(&self) -> bool {
        let buffer = &self.spec.buffer;
        buffer.max_records.is_some_and(|max| self.records > max)
            || buffer.max_bytes.is_some_and(|max| self.bytes > max)
    }

    /// A key keeps the time that it waits from, and the value of before it waited.
    fn hold(&mut self, context: &mut Context<'_>, key: &[u8], record: &Record) -> Result<(), TaskError> {
        let codec = &self.spec.value;
        let (new, old) =
            (context.bytes(codec, record.value.as_ref())?, context.bytes(codec, record.old.as_ref())?);
        let before = match context.state().get(self.spec.store, key)? {
            Some(row) => Some((row.timestamp, Held::read(row.value)?)),
            None => None,
        };
        let (since, prior) = match before {
            Some((since, held)) => {
                self.bytes = self.bytes.saturating_sub(held.memory(key));
                (since, held.prior)
            }
            None => {
                self.records += 1;
                (Timestamp(self.waits_from(record)), old.clone())
            }
        };
        let origin = context.origin();
        let held = Held {
            timestamp: record.timestamp.0,
            offset: origin.as_ref().map_or(-1, |origin| origin.offset as i64),
            topic: origin.as_ref().map_or_else(String::new, |origin| origin.topic.to_string()),
            partition: origin.as_ref().map_or(-1, |origin| origin.partition as i32),
            headers: record.headers.as_deref().unwrap_or_default().to_vec(),
            prior,
            old,
            new,
            waited_for: since.0,
        };
        self.bytes += held.memory(key);
        context.state().put(self.spec.store, key, Some(&held.to_bytes(since.0)), since)?;
        Ok(())
    }

    fn waits_from(&self, record: &Record) -> i64 {
        match (&self.spec.until, &record.key) {
            (SuppressUntil::WindowCloses { key, .. }, Some(windowed)) => (key.split)(windowed).1.end,
            _ => record.timestamp.0,
        }
    }

    /// The key that waits the longest, and since when.
    fn oldest(&self, context: &mut Context<'_>) -> Result<Option<(i64, Vec<u8>)>, TaskError> {
        let mut oldest = None;
        context.state().by_time(self.spec.store, i64::MIN, i64::MAX, &mut |time, key| {
            oldest = Some((time, key.to_vec()));
            false
        })?;
        Ok(oldest)
    }

    fn emit(&mut self, context: &mut Context<'_>, key: &[u8]) -> Result<(), TaskError> {
        let Some(row) = context.state().get(self.spec.store, key)? else { return Ok(()) };
        let held = Held::read(row.value)?;
        context.state().put(self.spec.store, key, None, Timestamp(held.timestamp))?;
        self.records = self.records.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(held.memory(key));
        let decode = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => self.spec.value.decode(Some(bytes)).map_err(TaskError::Undecodable),
            None => Ok(None),
        };
        let (new, old) = (decode(held.new.as_deref())?, decode(held.prior.as_deref())?);
        let is_window = matches!(self.spec.until, SuppressUntil::WindowCloses { .. });
        if is_window && new.is_none() {
            // A window without a result gives none.
            return Ok(());
        }
        let key = self.key(key, row_time(&self.spec.until, &held))?;
        let headers = (!held.headers.is_empty()).then(|| held.headers.into());
        let record = Record {
            key,
            value: None,
            old: None,
            is_latest: true,
            timestamp: Timestamp(held.timestamp),
            headers,
        };
        let old = old.filter(|_| context.sends_old());
        context.forward(record.with_change(new, old))
    }

    /// The key; of a time window the end is not in its bytes, and comes from the time it waited for.
    fn key(&self, bytes: &[u8], end: Option<i64>) -> Result<Option<Payload>, TaskError> {
        let key = self.spec.key.decode(Some(bytes)).map_err(TaskError::Undecodable)?;
        let (Some(key), SuppressUntil::WindowCloses { key: parts, .. }, Some(end)) =
            (&key, &self.spec.until, end)
        else {
            return Ok(key);
        };
        let (inner, window) = (parts.split)(key);
        Ok(Some((parts.join)(&inner, lentic_topology::Window { end, ..window })))
    }
}

/// Of windows: the end that was waited for.
fn row_time(until: &SuppressUntil, held: &Held) -> Option<i64> {
    match until {
        SuppressUntil::WindowCloses { .. } => Some(held.waited_for),
        SuppressUntil::TimeLimit(_) => None,
    }
}

impl Processor for Suppressor {
    fn init(&mut self, context: &mut Context<'_>) -> Result<(), TaskError> {
        let (mut records, mut bytes, mut failed) = (0, 0, None);
        context.state().scan(self.spec.store, Bound::Unbounded, Bound::Unbounded, &mut |key, row| {
            match Held::read(row.value) {
                Ok(held) => {
                    records += 1;
                    bytes += held.memory(key);
                }
                Err(error) => failed = Some(error),
            }
            failed.is_none()
        })?;
        (self.records, self.bytes) = (records, bytes);
        failed.map_or(Ok(()), Err)
    }

    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let stream_time = context.observe(record.timestamp);
        let Some(key) = context.bytes(&self.spec.key, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        self.hold(context, &key, &record)?;
        let wait = match self.spec.until {
            SuppressUntil::WindowCloses { grace_ms, .. } => grace_ms,
            SuppressUntil::TimeLimit(limit) => limit,
        };
        let expired = stream_time.saturating_sub(wait);
        while let Some((time, key)) = self.oldest(context)? {
            if time > expired {
                break;
            }
            self.emit(context, &key)?;
        }
        while self.is_over_full() {
            if self.spec.buffer.when_full == BufferFull::ShutDown {
                return Err(TaskError::BufferFull(format!(
                    "more is held back than may be ({} records, {} bytes): raise max_records and max_bytes of the \
                     suppression, or leave them out",
                    self.records, self.bytes
                )));
            }
            let Some((_, key)) = self.oldest(context)? else { break };
            self.emit(context, &key)?;
        }
        Ok(())
    }
}
