//! Runs a trace's topology under a schedule, and compares what comes of it.
use std::cell::RefCell;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lentic_engine::stream::TaskSettings;
use lentic_testkit::{DriverOptions, TestDriver};

use crate::schedule::Schedule;
use crate::trace::{Action, Line, Step, Trace};
use crate::twin::Twin;
use crate::words::shown;

/// Runs a trace; `Err` tells what differs.
pub fn run(trace: &Trace, make: &dyn Fn() -> Twin, schedule: Schedule) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| Run::new(trace, make(), schedule).all()));
    outcome.unwrap_or_else(|_| Err(format!("panicked: {}", PANIC.take())))
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics become part of a trace's report instead of being printed.
pub fn collect_panics() {
    std::panic::set_hook(Box::new(|info| PANIC.set(info.to_string().replace('\n', " "))));
}

struct Run<'a> {
    trace: &'a Trace,
    twin: Twin,
    schedule: Schedule,
    driver: TestDriver,
}

impl<'a> Run<'a> {
    fn new(trace: &'a Trace, twin: Twin, schedule: Schedule) -> Self {
        let interval = |(name, value): &(String, i64)| name.ends_with("emit-interval-ms").then_some(*value);
        let emit_interval_ms = trace.settings.iter().find_map(interval).unwrap_or_default();
        let options = DriverOptions {
            partitions: schedule.partitions(),
            commit_every: None,
            record_cache_bytes: usize::from(schedule == Schedule::FullCache),
            // What is hidden between two looks is lost in the traces that look at intervals.
            settings: TaskSettings {
                emit_interval_ms,
                emit_before_expiry: emit_interval_ms == 0,
                ..TaskSettings::default()
            },
            ..DriverOptions::default()
        };
        let driver = TestDriver::with(&twin.topology, options);
        Self { trace, twin, schedule, driver }
    }

    fn all(&mut self) -> Result<(), String> {
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        for (number, step) in self.trace.steps.iter().enumerate() {
            if self.schedule == Schedule::Crash {
                self.driver.commit();
            }
            let failure = self.act(step);
            if step.fails {
                return match failure {
                    Some(_) => Ok(()),
                    None => Err(format!("line {}: {}\n    should have failed", step.number, step.text)),
                };
            }
            if let Some(failure) = failure {
                return Err(format!("line {}: {}\n    failed: {failure}", step.number, step.text));
            }
            self.interrupt(number);
            let mut lines = self.outputs();
            let mut outputs = step.outputs.clone();
            if self.schedule == Schedule::FullCache {
                let is_no_delete = |line: &Line| line.value != shown(None);
                lines.retain(is_no_delete);
                outputs.retain(is_no_delete);
            }
            if self.schedule == Schedule::FourPartitions {
                expected.extend(outputs);
                got.extend(lines);
            } else if lines != outputs {
                return Err(format!("line {}: {}\n{}", step.number, step.text, difference(&outputs, &lines)));
            }
        }
        by_key(&mut expected);
        by_key(&mut got);
        if expected != got {
            return Err(format!("outputs by key\n{}", difference(&expected, &got)));
        }
        self.stores()
    }

    /// The failure, if a task failed.
    fn act(&mut self, step: &Step) -> Option<String> {
        match &step.action {
            Action::Pipe { topic, key, value, at } => {
                let bytes = |part: &Option<String>| part.as_ref().map(|text| text.as_bytes().to_vec());
                let (key, value) = (bytes(key), bytes(value));
                let outcome = self.driver.try_pipe(topic, key.as_deref(), value.as_deref(), *at, Vec::new());
                outcome.err().map(|error| error.to_string())
            }
            Action::Wall(millis) => {
                self.driver.advance_wall_clock(*millis);
                None
            }
        }
    }

    fn interrupt(&mut self, number: usize) {
        match self.schedule {
            Schedule::Commits => self.driver.commit(),
            Schedule::Restarts if number % 3 == 2 => self.driver.restart(),
            Schedule::LostState if number % 5 == 4 => self.driver.restart_without_state(),
            Schedule::Plain
            | Schedule::FullCache
            | Schedule::FourPartitions
            | Schedule::Restarts
            | Schedule::LostState => {}
            Schedule::Crash => {
                // What functions did before the crash is done again.
                self.twin.take_taps();
                self.driver.crash();
            }
        }
    }

    fn outputs(&mut self) -> Vec<Line> {
        let records = self.driver.read_all();
        let produced = records.iter().map(|(to, record)| self.twin.line(to.topic.as_str(), record));
        self.twin.take_taps().into_iter().chain(produced).collect()
    }

    fn stores(&mut self) -> Result<(), String> {
        let mut got = Vec::new();
        for (name, read) in &self.twin.stores {
            let expected: Vec<Line> =
                self.trace.rows.iter().filter(|row| row.name == *name).cloned().collect();
            got.extend(read(&mut self.driver, &expected));
        }
        let mut expected = self.trace.rows.clone();
        expected.sort();
        got.sort();
        let is_same = |(expected, got): (&Line, &Line)| {
            let same_time = expected.at == "-" || expected.at == got.at;
            same_time && (&expected.name, &expected.key, &expected.value) == (&got.name, &got.key, &got.value)
        };
        if expected.len() == got.len() && expected.iter().zip(&got).all(is_same) {
            return Ok(());
        }
        Err(format!("stores at the end\n{}", difference(&expected, &got)))
    }
}

/// The order of one key's records in each output is all that several partitions promise.
fn by_key(lines: &mut [Line]) {
    lines.sort_by(|one, other| (&one.name, one.plain_key()).cmp(&(&other.name, other.plain_key())));
}

fn difference(expected: &[Line], got: &[Line]) -> String {
    let same = expected.iter().zip(got).take_while(|(expected, got)| expected == got).count();
    let mut text = String::new();
    for (what, lines) in [("expected", expected), ("got", got)] {
        let _ = writeln!(text, "    {what} {} lines; from the first that differs:", lines.len());
        for line in lines.iter().skip(same).take(6) {
            let _ = writeln!(text, "      {line}");
        }
    }
    text
}
