//! The right side: keeps subscriptions, and answers them now and whenever a row changes.
use std::ops::Bound;

use lentic_topology::spec::ForeignKeyJoin;
use lentic_topology::{NodeId, Payload, Plan, Record};
use lentic_types::Timestamp;

use super::super::Processor;
use super::wire::{self, Instruction, Subscription};
use crate::stream::lookup::Lookup;
use crate::stream::{Context, TaskError};

pub(in super::super) struct Answer {
    spec: ForeignKeyJoin,
    right: Lookup,
}

impl Answer {
    pub(in super::super) fn new(plan: &Plan, id: NodeId, spec: ForeignKeyJoin) -> Self {
        let right = plan.node(id).inputs.iter().find(|input| input.port == 1);
        let right = right.map_or(Lookup::None, |input| Lookup::of(plan, input.node));
        Self { spec, right }
    }

    fn answer(
        &self,
        context: &mut Context<'_>,
        record: &Record,
        asked: &Subscription,
        value: Option<&[u8]>,
        timestamp: Timestamp,
    ) -> Result<(), TaskError> {
        let key = self.spec.key.decode(Some(&asked.key)).map_err(TaskError::Undecodable)?;
        // The sink takes the partition off.
        let message = [&asked.partition.to_be_bytes()[..], &wire::answer(asked.hash, value)].concat();
        let record = Record { key, old: None, timestamp, ..record.clone() };
        context.forward(record.with_value(Some(Payload::new(message))))
    }

    fn subscribed(&self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let Some(value) = &record.value else { return Ok(()) };
        let bytes: &Vec<u8> = value.get();
        let asked = Subscription::from_bytes(bytes)?;
        let foreign = context.bytes(&self.spec.foreign, record.key.as_ref())?;
        if let Some(foreign) = &foreign {
            let key = subscription_key(foreign, &asked.key);
            let kept = match asked.instruction {
                Instruction::Delete | Instruction::DeleteAndAnswer => None,
                Instruction::Answer | Instruction::AnswerIfFound => Some(&**bytes),
            };
            context.state().put(self.spec.subscriptions, &key, kept, record.timestamp)?;
        }
        let row = match (&record.key, &foreign) {
            (Some(key), Some(_)) => context.told(&self.right, key)?,
            _ => None,
        };
        let timestamp = row.as_ref().map_or(record.timestamp, |(_, time)| (*time).max(record.timestamp));
        let value = match &row {
            Some((value, _)) => context.bytes(&self.spec.value, Some(value))?,
            None => None,
        };
        match asked.instruction {
            Instruction::DeleteAndAnswer => self.answer(context, record, &asked, None, timestamp),
            Instruction::Answer => self.answer(context, record, &asked, value.as_deref(), timestamp),
            Instruction::AnswerIfFound if value.is_some() => {
                self.answer(context, record, &asked, value.as_deref(), timestamp)
            }
            Instruction::Delete | Instruction::AnswerIfFound => Ok(()),
        }
    }

    fn changed(&self, context: &mut Context<'_>, record: &Record) -> Result<(), TaskError> {
        let Some(foreign) = context.bytes(&self.spec.foreign, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        if !record.is_latest {
            return Ok(());
        }
        let value = context.bytes(&self.spec.value, record.value.as_ref())?;
        let prefix = subscription_key(&foreign, &[]);
        let mut subscribed = Vec::new();
        let from = Bound::Included(&*prefix);
        context.state().scan(self.spec.subscriptions, from, Bound::Unbounded, &mut |key, row| {
            let is_ours = key.starts_with(&prefix);
            if is_ours {
                subscribed.push((row.value.to_vec(), row.timestamp));
            }
            is_ours
        })?;
        for (bytes, _) in subscribed {
            let asked = Subscription::from_bytes(&bytes)?;
            self.answer(context, record, &asked, value.as_deref(), record.timestamp)?;
        }
        Ok(())
    }
}

impl Processor for Answer {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        if port == 0 { self.subscribed(context, &record) } else { self.changed(context, &record) }
    }
}

/// Length of the foreign key (4 bytes), foreign key, primary key.
fn subscription_key(foreign: &[u8], key: &[u8]) -> Vec<u8> {
    [&(foreign.len() as u32).to_be_bytes()[..], foreign, key].concat()
}
