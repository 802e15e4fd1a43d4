//! Runs a program with commits, restarts, losses and crashes by chance.
use std::collections::BTreeMap;

use lentic_engine::stream::changelog;
use lentic_testkit::{DriverOptions, TestDriver};
use lentic_topology::spec::{StoreIndex, StoreKind};
use lentic_types::{PartitionId, TopicPartition};

use crate::chance::Chance;
use crate::input::Input;
use crate::model::line;
use crate::program::{End, LONG, Program};
use crate::written::{CHANGES, RESULTS};

/// All that there is to see of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    pub results: Vec<String>,
    outputs: Vec<String>,
    stores: Vec<String>,
    changelogs: Vec<String>,
}

/// `Err` if the stores are not what their changelogs hold.
pub fn run(program: &Program, input: &[Input], mut chance: Chance) -> Result<Trace, String> {
    let (partitions, record_cache_bytes) = (program.partitions, program.cache);
    let options = DriverOptions { partitions, record_cache_bytes, ..DriverOptions::default() };
    let mut driver = TestDriver::with(&program.topology(), options);
    for record in input {
        let accident = chance.below(12);
        if program.is_ordered() && accident == 4 {
            driver.commit();
        }
        pipe(&mut driver, record);
        match accident {
            0 | 1 => driver.commit(),
            2 => driver.restart(),
            3 => driver.restart_without_state(),
            4 => driver.crash(),
            _ => {}
        }
    }
    if matches!(program.end, End::Match { .. }) {
        // The windows of all close; what has to be sent by itself would wait for partners for ever.
        let (key, value) = ("end".to_owned(), Some("end".to_owned()));
        pipe(&mut driver, &Input { is_left: false, key, value, at: 10 * LONG });
    }
    driver.commit();
    let stores = stores(&mut driver);
    driver.restart_without_state();
    let rebuilt = self::stores(&mut driver);
    if stores != rebuilt {
        let (stores, rebuilt) = (stores.join("\n  "), rebuilt.join("\n  "));
        return Err(format!("stores\n  {stores}\nrebuilt from their changelogs\n  {rebuilt}"));
    }
    follow(&mut driver, program)?;
    let changelogs = changelogs(&driver, program);
    let results = results(&mut driver, program);
    let outputs = driver.read_all().into_iter().map(|output| format!("{output:?}")).collect();
    Ok(Trace { results, outputs, stores, changelogs })
}

fn pipe(driver: &mut TestDriver, record: &Input) {
    let topic = if record.is_left { "left" } else { "right" };
    let value = record.value.as_ref().map(String::as_bytes);
    driver.pipe_bytes(topic, Some(record.key.as_bytes()), value, record.at);
}

/// Every row of every store, as bytes.
fn stores(driver: &mut TestDriver) -> Vec<String> {
    type Bytes = Vec<u8>;
    let specs: Vec<_> =
        driver.plan().stores().iter().map(|spec| (spec.name.to_string(), spec.kind)).collect();
    let mut lines = Vec::new();
    for (name, kind) in specs {
        let rows: Vec<String> = match kind {
            StoreKind::Window { .. } => {
                driver.windows::<Bytes, Bytes>(&name).iter().map(|row| format!("{row:?}")).collect()
            }
            StoreKind::Session { .. } => {
                driver.sessions::<Bytes, Bytes>(&name).iter().map(|row| format!("{row:?}")).collect()
            }
            _ => driver.rows::<Bytes, Bytes>(&name).iter().map(|row| format!("{row:?}")).collect(),
        };
        lines.extend(rows.into_iter().map(|row| format!("{name} {row}")));
    }
    lines
}

fn changelogs(driver: &TestDriver, program: &Program) -> Vec<String> {
    let (plan, mut lines) = (driver.plan(), Vec::new());
    let prefix = format!("test-{}", plan.name());
    for index in 0..plan.stores().len() {
        let topic = changelog(plan, StoreIndex(index), &prefix);
        for partition in 0..program.partitions {
            let partition = TopicPartition::new(topic.clone(), PartitionId(partition));
            let records = driver.log().records(&partition);
            lines.extend(records.iter().map(|record| format!("{partition} {record:?}")));
        }
    }
    lines
}

