//! Kafka Streams as the oracle: its traces of `tests/oracle`, played to twins of its topologies.
//!
//! `ORACLE=<part of a trace's name>` runs the traces of that name only.
mod runner;
mod schedule;
mod topologies;
mod trace;
mod twin;
mod words;

use std::fmt;
use std::io::Write as _;

use schedule::Schedule;
use topologies::FAMILIES;

/// What differs, printed as it is.
struct Report(String);

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs all traces of a family under all schedules that make sense for them.
fn family(name: &str) -> Result<(), Report> {
    runner::collect_panics();
    let family = FAMILIES.iter().find(|family| family.name == name).expect("a family");
    let wanted = std::env::var("ORACLE").unwrap_or_default();
    let (mut texts, mut count, mut runs) = (Vec::new(), 0, 0);
    for trace in trace::all().iter().filter(|trace| trace.name.contains(&wanted)) {
        if (family.twin)(&trace.topology).is_none() {
            continue;
        }
        let make = || (family.twin)(&trace.topology).expect("the topology has a twin");
        count += 1;
        let mut failures = Vec::new();
        for schedule in Schedule::ALL {
            if topologies::allows(trace, schedule) {
                runs += 1;
                failures.extend(runner::run(trace, &make, schedule).err().map(|text| (schedule, text)));
            }
        }
        if let Some((schedule, text)) = failures.first() {
            let others: Vec<_> = failures[1..].iter().map(|(schedule, _)| format!("{schedule:?}")).collect();
            texts.push(format!("{} {schedule:?} {text}    also: {}", trace.name, others.join(", ")));
        }
    }
    if texts.is_empty() {
        let _ = writeln!(std::io::stderr(), "{name}: {count} traces in {runs} runs");
        return Ok(());
    }
    Err(Report(format!("\n{}\n{name}: {} of {count} traces differ", texts.join("\n\n"), texts.len())))
}

#[test]
fn every_trace_has_a_twin() -> Result<(), Report> {
    let mut missing: Vec<_> = trace::all().into_iter().map(|trace| trace.topology).collect();
    missing.dedup();
    missing.retain(|topology| FAMILIES.iter().all(|family| (family.twin)(topology).is_none()));
    if missing.is_empty() { Ok(()) } else { Err(Report(format!("topologies without a twin: {missing:?}"))) }
}

macro_rules! families {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() -> Result<(), Report> {
            family(stringify!($name))
        }
    )*};
}

families! {
    stateless aggregations table_aggregations windows windows_on_close suppression stream_joins stream_table_joins
    table_joins foreign_keys tables versioned_tables processors timestamps
}
