//! What simulations share: chance by a seed, and a disk that loses what was not flushed.
mod disk;
mod random;

pub(crate) use disk::Disk;
pub(crate) use random::Random;
