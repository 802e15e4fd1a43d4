//! What simulations share: chance by a seed, a disk that loses what was not flushed, and a model of brokers.
pub(crate) mod broker;
mod disk;
pub(crate) mod group;
pub(crate) mod log;
mod random;

pub(crate) use disk::Disk;
pub(crate) use random::Random;
