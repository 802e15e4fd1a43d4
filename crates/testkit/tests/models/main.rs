//! Operators with windows and stores against naive models over their whole input, with commits, restarts, lost state and
//! crashes on the way.
//!
//! `SEED=<n>` runs one seed, `SEEDS=<n>` that many from 0 on. What fails is made as small as it gets, and told with its seed.
mod property;
mod state;

mod windows;