/// The changes that a table told make its rows. `Err` says where they don't.
fn follow(driver: &mut TestDriver, program: &Program) -> Result<(), String> {
    type Bytes = Vec<u8>;
    let mut told = BTreeMap::new();
    for record in driver.read_bytes(CHANGES) {
        match record.value {
            Some(value) => drop(told.insert(record.key, value)),
            None => drop(told.remove(&record.key)),
        }
    }
    let with = |key: Bytes, times: &[i64]| {
        let times = times.iter().flat_map(|time| time.to_be_bytes());
        Some(key.into_iter().chain(times).collect::<Bytes>())
    };
    let rows: BTreeMap<_, Bytes> = match program.end {
        End::Match { .. } => return Ok(()),
        End::Windows { .. } => {
            let rows = driver.windows::<Bytes, Bytes>(RESULTS).into_iter();
            rows.map(|(key, window, value, _)| (with(key, &[window.start]), value)).collect()
        }
        End::Sessions { .. } => {
            let rows = driver.sessions::<Bytes, Bytes>(RESULTS).into_iter();
            rows.map(|(key, window, value)| (with(key, &[window.end, window.start]), value)).collect()
        }
        _ => {
            let rows = driver.rows::<Bytes, Bytes>(RESULTS).into_iter();
            rows.map(|(key, value, _)| (Some(key), value)).collect()
        }
    };
    if matches!(program.end, End::Windows { .. }) {
        // What has outlived the retention is in the topic, and hidden in the store.
        told.retain(|key, _| rows.contains_key(key));
    }
    if told == rows { Ok(()) } else { Err(format!("rows\n  {rows:?}\nby their changes\n  {told:?}")) }
}

fn results(driver: &mut TestDriver, program: &Program) -> Vec<String> {
    let mut lines: Vec<String> = match program.end {
        End::Match { .. } => {
            let outputs = driver.read::<String, String>(RESULTS).into_iter();
            let known = |(key, value, at): (Option<String>, Option<String>, i64)| Some((key?, value?, at));
            outputs.filter_map(known).map(|(key, value, at)| line(&key, &value, at)).collect()
        }
        End::Windows { .. } => {
            let windows = driver.windows::<String, i64>(RESULTS).into_iter();
            let of = |key: String, start: i64| format!("{key}@{start}");
            windows.map(|(key, window, n, at)| line(&of(key, window.start), &n.to_string(), at)).collect()
        }
        End::Sessions { .. } => {
            let sessions = driver.sessions::<String, i64>(RESULTS).into_iter();
            let of = |key: String, start: i64| format!("{key}@{start}");
            let line = |(key, window, n): (String, lentic_topology::Window, i64)| {
                line(&of(key, window.start), &n.to_string(), window.end)
            };
            sessions.map(line).collect()
        }
        End::Groups if program.cache > 0 => {
            let rows = driver.rows::<String, i64>(RESULTS).into_iter();
            rows.filter(|(_, n, _)| *n > 0).map(|(key, n, _)| line(&key, &n.to_string(), -1)).collect()
        }
        End::Count | End::Letters | End::Groups => {
            let rows = driver.rows::<String, i64>(RESULTS).into_iter();
            rows.map(|(key, n, at)| line(&key, &n.to_string(), at)).collect()
        }
        End::Greatest | End::Rows(_) | End::Foreign { .. } => {
            let rows = driver.rows::<String, String>(RESULTS).into_iter();
            rows.map(|(key, value, at)| line(&key, &value, told(program.end, &value, at))).collect()
        }
    };
    lines.sort();
    lines
}

/// Times of joined tables that depend on who came last are not compared.
fn told(end: End, value: &str, at: i64) -> i64 {
    match end {
        End::Foreign { .. } => -1,
        End::Rows(_) if value.contains('~') => -1,
        _ => at,
    }
}
