//! Operators that look at one record at a time.
use lentic_topology::Record;
use lentic_topology::spec::{
    Branching, Consumer, ExtractedTime, FlatMapper, Mapper, Predicate, Retimer, ValueMapper,
};
use lentic_types::Timestamp;

use super::Processor;
use crate::stream::{Context, TaskError};

pub(super) struct Pass;

impl Processor for Pass {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        context.forward(record)
    }
}

pub(super) struct ToStream;

impl Processor for ToStream {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        context.forward(Record { old: None, is_latest: true, ..record })
    }
}

pub(super) struct Filter(pub(super) Predicate);

impl Processor for Filter {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        if (self.0)(record.key.as_ref(), record.value.as_ref()) { context.forward(record) } else { Ok(()) }
    }
}

pub(super) struct Map(pub(super) Mapper);

impl Processor for Map {
    fn process(
        &mut self,
        context: &mut Context<'_>,
        _port: usize,
        mut record: Record,
    ) -> Result<(), TaskError> {
        let value = record.value.take();
        let about = context.record_context(&record);
        match (self.0)(record.key.as_ref(), value, &about)? {
            Some((key, value)) => context.forward(Record { key, value, ..record }),
            None => {
                context.drop_record();
                Ok(())
            }
        }
    }
}

pub(super) struct MapValues(pub(super) ValueMapper);

impl Processor for MapValues {
    fn process(
        &mut self,
        context: &mut Context<'_>,
        _port: usize,
        mut record: Record,
    ) -> Result<(), TaskError> {
        let value = record.value.take();
        let about = context.record_context(&record);
        let value = (self.0)(record.key.as_ref(), value, &about)?;
        context.forward(record.with_value(value))
    }
}

pub(super) struct FlatMap(pub(super) FlatMapper);

impl Processor for FlatMap {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let (about, mut outcome) = (context.record_context(&record), Ok(()));
        let mapped = (self.0)(record.key.as_ref(), record.value.as_ref(), &about, &mut |key, value| {
            if outcome.is_ok() {
                outcome = context.forward(Record { key, value, ..record.clone() });
            }
        });
        outcome?;
        Ok(mapped?)
    }
}

/// Another time for each record.
pub(super) struct Retime(pub(super) Retimer);

impl Processor for Retime {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let about = context.record_context(&record);
        match (self.0)(record.key.as_ref(), record.value.as_ref(), &about)? {
            ExtractedTime::At(timestamp) if timestamp >= Timestamp(0) => {
                context.forward(Record { timestamp, ..record })
            }
            ExtractedTime::At(_) | ExtractedTime::Skip => {
                context.drop_record();
                Ok(())
            }
            ExtractedTime::Fail => Err(TaskError::NoTimestamp),
        }
    }
}

pub(super) struct Peek(pub(super) Consumer);

impl Processor for Peek {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        (self.0)(record.key.as_ref(), record.value.as_ref());
        context.forward(record)
    }
}

pub(super) struct Branch(pub(super) Branching);

impl Processor for Branch {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        match (self.0)(record.key.as_ref(), record.value.as_ref()) {
            Some(branch) => context.forward_to(branch, record),
            None => Ok(()),
        }
    }
}
