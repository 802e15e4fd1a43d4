//! A simulated cluster: nodes with the real workers, over models of brokers, group and disks, and a schedule by a seed.
mod application;
mod check;
mod clerk;
mod commit;
mod follower;
mod lease;
mod node;
mod outlet;
mod ownership;
mod producer;
mod read;
mod rule;
mod schedule;
mod shard;
mod world;

use std::collections::VecDeque;
use std::sync::Arc;

use lentic_topology::{Data, Topology, TopologyError};
use lentic_types::{Offset, Partitioner, Timestamp, TopicName, TopicPartition};

pub use rule::{Accident, Rule};

use crate::sim::broker::Broker;
use crate::sim::group::Group;
use crate::sim::log::{Isolation, Outgoing};
use crate::sim::{Disk, Random};
use application::Application;
use node::Node;
use world::World;

/// What a simulation is made of.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// Everything follows from it.
    pub seed: u64,
    /// Nodes of the cluster.
    pub nodes: u32,
    /// Partitions of the topics that the topology reads.
    pub partitions: u32,
    /// Into how many shards the tasks fall.
    pub shards: u32,
    /// Steps of the schedule before everything is left to come to rest.
    pub steps: u32,
    /// What may happen beside.
    pub accidents: Vec<Accident>,
    /// Rules that are left out, to see that something notices.
    pub without: Vec<Rule>,
}

impl Default for SimOptions {
    fn default() -> Self {
        let (accidents, without) = (Accident::ALL.to_vec(), Vec::new());
        Self { seed: 0, nodes: 3, partitions: 2, shards: 4, steps: 600, accidents, without }
    }
}

/// Several nodes at work on one topology, over one log, under a schedule of accidents that follows from a seed.
///
/// The workers of streams and tables, the ownership of shards and the stores are the real ones. The brokers are a model with
/// Kafka's rules of transactions (epochs, fencing, the last stable offset, markers that come partition by partition, timeouts)
/// and of groups (members, generations, shards that are given up before they are given on); disks lose what was not flushed;
/// time passes only as the schedule says.
///
/// ```
/// use lentic_testkit::{SimCluster, SimOptions};
/// use lentic_topology::Topology;
///
/// let topology = Topology::new("words");
/// topology.stream::<String, String>("said").group_by(|_, word| word.clone()).count("counts");
/// let mut cluster = SimCluster::new(&topology, SimOptions { seed: 42, ..SimOptions::default() });
/// for word in ["a", "b", "a"] {
///     cluster.pipe("said", &"ann".to_owned(), &word.to_owned(), 0);
/// }
/// cluster.run()?;
/// assert_eq!(cluster.rows::<String, i64>("counts"), [("a".into(), 2, 0), ("b".into(), 1, 0)]);
/// # Ok::<(), String>(())
/// ```
///
/// A rule that is broken is told by [`SimCluster::run`] with the seed: that is all it takes to see it again.
pub struct SimCluster {
    options: SimOptions,
    world: World,
    nodes: Vec<Seat>,
    /// Processes that stand still while another has their node's place.
    zombies: Vec<Node>,
    /// Inputs that are still to be written, at times of the schedule's choosing.
    inputs: VecDeque<(TopicPartition, Outgoing)>,
    /// Of a hundred steps so many are accidents.
    accidents: u64,
}

/// A node of the cluster, with its process if it is up.
struct Seat {
    name: Arc<str>,
    /// While it is down.
    disk: Disk,
    process: Option<Node>,
}

impl SimCluster {
    /// A cluster that will run a topology.
    ///
    /// # Panics
    /// If the topology can't be built, or has global tables, which the simulation has not.
    pub fn new(topology: &Topology, options: SimOptions) -> Self {
        match Self::try_new(topology, options) {
            Ok(cluster) => cluster,
            Err(errors) => {
                let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
                panic!("the topology can't be built: {}", texts.join("; "));
            }
        }
    }

