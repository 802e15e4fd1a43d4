//! The other nodes of the service: asked where they have what this one doesn't, in one hop.
mod answer;
mod client;
mod connector;
mod elsewhere;
mod gather;
mod lane;
mod listener;
mod part;
mod seed;
mod tls;

pub(crate) use answer::answer;
pub(crate) use client::{Failed, Message, Peers};
pub(crate) use elsewhere::{Answered, no_active};
pub(crate) use gather::{Gather, Together, candidates, is_here, merge, not_answered, told};
pub(crate) use lane::{Fetched, Lanes};
pub(crate) use listener::PeerListener;
pub(crate) use part::{Key, Part, PartRow, What};
pub(crate) use seed::{SEED_PATH, SeedsOverHttp, Throttle, give};
pub(crate) use tls::{Tls, certificates};

/// Marks a request that came from another node: it is answered from what is here and not sent on, so that there are no loops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop;

/// Path and query of what nodes alone ask each other: a [`part::Question`] in the body, a [`Part`] in the answer.
pub(crate) const PART_PATH: &str = "/peer/part/";

/// The same of watches: their events are those of `GET /v1/tables/{table}/watch`, and a heartbeat with an id comes first.
pub(crate) const WATCH_PATH: &str = "/peer/watch/";
