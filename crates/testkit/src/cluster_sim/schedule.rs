//! What happens next: chance decides, and afterwards everything is left to come to rest.
use lentic_types::{ShardId, TopicPartition};

use super::node::Node;
use super::outlet::Work;
use super::{Accident, Seat, SimCluster};
use crate::sim::Disk;

/// Rounds in which a cluster without accidents has to come to rest.
const ROUNDS: usize = 6_000;

/// Rounds that it has to be at rest for: what waits for the wall clock comes.
const QUIET: usize = 30;

impl SimCluster {
    /// Runs the schedule, lets everything come to rest, and checks what is there then.
    ///
    /// # Errors
    /// With the seed and the end of the trace, if a rule is broken.
    pub fn run(&mut self) -> Result<(), String> {
        for _ in 0..self.options.steps {
            self.step();
            self.answer();
            if self.world.broken.is_some() {
                break;
            }
        }
        let outcome = match self.world.broken.take() {
            Some(broken) => Err(broken),
            None => self.settle().and_then(|()| self.check()),
        };
        outcome.map_err(|broken| {
            let trace = &self.world.trace;
            let tail = trace[trace.len().saturating_sub(60)..].join("\n");
            format!("seed {}: {broken}\n{tail}", self.options.seed)
        })
    }

    /// Time passes; who lives says so.
    fn advance(&mut self, millis: i64) {
        self.world.now.0 += millis;
        for node in self.nodes.iter().filter_map(|seat| seat.process.as_ref()).chain(&self.zombies) {
            node.heartbeat(&mut self.world);
        }
        let now = self.world.now;
        self.world.broker.expire(now);
    }

    fn step(&mut self) {
        let millis = self.world.random.below(12) as i64;
        self.advance(millis);
        if self.world.random.percent(self.accidents) {
            return self.accident();
        }
        let place = self.world.random.below(self.nodes.len() as u64) as usize;
        match self.world.random.below(100) {
            0..10 => self.write_input(),
            10..25 => self.write_marker(),
            25..27 => self.flush(place),
            27..32 => self.wake(place),
            32..36 => self.step_zombie(),
            _ => self.step_node(place),
        }
    }

    fn accident(&mut self) {
        let place = self.world.random.below(self.nodes.len() as u64) as usize;
        let Some(accident) = self.world.random.of(&self.world.accidents).copied() else { return };
        let now = self.world.now;
        match accident {
            Accident::Crash => self.crash(place),
            Accident::Stop => self.stop(place),
            Accident::Cut => self.cut(place),
            Accident::Rebalance => {
                self.world.broker.group.shuffle(&mut self.world.random, now);
                self.world.note("another placement is wanted");
            }
            Accident::Drop => {
                let name = self.nodes[place].name.clone();
                self.world.note(format!("the group drops {name}"));
                self.world.broker.group.drop_member(&name, now);
            }
            Accident::Replace => self.replace(place),
            Accident::NoAnswer => {
                if let Some(line) = self.world.broker.arrive(&mut self.world.random) {
                    self.world.note(line);
                }
            }
            Accident::Leap => {
                let millis = self.world.random.below(9_000) as i64;
                self.advance(millis);
            }
        }
    }

    fn write_input(&mut self) {
        for _ in 0..=self.world.random.below(3) {
            let Some((partition, record)) = self.inputs.pop_front() else { return };
            self.world.broker.append(&partition, record);
        }
    }

    fn write_marker(&mut self) {
        for _ in 0..=self.world.random.below(4) {
            self.world.broker.write_marker(&mut self.world.random);
        }
    }

    fn crash(&mut self, place: usize) {
        let Seat { process, disk, name } = &mut self.nodes[place];
        let Some(node) = process.take() else { return };
        let is_lost = self.world.random.percent(30);
        *disk = if is_lost { Disk::default() } else { node.disk };
        disk.crash(&mut self.world.random);
        self.world.note(format!("{name} crashes{}", if is_lost { " and loses its disk" } else { "" }));
    }

    fn stop(&mut self, place: usize) {
        if let Some(node) = &mut self.nodes[place].process {
            node.is_paused = true;
            node.note(&mut self.world, "is stopped");
        }
    }

    fn wake(&mut self, place: usize) {
        if let Some(node) = &mut self.nodes[place].process {
            node.is_paused = false;
        }
        if let Some(zombie) = self.zombies.iter_mut().find(|zombie| zombie.is_paused) {
            zombie.is_paused = false;
            zombie.note(&mut self.world, "wakes");
        }
    }

    fn cut(&mut self, place: usize) {
        let millis = match self.world.random.below(3) {
            0 => 200,
            1 => 3_000,
            _ => 14_000,
        };
        if let Some(node) = &mut self.nodes[place].process {
            node.cut_until = self.world.now;
            node.cut_until.0 += self.world.random.below(millis) as i64;
            let text = format!("can't reach the brokers until {}", node.cut_until);
            node.note(&mut self.world, &text);
        }
    }

    /// The node is started elsewhere, with an empty disk, while its process stands still.
    fn replace(&mut self, place: usize) {
        let Seat { process, disk, name } = &mut self.nodes[place];
        if let Some(mut node) = process.take() {
            node.is_paused = true;
            self.zombies.push(node);
            *disk = Disk::default();
            self.world.note(format!("{name} is stopped, and started elsewhere"));
        }
    }

    fn flush(&mut self, place: usize) {
        if let Some(node) = &self.nodes[place].process {
            node.disk.flush(&mut self.world.random);
        }
    }