    fn try_new(topology: &Topology, options: SimOptions) -> Result<Self, Vec<TopologyError>> {
        let plan = topology.build()?;
        assert!(
            plan.globals().is_empty(),
            "a simulated cluster has no global tables: test those with TestDriver"
        );
        let wanted = options.partitions;
        let partitions = plan.partitions(&mut |_| Some(wanted))?;
        let application = Application::new(plan, partitions, options.shards);
        let mut broker = Broker::new(Group::new(options.shards));
        broker.create(application.shards.clone(), options.shards);
        for (topic, partitions) in &application.partitions {
            broker.create(topic.resolve(&application.prefix), *partitions);
        }
        for task in application.tasks.values().flatten() {
            for (_, changelog) in application.changelogs(task) {
                broker.create(changelog.topic, options.partitions);
            }
        }
        let mut random = Random::new(options.seed);
        let accidents = 1 + random.below(8);
        let world = World {
            application,
            broker,
            random,
            now: Timestamp(1_000_000),
            accidents: options.accidents.clone(),
            without: options.without.clone(),
            trace: Vec::new(),
            broken: None,
            starts: 0,
            is_calm: false,
            shown: lease::Shown::new(),
            longest_wait_ms: 0,
        };
        let seat =
            |number| Seat { name: Arc::from(format!("n{number}")), disk: Disk::default(), process: None };
        let nodes = (0..options.nodes).map(seat).collect();
        Ok(Self { options, world, nodes, zombies: Vec::new(), inputs: VecDeque::new(), accidents })
    }

    /// A record that will be written to a topic while the cluster runs. Those of a topic's partition come in this order.
    pub fn pipe<K: Data, V: Data>(&mut self, topic: &str, key: &K, value: &V, timestamp: i64) {
        let bytes = |data: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            data(&mut bytes);
            bytes
        };
        let key = (!key.is_null()).then(|| bytes(&|out| key.encode(out).expect("a key has bytes")));
        let value = (!value.is_null()).then(|| bytes(&|out| value.encode(out).expect("a value has bytes")));
        self.pipe_bytes(topic, key.as_deref(), value.as_deref(), timestamp);
    }

    /// The same, given as bytes.
    ///
    /// # Panics
    /// If the topic's name is none.
    pub fn pipe_bytes(&mut self, topic: &str, key: Option<&[u8]>, value: Option<&[u8]>, timestamp: i64) {
        let topic = TopicName::new(topic).expect("a topic's name");
        let partitions = self.options.partitions;
        let partition = key.map(|key| Partitioner::Murmur2.partition(key, partitions)).unwrap_or_default();
        let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        let record = Outgoing {
            key: own(key),
            value: own(value),
            timestamp: Timestamp(timestamp),
            headers: Vec::new(),
        };
        self.inputs.push_back((TopicPartition::new(topic, partition), record));
    }

    /// Everything that happened, line by line: the same for the same seed.
    pub fn trace(&self) -> &[String] {
        &self.world.trace
    }

    /// Every record of every topic, for a failure's message: offset, who wrote it, key, value, and whether it is committed.
    pub fn describe_log(&self) -> String {
        let mut lines = Vec::new();
        for (partition, log) in self.world.broker.topics() {
            let committed: std::collections::BTreeSet<_> =
                log.records(Offset(0), Isolation::Committed).map(|(offset, ..)| offset).collect();
            for (offset, record, by) in log.records(Offset(0), Isolation::Uncommitted) {
                let text = |part: &Option<Vec<u8>>| {
                    part.as_ref().map(|part| String::from_utf8_lossy(part).escape_debug().to_string())
                };
                let end = if committed.contains(&offset) { "" } else { " not committed" };
                let (key, value) = (text(&record.key), text(&record.value));
                lines.push(format!("{partition} {offset} {by}{end}: {key:?} = {value:?}"));
            }
        }
        lines.join("\n")
    }

    /// How long the longest wait of an assigned shard for its first work was since the last accident, in virtual milliseconds.
    pub fn longest_wait_ms(&self) -> u64 {
        self.world.longest_wait_ms
    }
}
