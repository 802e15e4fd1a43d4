//! Operators of the user's own.
use lentic_topology::spec::{Clock, ProcessError, Scheduled};
use lentic_topology::{KeyValueStore, ProcessContext, Processor, StreamRecord};
use lentic_types::Timestamp;

use crate::twin::{Twin, ms};
use crate::words::shown;

type Texts<'a> = ProcessContext<'a, String, String>;
type Record = StreamRecord<String, String>;
type Outcome = Result<(), ProcessError>;

pub fn twin(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let stream = twin.texts("in");
    let processed = match name {
        "process-stream-time" | "process-wall-clock" => {
            let by = if name.ends_with("clock") { (Clock::WallClock, 100) } else { (Clock::StreamTime, 10) };
            let seen = twin.topology.key_value_store("seen");
            twin.rows::<i64>("seen");
            stream.process(name, &[seen.into()], move || Counts { seen, clock: by.0, interval: by.1 })
        }
        "process-two-punctuators" => stream.process(name, &[], || Two { scheduled: None, runs: 0 }),
        "process-values" => {
            let seen = twin.topology.key_value_store("seen");
            twin.rows::<String>("seen");
            stream.process_values(name, &[seen.into()], move || Previous(seen))
        }
        _ => return None,
    };
    twin.to(&processed, "out");
    Some(twin)
}

/// Numbers each key's records, and tells the numbers now and then.
struct Counts {
    seen: KeyValueStore<String, i64>,
    clock: Clock,
    interval: i64,
}

impl Processor<String, String, String, String> for Counts {
    fn init(&mut self, context: &mut Texts<'_>) -> Outcome {
        context.schedule(ms(self.interval), self.clock);
        Ok(())
    }

    fn process(&mut self, context: &mut Texts<'_>, record: Record) -> Outcome {
        let Some(key) = &record.key else { return Ok(()) };
        let mut seen = context.store(self.seen);
        let number = seen.get(key)?.unwrap_or_default() + 1;
        seen.put(key, number, record.timestamp)?;
        let value = format!("{}#{number}", shown(record.value.as_deref()));
        context.emit(key.clone(), value, record.timestamp)
    }

    fn punctuate(&mut self, context: &mut Texts<'_>, _scheduled: Scheduled, at: Timestamp) -> Outcome {
        for (key, number) in context.store(self.seen).range(None, None)? {
            context.emit(key.clone(), format!("p:{number}"), at)?;
            context.store(self.seen).delete(&key, at)?;
        }
        Ok(())
    }
}

/// Two schedules, of which the second ends itself.
struct Two {
    scheduled: Option<[Scheduled; 2]>,
    runs: u32,
}

impl Processor<String, String, String, String> for Two {
    fn init(&mut self, context: &mut Texts<'_>) -> Outcome {
        self.scheduled = Some([10, 15].map(|interval| context.schedule(ms(interval), Clock::StreamTime)));
        Ok(())
    }

    fn process(&mut self, context: &mut Texts<'_>, record: Record) -> Outcome {
        context.forward(record)
    }

    fn punctuate(&mut self, context: &mut Texts<'_>, scheduled: Scheduled, at: Timestamp) -> Outcome {
        let is_second = self.scheduled.is_some_and(|[_, second]| second == scheduled);
        let key = if is_second { "p15" } else { "p10" };
        context.emit(key.to_owned(), at.0.to_string(), at)?;
        self.runs += u32::from(is_second);
        if is_second && self.runs == 3 {
            context.cancel(scheduled);
        }
        Ok(())
    }
}

/// Tells each value with the one before.
struct Previous(KeyValueStore<String, String>);

impl Processor<String, String, String, String> for Previous {
    fn process(&mut self, context: &mut Texts<'_>, record: Record) -> Outcome {
        let Some(key) = &record.key else { return context.forward(record) };
        let previous = context.store(self.0).get(key)?;
        let value = format!("{}>{}", shown(previous.as_deref()), shown(record.value.as_deref()));
        context.forward(StreamRecord { value: Some(value), ..record.clone() })?;
        match record.value {
            Some(value) => context.store(self.0).put(key, value, record.timestamp),
            None => context.store(self.0).delete(key, record.timestamp),
        }
    }
}
