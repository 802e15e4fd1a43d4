//! A simulated service: nodes that answer clients, over models of brokers, group and disks, and a schedule by a seed.
mod client;
mod compare;
mod history;
mod job;
mod network;
mod nodes;
mod process;
mod producer;
mod read;
mod rest;
mod rule;
mod schedule;
mod shards;
mod tables;
mod world;
mod write;

use std::sync::Arc;

pub use rule::ServingRule;

use crate::cluster_sim::Accident;
use crate::sim::broker::Broker;
use crate::sim::group::Group;
use crate::sim::{Disk, Random};
use client::Client;
use history::History;
use process::Process;
use world::World;

/// What a simulation is made of.
#[derive(Clone, Debug)]
pub struct ServingOptions {
    /// Everything follows from it.
    pub seed: u64,
    /// Nodes of the service.
    pub nodes: u32,
    /// Partitions of the table's topic.
    pub partitions: u32,
    /// Into how many shards they fall.
    pub shards: u32,
    /// Copies of each shard beside the owner's; they change now and then.
    pub replicas: usize,
    /// Clients, each with one request at a time; every other one is a session.
    pub clients: usize,
    /// Steps of the schedule before everything is left to come to rest.
    pub steps: u32,
    /// What may happen beside.
    pub accidents: Vec<Accident>,
    /// Rules that are left out, to see that something notices.
    pub without: Vec<ServingRule>,
}

impl Default for ServingOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            nodes: 3,
            partitions: 2,
            shards: 2,
            replicas: 1,
            clients: 4,
            steps: 600,
            accidents: Accident::ALL.to_vec(),
            without: Vec::new(),
        }
    }
}

/// Several nodes that serve one table over a topic, and clients that read and write its rows through any of them, under a schedule
/// of accidents that follows from a seed.
///
/// Who answers what is decided by the code that a node runs: routes of reads and writes, leases, the routing table, where copies
/// are kept, ownership of shards, compare-and-set, what may be read of a table, and the worker that keeps it. Brokers, the network
/// and the disks are models; time passes only as the schedule says.
///
/// Every answer is checked when it comes: a read is never older than its token, than its bound of staleness, than the log was when
/// its process started, or, as the active one's, than what was confirmed as applied or read from the active one before; reads of one
/// session never go back. At rest no acknowledged write is lost, no refused one is there, each conditional one held, and every
/// copy is the fold of the log, byte for byte.
///
/// ```
/// use lentic_testkit::{ServingOptions, ServingSim};
///
/// ServingSim::new(ServingOptions { seed: 42, ..ServingOptions::default() }).run()?;
/// # Ok::<(), String>(())
/// ```
pub struct ServingSim {
    options: ServingOptions,
    world: World,
    seats: Vec<Seat>,
    /// Processes that stand still while another has their node's place.
    zombies: Vec<Process>,
    clients: Vec<Client>,
    history: History,
    /// In so many of a thousand steps there is an accident.
    accidents: u64,
}

/// A node of the service, with its process if it is up.
struct Seat {
    name: Arc<str>,
    /// While it is down.
    disk: Disk,
    process: Option<Process>,
}

impl ServingSim {
    /// A service whose nodes are not started yet.
    pub fn new(options: ServingOptions) -> Self {
        let mut random = Random::new(options.seed);
        let accidents = 4 + random.below(40);
        let broker = Broker::new(Group::new(options.shards));
        let seat =
            |number| Seat { name: Arc::from(format!("n{number}")), disk: Disk::default(), process: None };
        Self {
            seats: (0..options.nodes).map(seat).collect(),
            clients: (0..options.clients).map(Client::new).collect(),
            world: World::new(broker, random, &options),
            zombies: Vec::new(),
            history: History::default(),
            accidents,
            options,
        }
    }

    /// Everything that happened, line by line: the same for the same seed.
    pub fn trace(&self) -> &[String] {
        &self.world.trace
    }
}
