//! A program as it is written in the DSL.
use std::time::Duration;

use lentic_topology::spec::JoinKind;
use lentic_topology::{Data, JoinWindows, SessionWindows, Stream, Table, TimeWindows, Topology};

use crate::program::{End, LONG, Program, Step};

/// The store or topic of the results.
pub const RESULTS: &str = "results";

/// The topic of the changes of a table of results.
pub const CHANGES: &str = "changes";

fn tell<K: Data, V: Data>(table: &Table<K, V>) {
    table.to_stream().to(CHANGES);
}

impl Program {
    pub fn topology(&self) -> Topology {
        let topology = Topology::new("random");
        if self.end.is_of_tables() {
            self.tables(&topology);
        } else {
            self.streams(&topology);
        }
        topology
    }

    fn streams(&self, topology: &Topology) {
        let mut stream: Stream<String, String> = topology.stream("left");
        for (number, step) in self.steps.iter().enumerate() {
            let step = *step;
            stream = match step {
                Step::Filter(letter) => stream.filter(move |_, value| value.contains(letter)),
                Step::Append(letter) => stream.map_values(move |value| format!("{value}{letter}")),
                Step::KeyOfFirst => stream.select_key(|_, value| first(value)),
                Step::Split => stream.flat_map_values(|value| letters(value)),
                Step::Through => stream.repartition(&format!("through-{number}")),
            };
        }
        let millis = |millis: i64| Duration::from_millis(millis as u64);
        match self.end {
            End::Count => tell(&stream.group_by_key().count(RESULTS)),
            End::Greatest => {
                tell(&stream.group_by_key().reduce(RESULTS, |one, other| one.max(other.clone())));
            }
            End::Letters => tell(&stream.group_by_key().aggregate(
                RESULTS,
                || 0i64,
                |_, value, sum| sum + value.chars().count() as i64,
            )),
            End::Windows { size, advance, grace } => {
                let windows = TimeWindows::hopping(millis(size), millis(advance)).grace(millis(grace));
                tell(&stream.group_by_key().windowed_by(windows).count(RESULTS));
            }
            End::Sessions { gap } => {
                let windows = SessionWindows::with_gap(millis(gap)).grace(millis(LONG));
                tell(&stream.group_by_key().windowed_by(windows).count(RESULTS));
            }
            End::Match { kind, before, after } => {
                let right = topology.stream::<String, String>("right");
                let windows = JoinWindows::within(Duration::ZERO).before(millis(before)).after(millis(after));
                let windows = windows.grace(millis(LONG)).named("pairs");
                let joined = match kind {
                    JoinKind::Inner => stream.join(&right, windows, |l, r| pair(Some(l), Some(r))),
                    JoinKind::Left => stream.left_join(&right, windows, |l, r| pair(Some(l), r)),
                    JoinKind::Outer => stream.outer_join(&right, windows, pair),
                };
                joined.to(RESULTS);
            }
            End::Rows(_) | End::Foreign { .. } | End::Groups => unreachable!("these are of tables"),
        }
    }

    fn tables(&self, topology: &Topology) {
        let mut table: Table<String, String> = topology.table("left");
        for step in &self.steps {
            table = match *step {
                Step::Filter(letter) => table.filter(move |_, value| value.contains(letter)),
                Step::Append(letter) => table.map_values(move |value| format!("{value}{letter}")),
                Step::KeyOfFirst | Step::Split | Step::Through => table,
            };
        }
        let right = || topology.table::<String, String>("right");
        let joined = match self.end {
            End::Rows(JoinKind::Inner) => table.join(&right(), |l, r| pair(Some(l), Some(r))),
            End::Rows(JoinKind::Left) => table.left_join(&right(), |l, r| pair(Some(l), r)),
            End::Rows(JoinKind::Outer) => table.outer_join(&right(), pair),
            End::Foreign { is_left: true } => {
                table.left_join_on(&right(), |_, value| foreign(value), |l, r| pair(Some(l), r))
            }
            End::Foreign { is_left: false } => {
                table.join_on(&right(), |_, value| foreign(value), |l, r| pair(Some(l), Some(r)))
            }
            _ => return tell(&table.group_by(|_, value| (first(value), value.clone())).count(RESULTS)),
        };
        tell(&joined.materialize(RESULTS));
    }
}

pub fn first(value: &str) -> String {
    value.chars().take(1).collect()
}

pub fn letters(value: &str) -> Vec<String> {
    value.chars().map(String::from).collect()
}

/// Values that begin with d have no foreign key.
pub fn foreign(value: &str) -> Option<String> {
    (!value.starts_with('d')).then(|| first(value))
}

pub fn pair(left: Option<&String>, right: Option<&String>) -> String {
    let shown = |side: Option<&String>| side.map_or("~", String::as_str).to_owned();
    format!("{}/{}", shown(left), shown(right))
}