    fn step_zombie(&mut self) {
        let place = self.world.random.below(self.zombies.len() as u64) as usize;
        let Some(zombie) = self.zombies.get_mut(place).filter(|zombie| !zombie.is_paused) else { return };
        for _ in 0..6 {
            act(&mut self.world, zombie);
            // Its place is another's: it ends when it hears of that, with what it has open.
            if zombie.was_dropped() {
                zombie.note(&mut self.world, "ends");
                self.zombies.remove(place);
                return;
            }
        }
    }

    fn step_node(&mut self, place: usize) {
        let seat = &mut self.nodes[place];
        let Some(node) = &mut seat.process else {
            if self.world.random.percent(20) {
                start(&mut self.world, seat);
            }
            return;
        };
        if !node.is_paused {
            for _ in 0..=self.world.random.below(16) {
                act(&mut self.world, node);
            }
        }
    }

    /// No more accidents: everybody is there and does all that there is to do, until nothing is.
    fn settle(&mut self) -> Result<(), String> {
        self.world.note("no more accidents");
        for node in self.nodes.iter_mut().filter_map(|seat| seat.process.as_mut()) {
            node.is_paused = false;
            node.cut_until = self.world.now;
            for shard in node.shards.values_mut() {
                shard.waits_since = shard.waits_since.map(|_| self.world.now);
            }
        }
        self.world.is_calm = true;
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            self.advance(20);
            self.write_input();
            self.write_marker();
            self.world.broker.arrive(&mut self.world.random);
            for zombie in &mut self.zombies {
                zombie.is_paused = false;
                zombie.cut_until = self.world.now;
            }
            self.step_zombie();
            for seat in &mut self.nodes {
                match &mut seat.process {
                    Some(node) => everything(&mut self.world, node),
                    None => start(&mut self.world, seat),
                }
            }
            self.answer();
            if self.world.broken.is_some() {
                break;
            }
            quiet = if self.is_at_rest() { quiet + 1 } else { 0 };
            if quiet == QUIET {
                return Ok(());
            }
        }
        let broken = self.world.broken.take();
        Err(broken.unwrap_or_else(|| format!("it does not come to rest\n{}", self.describe())))
    }

    /// Readers ask every process.
    fn answer(&mut self) {
        for node in self.nodes.iter_mut().filter_map(|seat| seat.process.as_mut()).chain(&mut self.zombies) {
            if !node.is_paused {
                node.catch_up(&self.world);
                node.answer(&mut self.world);
            }
        }
    }

    fn is_at_rest(&self) -> bool {
        let broker = &self.world.broker;
        let mut processes = self.nodes.iter().filter_map(|seat| seat.process.as_ref());
        self.inputs.is_empty()
            && broker.is_at_rest()
            && broker.group.is_at_rest()
            && processes.all(|node| node.is_at_rest(&self.world))
            && self.world.application.tasks.values().flatten().all(|task| self.leader(task).is_some())
    }

    fn describe(&self) -> String {
        let mut lines = Vec::new();
        for node in self.nodes.iter().filter_map(|seat| seat.process.as_ref()) {
            let shards: Vec<_> = node
                .shards
                .iter()
                .map(|(id, shard)| format!("{id:?} {:?} {}", shard.ownership.step(), shard.is_open))
                .collect();
            lines.push(format!("{}: {:?} {shards:?} {:?}", node.name, node.outlet.work, node.reading));
        }
        for (partition, log) in self.world.broker.topics() {
            lines.push(format!("{partition}: {} of {}", log.stable_end(), log.end()));
        }
        lines.join("\n")
    }
}

fn start(world: &mut super::World, seat: &mut Seat) {
    let node = Node::start(world, &seat.name, std::mem::take(&mut seat.disk));
    node.note(world, "starts");
    seat.process = Some(node);
}

/// One of the things that a process does.
fn act(world: &mut super::World, node: &mut Node) {
    match world.random.below(20) {
        0..3 => node.poll_group(world),
        3..9 => {
            let shards: Vec<ShardId> = node.shards.keys().copied().collect();
            if let Some(shard) = world.random.of(&shards) {
                node.step_shard(world, *shard);
            }
        }
        9..13 => {
            let partitions: Vec<TopicPartition> = node.reading.keys().cloned().collect();
            if let Some(partition) = world.random.of(&partitions) {
                node.read(world, partition);
            }
        }
        13..15 => node.tick(world),
        _ => node.step_outlet(world),
    }
}

/// All of them.
fn everything(world: &mut super::World, node: &mut Node) {
    node.poll_group(world);
    for _ in 0..3 {
        for shard in node.shards.keys().copied().collect::<Vec<_>>() {
            node.step_shard(world, shard);
        }
        node.step_outlet(world);
    }
    for partition in node.reading.keys().cloned().collect::<Vec<_>>() {
        node.read(world, &partition);
    }
    node.tick(world);
    node.step_outlet(world);
}

impl Node {
    /// Whether it has nothing left to do.
    pub(super) fn is_at_rest(&self, world: &super::World) -> bool {
        let is_read = |(partition, offset): (&TopicPartition, &lentic_types::Offset)| {
            world.broker.log(partition).is_none_or(|log| *offset >= log.end())
        };
        self.outlet.work == Work::Idle
            && self.outlet.queue.is_empty()
            && !self.worker.is_busy()
            && !self.worker.is_open()
            && self
                .shards
                .iter()
                .all(|(id, shard)| shard.ownership.is_running() && self.is_active(world, *id))
            && self.reading.iter().all(is_read)
    }
}
