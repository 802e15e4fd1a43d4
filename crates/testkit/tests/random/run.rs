//! Runs a program with commits, restarts, losses and crashes by chance.
use std::collections::BTreeMap;

use lentic_engine::stream::changelog;
use lentic_testkit::{DriverOptions, Output, SessionEntry, StoreRow, TestDriver, WindowEntry};
use lentic_topology::spec::{StoreIndex, StoreKind};
use lentic_types::{PartitionId, TopicPartition};

use crate::chance::Chance;
use crate::input::Input;
use crate::program::{End, LONG, Program};
use crate::results::{self, Results};
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
    let results = results::lines(&mut driver, program);
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

impl Results for TestDriver {
    fn outputs(&mut self) -> Vec<Output<String, String>> {
        self.read(RESULTS)
    }

    fn counts(&mut self) -> Vec<StoreRow<String, i64>> {
        self.rows(RESULTS)
    }

    fn texts(&mut self) -> Vec<StoreRow<String, String>> {
        self.rows(RESULTS)
    }

    fn counts_of_windows(&mut self) -> Vec<WindowEntry<String, i64>> {
        self.windows(RESULTS)
    }

    fn counts_of_sessions(&mut self) -> Vec<SessionEntry<String, i64>> {
        self.sessions(RESULTS)
    }
}
