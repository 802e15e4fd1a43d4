//! The left side's first half.
use lentic_topology::spec::{ForeignKeySubscription, JoinKind};
use lentic_topology::{Payload, Record};

use super::super::Processor;
use super::hash::hash128;
use super::wire::{Instruction, Subscription};
use crate::stream::{Context, TaskError};

pub(in super::super) struct Subscribe(pub(in super::super) ForeignKeySubscription);

impl Subscribe {
    fn foreign(&self, key: Option<&Payload>, value: Option<&Payload>) -> Option<Payload> {
        (self.0.foreign_key)(key, Some(value?))
    }

    fn send(
        &self,
        context: &mut Context<'_>,
        record: &Record,
        foreign: Option<&Payload>,
        instruction: Instruction,
    ) -> Result<(), TaskError> {
        let Some(key) = context.bytes(&self.0.key, record.key.as_ref())? else { return Ok(()) };
        let hash = context.bytes(&self.0.value, record.value.as_ref())?.map(|value| hash128(&value));
        let message = Subscription { hash, instruction, key, partition: context.partition() };
        let value = Payload::new(message.to_bytes());
        let record = Record { key: foreign.cloned(), old: None, ..record.clone() };
        context.forward(record.with_value(Some(value)))
    }

    fn inner(&self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let (old, new) = self.both(record);
        if record.old.is_none() {
            return match (&record.value, new) {
                (Some(_), Some(new)) => self.send(context, record, Some(&new), Instruction::AnswerIfFound),
                (Some(_), None) => skip(context),
                (None, _) => Ok(()),
            };
        }
        let Some(old) = old else {
            // Nothing was asked before.
            return match new {
                Some(new) => self.send(context, record, Some(&new), Instruction::AnswerIfFound),
                None => skip(context),
            };
        };
        match new {
            None if record.value.is_some() => {
                self.send(context, record, Some(&old), Instruction::DeleteAndAnswer)?;
                skip(context)
            }
            None => self.send(context, record, Some(&old), Instruction::DeleteAndAnswer),
            Some(new) => {
                if self.same(context, &old, &new)? {
                    return self.send(context, record, Some(&new), Instruction::AnswerIfFound);
                }
                self.send(context, record, Some(&old), Instruction::Delete)?;
                self.send(context, record, Some(&new), Instruction::Answer)
            }
        }
    }

    fn left(&self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let (old, new) = self.both(record);
        if let Some(old) = &old {
            let is_same = match &new {
                Some(new) => self.same(context, old, new)?,
                None => false,
            };
            if !is_same {
                self.send(context, record, Some(old), Instruction::Delete)?;
            }
        }
        if record.value.is_none() && record.old.is_none() {
            return Ok(());
        }
        // Also without a foreign key: the answer, which then comes from nobody's row, tells the result.
        self.send(context, record, new.as_ref(), Instruction::Answer)
    }

    fn both(&self, record: &Record) -> (Option<Payload>, Option<Payload>) {
        let key = record.key.as_ref();
        (self.foreign(key, record.old.as_ref()), self.foreign(key, record.value.as_ref()))
    }

    fn same(&self, context: &Context<'_>, one: &Payload, other: &Payload) -> Result<bool, TaskError> {
        Ok(context.bytes(&self.0.foreign, Some(one))? == context.bytes(&self.0.foreign, Some(other))?)
    }
}

impl Processor for Subscribe {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        if record.key.is_none() {
            return skip(context);
        }
        if !record.is_latest {
            return Ok(());
        }
        match self.0.kind {
            JoinKind::Left => self.left(context, &record),
            JoinKind::Inner | JoinKind::Outer => self.inner(context, &record),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends what returns a result")]
fn skip(context: &mut Context<'_>) -> Result<(), TaskError> {
    context.drop_record();
    Ok(())
}
