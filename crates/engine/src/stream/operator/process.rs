//! The user's own operators.
use std::ops::Bound;

use lentic_topology::spec::{Clock, Host, Origin, Process, ProcessError, ProcessSpec, Scheduled};
use lentic_topology::{Codec, Payload, Plan, Record};
use lentic_types::Timestamp;

use super::Processor;
use crate::stream::{Context, TaskError};

pub(super) struct Operator {
    process: Box<dyn Process>,
    stores: Stores,
}

/// The operator's stores with their keys and values.
struct Stores(Vec<(lentic_topology::spec::StoreIndex, Codec, Codec)>);

impl Operator {
    pub(super) fn new(plan: &Plan, spec: &ProcessSpec) -> Self {
        let store = |index: &lentic_topology::spec::StoreIndex| {
            let store = plan.store(*index);
            (*index, store.key.clone(), store.value.clone())
        };
        Self { process: (spec.make)(), stores: Stores(spec.stores.iter().map(store).collect()) }
    }

    /// Runs the user's function. A failure of the store or of what follows is what the task fails with, whatever the
    /// function makes of it.
    fn run(
        &mut self,
        context: &mut Context<'_>,
        function: impl FnOnce(&mut dyn Process, &mut dyn Host) -> Result<(), ProcessError>,
    ) -> Result<(), TaskError> {
        let mut host = TaskHost { context, stores: &self.stores, failed: None };
        let outcome = function(&mut *self.process, &mut host);
        match host.failed {
            Some(failed) => Err(failed),
            None => outcome.map_err(TaskError::Process),
        }
    }
}

impl Processor for Operator {
    fn init(&mut self, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.run(context, |process, host| process.init(host))
    }

    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        self.run(context, |process, host| process.process(host, record))
    }

    fn punctuate(&mut self, context: &mut Context<'_>, number: u32, at: Timestamp) -> Result<(), TaskError> {
        self.run(context, |process, host| process.punctuate(host, Scheduled(number), at))
    }
}

struct TaskHost<'a, 'c> {
    context: &'a mut Context<'c>,
    stores: &'a Stores,
    failed: Option<TaskError>,
}

impl TaskHost<'_, '_> {
    /// Remembers a failure that is not the user's.
    fn keep<T>(&mut self, outcome: Result<T, TaskError>) -> Result<T, ProcessError> {
        outcome.map_err(|error| {
            let text = error.to_string();
            self.failed.get_or_insert(error);
            ProcessError(text)
        })
    }

    fn key(&self, store: usize, key: &Payload) -> Result<Vec<u8>, TaskError> {
        let bytes = self.context.bytes(&self.stores.0[store].1, Some(key))?;
        bytes.ok_or_else(|| TaskError::Process(ProcessError("a store takes no null key".to_owned())))
    }
}

impl Host for TaskHost<'_, '_> {
    fn forward(&mut self, output: Option<usize>, record: Record) -> Result<(), ProcessError> {
        let outcome = match output {
            Some(output) => self.context.forward_to(output, record),
            None => self.context.forward(record),
        };
        self.keep(outcome)
    }

    fn get(&mut self, store: usize, key: &Payload) -> Result<Option<(Payload, Timestamp)>, ProcessError> {
        let (index, _, value) = &self.stores.0[store];
        let outcome = self.key(store, key).and_then(|key| self.context.row(*index, &key, value));
        self.keep(outcome)
    }

    fn put(
        &mut self,
        store: usize,
        key: &Payload,
        value: Option<&Payload>,
        timestamp: Timestamp,
    ) -> Result<(), ProcessError> {
        let (index, _, codec) = &self.stores.0[store];
        let outcome = self.key(store, key).and_then(|key| {
            let value = self.context.bytes(codec, value)?;
            Ok(self.context.state().put(*index, &key, value.as_deref(), timestamp)?)
        });
        self.keep(outcome)
    }

    fn scan(
        &mut self,
        store: usize,
        from: Option<&Payload>,
        to: Option<&Payload>,
        visit: &mut dyn FnMut(Payload, Payload, Timestamp) -> bool,
    ) -> Result<(), ProcessError> {
        let (index, key_codec, value_codec) = &self.stores.0[store];
        let bound = |key: Option<&Payload>| key.map(|key| self.key(store, key)).transpose();
        let bounds = bound(from).and_then(|from| Ok((from, bound(to)?)));
        let (from, to) = self.keep(bounds)?;
        let included =
            |key: Option<&Vec<u8>>| key.map_or(Bound::Unbounded, |key| Bound::Included(key.clone()));
        let (from, to) = (included(from.as_ref()), included(to.as_ref()));
        let mut rows = Vec::new();
        let read = self.context.state().scan(
            *index,
            from.as_ref().map(Vec::as_slice),
            to.as_ref().map(Vec::as_slice),
            &mut |key, row| {
                rows.push((key.to_vec(), row.value.to_vec(), row.timestamp));
                true
            },
        );
        self.keep(read.map_err(TaskError::Store))?;
        for (key, value, timestamp) in rows {
            let decoded =
                key_codec.decode(Some(&key)).and_then(|key| Ok((key, value_codec.decode(Some(&value))?)));
            if let (Some(key), Some(value)) = self.keep(decoded.map_err(TaskError::Undecodable))?
                && !visit(key, value, timestamp)
            {
                break;
            }
        }
        Ok(())
    }

    fn get_window(
        &mut self,
        store: usize,
        key: &Payload,
        start: i64,
    ) -> Result<Option<(Payload, Timestamp)>, ProcessError> {
        let (index, _, codec) = &self.stores.0[store];
        let outcome = self.key(store, key).and_then(|key| {
            let Some(row) = self.context.state().window(*index, &key, start)? else { return Ok(None) };
            let value = codec.decode(Some(row.value)).map_err(TaskError::Undecodable)?;
            Ok(value.map(|value| (value, row.timestamp)))
        });
        self.keep(outcome)
    }

    fn put_window(
        &mut self,
        store: usize,
        key: &Payload,
        start: i64,
        value: Option<&Payload>,
        timestamp: Timestamp,
    ) -> Result<(), ProcessError> {
        let (index, _, codec) = &self.stores.0[store];
        let outcome = self.key(store, key).and_then(|key| {
            let value = self.context.bytes(codec, value)?;
            self.context.state().put_window(*index, &key, start, value.as_deref(), timestamp)?;
            Ok(())
        });
        self.keep(outcome)
    }

    fn schedule(&mut self, interval_ms: i64, clock: Clock) -> Scheduled {
        Scheduled(self.context.schedule(interval_ms, clock))
    }

    fn cancel(&mut self, scheduled: Scheduled) {
        self.context.cancel(scheduled.0);
    }

    fn stream_time(&self) -> Timestamp {
        self.context.stream_time()
    }

    fn now(&self) -> Timestamp {
        self.context.now()
    }

    fn origin(&self) -> Option<Origin> {
        self.context.origin()
    }

    fn request_commit(&mut self) {
        self.context.request_commit();
    }
}
