//! Dividing a stream.
use std::sync::Arc;

use super::Stream;
use super::erase::both;
use crate::Payload;
use crate::spec::{Branching, Spec};

type Take<K, V> = Box<dyn Fn(&K, &V) -> bool + Send + Sync>;

/// The branches of a stream, in the order in which they are asked.
pub struct Split<K, V> {
    stream: Stream<K, V>,
    takers: Vec<Take<K, V>>,
}

impl<K: Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Split<K, V> {
    pub(super) fn new(stream: &Stream<K, V>) -> Self {
        Self { stream: stream.clone(), takers: Vec::new() }
    }

    /// A branch of the records of which this is true and which no branch before has taken.
    #[must_use]
    pub fn branch(mut self, take: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        self.takers.push(Box::new(take));
        self
    }

    /// The branches; what none takes is dropped.
    pub fn streams(self) -> Vec<Stream<K, V>> {
        self.finish(false)
    }

    /// The branches, and last the stream of what none takes.
    pub fn with_rest(self) -> Vec<Stream<K, V>> {
        self.finish(true)
    }

    fn finish(self, with_rest: bool) -> Vec<Stream<K, V>> {
        let count = self.takers.len();
        let takers = self.takers;
        let choose: Branching = Arc::new(move |key: Option<&Payload>, value: Option<&Payload>| {
            let taken =
                both(key, value).and_then(|(key, value)| takers.iter().position(|take| take(key, value)));
            taken.or(with_rest.then_some(count))
        });
        let split: Stream<K, V> = self.stream.add("split", Spec::Branch(choose));
        let all = count + usize::from(with_rest);
        let branch = |number: usize| split.add(&format!("branch{}", number + 1), Spec::Merge);
        (0..all).map(branch).collect()
    }
}
