//! What happens next: chance decides.
use lentic_types::{ShardId, Timestamp};

use super::network::Peer;
use super::process::Process;
use super::{Seat, ServingSim};
use crate::cluster_sim::Accident;
use crate::sim::Disk;

impl ServingSim {
    /// Runs the schedule, lets everything come to rest, and checks what is there then.
    ///
    /// # Errors
    /// With the seed and the end of the trace, if a rule is broken.
    pub fn run(&mut self) -> Result<(), String> {
        for _ in 0..self.options.steps {
            self.step();
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
            let tail = trace[trace.len().saturating_sub(80)..].join("\n");
            format!("SEED={}: {broken}\n{tail}", self.options.seed)
        })
    }

    fn step(&mut self) {
        let millis = match self.world.random.below(20) {
            0 => self.world.random.below(300),
            _ => self.world.random.below(10),
        };
        self.advance(millis as i64);
        if self.world.random.below(1_000) < self.accidents {
            self.accident();
        }
        let place = self.world.random.below(self.seats.len() as u64) as usize;
        match self.world.random.below(20) {
            0 => drop(self.world.broker.arrive(&mut self.world.random)),
            1 => self.flush(place),
            2 if self.world.random.percent(50) => self.wake(place),
            _ => drop(self.world.broker.write_marker(&mut self.world.random)),
        }
        for place in 0..self.clients.len() {
            if self.world.random.percent(30) {
                self.step_client(place);
            }
        }
        for place in 0..self.seats.len() {
            if self.world.random.percent(60) {
                self.step_node(place);
            }
        }
        for place in (0..self.zombies.len()).rev() {
            self.step_zombie(place);
        }
    }

    /// Time passes; who lives says so, and what was sent arrives.
    pub(super) fn advance(&mut self, millis: i64) {
        self.world.now.0 += millis;
        self.world.note_ends();
        let processes =
            self.seats.iter_mut().filter_map(|seat| seat.process.as_mut()).chain(&mut self.zombies);
        self.world.peers.clear();
        for process in processes {
            process.heartbeat(&mut self.world);
            self.world.peers.insert(process.start, Peer { paused_at: process.paused_at });
        }
        let now = self.world.now;
        self.world.broker.expire(now);
        for (start, job) in std::mem::take(&mut self.world.sent) {
            let mut processes =
                self.seats.iter_mut().filter_map(|seat| seat.process.as_mut()).chain(&mut self.zombies);
            if let Some(process) = processes.find(|process| process.start == start) {
                process.jobs.insert(job.id, job);
            }
        }
    }

    fn step_client(&mut self, place: usize) {
        let client = &mut self.clients[place];
        if client.is_idle() {
            client.ask(&mut self.world, &mut self.history);
        } else {
            client.look(&mut self.world, &mut self.history);
        }
    }

    fn accident(&mut self) {
        let place = self.world.random.below(self.seats.len() as u64) as usize;
        let Some(accident) = self.world.random.of(&self.options.accidents).copied() else { return };
        let now = self.world.now;
        match accident {
            Accident::Crash => self.crash(place),
            Accident::Stop => {
                if let Some(process) = &mut self.seats[place].process {
                    process.paused_at.get_or_insert(now);
                    process.note(&mut self.world, "is stopped");
                }
            }
            Accident::Cut => self.cut(place),
            Accident::Rebalance => {
                self.world.note("the group places its shards otherwise");
                self.world.broker.group.shuffle(&mut self.world.random, now);
                if self.world.random.percent(30) {
                    self.world.replicas = self.world.random.below(3) as usize;
                    let text = format!("{} copies beside each owner's", self.world.replicas);
                    self.world.note(text);
                }
            }
            Accident::Drop => {
                let name = self.seats[place].name.clone();
                self.world.note(format!("the group drops {name}"));
                self.world.broker.group.drop_member(&name, now);
                // Most of those that are dropped don't hear of it.
                let millis = self.world.random.below(8_000) as i64;
                if let Some(process) = self.seats[place].process.as_mut().filter(|_| millis > 2_000) {
                    process.cut_until = Timestamp(now.0 + millis);
                    process.note(&mut self.world, &format!("can't reach the brokers for {millis} ms"));
                }
            }
            Accident::Replace => self.replace(place),
            // Of commits; acknowledgements are lost by themselves.
            Accident::NoAnswer => {}
            Accident::Leap => {
                let millis = self.world.random.below(4_000) as i64;
                self.advance(millis);
            }
        }
    }

    fn crash(&mut self, place: usize) {
        let Seat { process, disk, name } = &mut self.seats[place];
        let Some(ended) = process.take() else { return };
        let is_lost = self.world.random.percent(30);
        *disk = if is_lost { Disk::default() } else { ended.disk };
        disk.crash(&mut self.world.random);
        self.world.note(format!("{name} crashes{}", if is_lost { " and loses its disk" } else { "" }));
    }

    /// A process can't reach the brokers, or two nodes don't reach each other.
    fn cut(&mut self, place: usize) {
        let millis = match self.world.random.below(3) {
            0 => 200,
            1 => 3_000,
            _ => 14_000,
        };
        let until = Timestamp(self.world.now.0 + self.world.random.below(millis) as i64);
        let other = self.world.random.below(self.seats.len() as u64) as usize;
        if other != place && self.world.random.percent(50) {
            let (one, other) = (self.seats[place].name.clone(), self.seats[other].name.clone());
            self.world.note(format!("{one} and {other} don't reach each other until {until}"));
            return self.world.cut(&one, &other, until);
        }
        if let Some(process) = &mut self.seats[place].process {
            process.cut_until = until;
            process.note(&mut self.world, &format!("can't reach the brokers until {until}"));
        }
    }

    /// The node is started elsewhere, with an empty disk, while its process stands still.
    fn replace(&mut self, place: usize) {
        let now = self.world.now;
        let Seat { process, disk, name } = &mut self.seats[place];
        if let Some(mut replaced) = process.take() {
            replaced.paused_at.get_or_insert(now);
            self.zombies.push(replaced);
            *disk = Disk::default();
            self.world.note(format!("{name} is stopped, and started elsewhere"));
        }
    }

    fn flush(&mut self, place: usize) {
        if let Some(process) = &self.seats[place].process {
            process.disk.flush(&mut self.world.random);
        }
    }

    fn wake(&mut self, place: usize) {
        if let Some(process) = &mut self.seats[place].process {
            process.paused_at = None;
        }
        if let Some(zombie) = self.zombies.iter_mut().find(|zombie| zombie.is_paused()) {
            zombie.paused_at = None;
            zombie.note(&mut self.world, "wakes");
        }
    }

    fn step_zombie(&mut self, place: usize) {
        let Some(zombie) = self.zombies.get_mut(place).filter(|zombie| !zombie.is_paused()) else { return };
        for _ in 0..self.world.random.below(12) {
            if !act(&mut self.world, zombie) {
                zombie.note(&mut self.world, "ends");
                self.zombies.remove(place);
                return;
            }
        }
    }

    fn step_node(&mut self, place: usize) {
        let seat = &mut self.seats[place];
        let Some(process) = &mut seat.process else {
            if self.world.random.percent(5) {
                start(&mut self.world, seat);
            }
            return;
        };
        if process.is_paused() {
            return;
        }
        for _ in 0..=self.world.random.below(40) {
            if !act(&mut self.world, process) {
                return self.crash(place);
            }
        }
    }
}

