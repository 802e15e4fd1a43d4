//! What all nodes share: the brokers, time, chance, and the record of what happened.
use lentic_types::Timestamp;

use super::application::Application;
use super::lease::Shown;
use super::rule::{Accident, Rule};
use crate::sim::Random;
use crate::sim::broker::Broker;

pub(super) struct World {
    pub(super) application: Application,
    pub(super) broker: Broker,
    pub(super) random: Random,
    pub(super) now: Timestamp,
    pub(super) accidents: Vec<Accident>,
    pub(super) without: Vec<Rule>,
    pub(super) trace: Vec<String>,
    /// The first rule that was seen broken.
    pub(super) broken: Option<String>,
    /// Starts of processes so far, those after a fence included.
    pub(super) starts: u64,
    /// What readers have seen.
    pub(super) shown: Shown,
    /// There are no more accidents.
    pub(super) is_calm: bool,
    /// How long the longest wait of an assigned shard was since then.
    pub(super) longest_wait_ms: u64,
}

impl World {
    pub(super) fn note(&mut self, line: impl AsRef<str>) {
        self.trace.push(format!("{} {}", self.now, line.as_ref()));
    }

    pub(super) fn broken(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.note(format!("BROKEN: {text}"));
        self.broken.get_or_insert(text);
    }

    /// Whether the simulation keeps a rule.
    pub(super) fn keeps(&self, rule: Rule) -> bool {
        !self.without.contains(&rule)
    }

    /// Whether such an accident may happen now.
    pub(super) fn may(&self, accident: Accident) -> bool {
        !self.is_calm && self.accidents.contains(&accident)
    }

    pub(super) fn next_start(&mut self) -> u64 {
        self.starts += 1;
        self.starts
    }
}
