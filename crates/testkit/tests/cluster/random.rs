//! Topologies by chance against a naive fold over the whole input, those whose results don't depend on which of two topics is
//! read first.
use lentic_testkit::{Output, SessionEntry, SimCluster, SimOptions, StoreRow, WindowEntry};

use crate::chance::Chance;
use crate::program::Program;
use crate::results::{self, Results};
use crate::written::RESULTS;
use crate::{input, model};

struct AtRest(SimCluster);

impl Results for AtRest {
    fn outputs(&mut self) -> Vec<Output<String, String>> {
        self.0.read(RESULTS)
    }

    fn counts(&mut self) -> Vec<StoreRow<String, i64>> {
        self.0.rows(RESULTS)
    }

    fn texts(&mut self) -> Vec<StoreRow<String, String>> {
        self.0.rows(RESULTS)
    }

    fn counts_of_windows(&mut self) -> Vec<WindowEntry<String, i64>> {
        self.0.windows(RESULTS)
    }

    fn counts_of_sessions(&mut self) -> Vec<SessionEntry<String, i64>> {
        self.0.sessions(RESULTS)
    }
}

pub fn check(seed: u64) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let program = loop {
        let program = Program::any(&mut chance);
        if !program.is_ordered() {
            break program;
        }
    };
    let records = input::records(&mut chance, &program);
    let options = SimOptions {
        seed,
        nodes: chance.of(&[1, 2, 3]),
        partitions: program.partitions,
        shards: chance.of(&[1, 2, 4]),
        ..SimOptions::default()
    };
    let mut cluster = SimCluster::new(&program.topology(), options);
    for record in &records {
        let topic = if record.is_left { "left" } else { "right" };
        let value = record.value.as_ref().map(String::as_bytes);
        cluster.pipe_bytes(topic, Some(record.key.as_bytes()), value, record.at);
    }
    let told = |text: String| format!("{text}\n{program:?}\n{records:?}");
    cluster.run().map_err(told)?;
    let tail = cluster.trace()[cluster.trace().len().saturating_sub(80)..].join("\n");
    let (found, expected) = (results::lines(&mut AtRest(cluster), &program), model::fold(&program, &records));
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (found.join("\n  "), expected.join("\n  "));
    Err(told(format!("SEED={seed}: got\n  {found}\nexpected\n  {expected}\n{tail}")))
}