pub(super) fn start(world: &mut super::World, seat: &mut Seat) {
    let process = Process::start(world, &seat.name, std::mem::take(&mut seat.disk));
    process.note(world, "starts");
    seat.process = Some(process);
}

/// One of the things that a process does. False: another one has its place, and it ends.
fn act(world: &mut super::World, process: &mut Process) -> bool {
    match world.random.below(24) {
        0 => return process.poll_group(world),
        1..5 => {
            let shards: Vec<ShardId> = process.shards.keys().copied().collect();
            if let Some(shard) = world.random.of(&shards)
                && world.random.percent(process.pace)
            {
                process.step_shard(world, *shard);
            }
        }
        5 => process.hear(world),
        6 => process.tell_others(world),
        7 => process.place(world),
        8 => process.activate(world),
        9 => process.prove(world),
        10..14 => {
            let partitions = process.tables.partitions();
            if let Some(partition) = world.random.of(&partitions)
                && !process.is_cut(world)
                && world.random.percent(process.pace)
            {
                process.tables.step(world, &process.disk, *partition);
            }
        }
        14 => process.write_unsent(world),
        _ => {
            let jobs: Vec<u64> = process.jobs.keys().copied().collect();
            if let Some(job) = world.random.of(&jobs) {
                process.step_job(world, *job);
            }
        }
    }
    true
}

/// All of them.
pub(super) fn everything(world: &mut super::World, process: &mut Process) -> bool {
    let lives = process.poll_group(world);
    for shard in process.shards.keys().copied().collect::<Vec<_>>() {
        process.step_shard(world, shard);
    }
    process.hear(world);
    process.tell_others(world);
    process.place(world);
    process.activate(world);
    process.prove(world);
    for partition in process.tables.partitions() {
        for _ in 0..6 {
            process.tables.step(world, &process.disk, partition);
        }
    }
    process.write_unsent(world);
    for job in process.jobs.keys().copied().collect::<Vec<_>>() {
        process.step_job(world, job);
    }
    lives
}
