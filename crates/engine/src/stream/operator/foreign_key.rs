//! Two tables by a foreign key, as Kafka Streams does it: the left table subscribes to rows of the right one under their
//! keys, the right table answers, and the left side drops answers to what it no longer asks.
mod answer;
mod hash;
mod resolve;
mod subscribe;
mod wire;

pub(super) use answer::Answer;
pub(super) use resolve::Resolve;
pub(super) use subscribe::Subscribe;
