//! Without accidents everything comes to rest, every row is read through every node, and every copy is the fold of the log.
use std::collections::BTreeMap;

use lentic_engine::TaskState;
use lentic_store::layout::row_header;
use lentic_types::{Offset, PartitionId};

use super::ServingSim;
use super::client::KEYS;
use super::process::Process;
use super::schedule::{everything, start};
use super::tables::Rows;
use super::world::{World, source};
use crate::sim::log::Isolation;

/// Rounds in which a service without accidents has to come to rest.
const ROUNDS: usize = 4_000;

/// Rounds that it has to be at rest for.
const QUIET: usize = 10;

impl ServingSim {
    pub(super) fn settle(&mut self) -> Result<(), String> {
        self.world.note("no more accidents");
        self.world.is_calm = true;
        self.world.heal();
        for seat in &mut self.seats {
            if let Some(process) = &mut seat.process {
                (process.paused_at, process.cut_until) = (None, self.world.now);
            }
        }
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            self.round();
            if let Some(broken) = self.world.broken.take() {
                return Err(broken);
            }
            quiet = if self.is_at_rest() { quiet + 1 } else { 0 };
            if quiet == QUIET {
                return Ok(());
            }
        }
        Err(format!("it does not come to rest\n{}", self.describe()))
    }

    fn round(&mut self) {
        self.advance(20);
        self.world.broker.write_marker(&mut self.world.random);
        self.world.broker.arrive(&mut self.world.random);
        for zombie in &mut self.zombies {
            (zombie.paused_at, zombie.cut_until) = (None, self.world.now);
        }
        let world = &mut self.world;
        self.zombies.retain_mut(|zombie| everything(world, zombie));
        for seat in &mut self.seats {
            let lives = match &mut seat.process {
                Some(process) => everything(&mut self.world, process),
                None => {
                    start(&mut self.world, seat);
                    true
                }
            };
            if !lives {
                seat.process = None;
            }
        }
        for client in &mut self.clients {
            client.look(&mut self.world, &mut self.history);
        }
    }

    fn processes(&self) -> impl Iterator<Item = &Process> {
        self.seats.iter().filter_map(|seat| seat.process.as_ref())
    }

    fn is_at_rest(&self) -> bool {
        let world = &self.world;
        let is_owned = |partition| {
            let shard = world.shard_of(partition);
            self.processes().filter(|process| process.lease.is_active(shard, world.clock())).count() == 1
        };
        self.zombies.is_empty()
            && self.processes().count() == self.seats.len()
            && world.broker.is_at_rest()
            && world.broker.group.is_at_rest()
            && self.clients.iter().all(|client| client.is_idle())
            && world.all_partitions().all(is_owned)
            && self.processes().all(|process| is_quiet(world, process))
    }

    pub(super) fn check(&mut self) -> Result<(), String> {
        self.history.check(&self.world)?;
        for process in self.seats.iter().filter_map(|seat| seat.process.as_ref()) {
            for partition in process.tables.partitions() {
                let (rows, expected) = (
                    process.tables.rows(&self.world, &process.disk, partition),
                    fold(&self.world, partition),
                );
                if rows != expected {
                    let name = &process.name;
                    return Err(format!("{partition} of {name} is {rows:?}, and the log says {expected:?}"));
                }
            }
        }
        self.read_everything()
    }

    /// The active one answers, through every node.
    fn read_everything(&mut self) -> Result<(), String> {
        let starts: Vec<u64> = self.processes().map(|process| process.start).collect();
        for start in starts {
            for partition in self.world.all_partitions() {
                for number in 0..KEYS {
                    let key = format!("p{partition}k{number}");
                    let (world, history) = (&mut self.world, &mut self.history);
                    self.clients[0].ask_active(world, history, start, partition, key.clone());
                    for _ in 0..100 {
                        self.round();
                        if self.clients[0].is_idle() {
                            break;
                        }
                    }
                    if let Some(broken) = self.world.broken.take() {
                        return Err(broken);
                    }
                    if !self.clients[0].was_answered() {
                        return Err(format!("{key} is not answered through {start}\n{}", self.describe()));
                    }
                }
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let mut lines = Vec::new();
        for process in self.processes() {
            let shards: Vec<_> = process
                .shards
                .iter()
                .map(|(id, shard)| {
                    let is_active = process.lease.is_active(*id, self.world.clock());
                    format!("{id:?} {:?} {is_active}", shard.ownership.step())
                })
                .collect();
            let views: Vec<_> = process
                .tables
                .partitions()
                .into_iter()
                .map(|partition| (partition, process.tables.view(partition)))
                .collect();
            let (name, jobs) = (&process.name, process.jobs.len());
            lines.push(format!("{name}.{}: {shards:?}, {jobs} jobs, {views:?}", process.start));
        }
        for (partition, log) in self.world.broker.topics() {
            lines.push(format!("{partition}: {} of {}", log.stable_end(), log.end()));
        }
        lines.join("\n")
    }
}

fn is_quiet(world: &World, process: &Process) -> bool {
    let is_whole = |partition: PartitionId| {
        let view = process.tables.view(partition);
        view.is_some_and(|view| {
            view.state == TaskState::Live && view.progress.position == world.end(partition)
        })
    };
    process.jobs.is_empty()
        && process.unsent.is_empty()
        && process.tables.partitions().into_iter().all(is_whole)
}

/// The rows that the committed records of a partition make, as a store has them.
fn fold(world: &World, partition: PartitionId) -> Rows {
    let mut rows: Rows = BTreeMap::new();
    let source = source(partition);
    let log = world.broker.log(&source);
    for (offset, record, _) in log.into_iter().flat_map(|log| log.records(Offset(0), Isolation::Committed)) {
        let key = record.key.clone().unwrap_or_default();
        match &record.value {
            Some(value) => {
                let row = [&row_header(offset, record.timestamp)[..], value].concat();
                rows.insert(key, row);
            }
            None => drop(rows.remove(&key)),
        }
    }
    rows
}
